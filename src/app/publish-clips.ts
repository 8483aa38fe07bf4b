import { statSync } from 'node:fs';
import { join } from 'node:path';
import { SnvgError } from '../errors.js';
import type { Publications } from '../jobs/publications.js';
import type { Notice } from '../pipeline/notice.js';
import { isSettled, publishClip } from '../pipeline/publish/index.js';
import type { Publication, PublishableClip, PublishContext } from '../publishers/publisher.js';
import type { Exclusive } from './exclusive.js';
import type { Target } from '../publishers/registry.js';

/** A clip of a job, ready for a target. */
export interface ClipToPublish {
  sourceSha256: string;
  lineage: string;
  ranges: { startUs: number; endUs: number }[];
  clip: PublishableClip;
}

export interface PublishRequest {
  publications: Publications;
  /** Jobs publish to one account one after the other: names there are given out, and the same moment may come from two jobs. */
  exclusive: Exclusive;
  jobId: string;
  signal: AbortSignal;
  /** Publish changed versions of what is already public. */
  again: boolean;
  notice(notice: Notice): void;
}

/**
 * Sends each clip to each target, once per moment and account. What is already there is left alone; what has
 * changed since is said, and sent only with `again`.
 */
export async function publishClips(clips: readonly ClipToPublish[], targets: readonly Target[], request: PublishRequest): Promise<Publication[]> {
  const done: Publication[] = [];
  for (const target of targets) {
    await request.exclusive.run(`publish ${target.publisher.id} ${target.account}`, request.signal, async () => {
      for (const clip of clips) {
        request.signal.throwIfAborted();
        done.push(await publishOne(clip, target, request));
      }
    });
  }
  return done;
}

async function publishOne(toPublish: ClipToPublish, target: Target, request: PublishRequest): Promise<Publication> {
  const { publisher, account } = target;
  const { clip, sourceSha256, lineage, ranges } = toPublish;
  for (const finding of publisher.check(clip, {})) {
    if (finding.severity === 'refused') throw new SnvgError('REMOTE_REFUSED', `${publisher.id} does not accept ${clip.stem}: ${finding.message}`, finding.remedy);
    request.notice({ code: 'PUBLISH_ADJUSTED', stage: 'publish', message: `${clip.stem} for ${publisher.id}: ${finding.message}`, remedy: finding.remedy, severity: 'info' });
  }
  const identity = { sourceSha256, lineage, platform: publisher.id, account };
  let publication = request.publications.claim(identity, { jobId: request.jobId, sha256: clip.sha256, ranges, title: clip.title });
  if (publication.clipSha256 !== clip.sha256) {
    if (isSettled(publication.state) && publication.state !== 'failed' && !request.again) {
      request.notice({
        code: 'PUBLISHED_EARLIER',
        stage: 'publish',
        message: `${clip.stem} was already published to ${publisher.id} (${publication.url ?? publication.state}) and has changed since`,
        remedy: 'The published version stays; to publish the new one as well: snvg publish --again',
        severity: 'info',
      });
      return publication;
    }
    publication = request.publications.revise(publication.key, { jobId: request.jobId, sha256: clip.sha256 });
  }
  return publishClip(publisher, publication, localContext(clip, request.signal), (step) => request.publications.record(publication.key, step));
}

function nobody(): never {
  throw new Error('a local platform asks nobody');
}

/** What a platform that is a folder of this machine needs. */
function localContext(clip: PublishableClip, signal: AbortSignal): PublishContext {
  return { signal, clip, options: {}, http: { send: nobody }, credentials: nobody, nowMs: () => Date.now(), progress: () => {} };
}

/** What a platform needs to know about a clip, from the job's files. */
export function publishable(outputDir: string, from: { stem: string; format: string; path: string; cover: string; sha256: string; fps: number; language: string | null; durationUs: number; width: number; height: number; captions: { srt: string; vtt: string } | null; title: string; description: string; hashtags: readonly string[] }): PublishableClip {
  const { path, cover, captions, ...rest } = from;
  return {
    ...rest,
    sizeBytes: statSync(join(outputDir, path)).size,
    videoPath: join(outputDir, path),
    coverPath: join(outputDir, cover),
    captions: captions && { srt: join(outputDir, captions.srt), vtt: join(outputDir, captions.vtt) },
  };
}
