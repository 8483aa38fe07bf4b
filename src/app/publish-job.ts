import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { hashFile } from '../artifacts/fingerprint.js';
import { manifest as manifestSchema, type Manifest } from '../artifacts/schemas/manifest.js';
import { SnvgError } from '../errors.js';
import type { Notice } from '../pipeline/notice.js';
import type { Publication } from '../publishers/publisher.js';
import { parseTarget } from '../publishers/registry.js';
import type { App, JobRow } from './app.js';
import { publishable, publishClips, type ClipToPublish } from './publish-clips.js';

const receiptText = z.object({ description: z.string(), hashtags: z.array(z.string()) });

/**
 * Publishes what a job delivered earlier, from its manifest and receipts.
 * @throws {SnvgError} JOB_NOT_FOUND, TARGET_UNKNOWN, OUTPUT_NOT_OURS when a clip is not the one that was verified
 */
export async function publishJob(app: App, request: { jobOrFolder: string | undefined; cwd: string; targets: readonly string[]; again: boolean }): Promise<{ publications: Publication[]; notices: Notice[] }> {
  const targets = await Promise.all(request.targets.map((target) => parseTarget(target)));
  const job = findJob(app, request.jobOrFolder, request.cwd);
  const manifest = await readManifest(job);
  const clips: ClipToPublish[] = [];
  for (const clip of manifest.clips) {
    const [output] = clip.outputs;
    if (!output) continue;
    const { sha256 } = await hashFile(join(job.outputDir, output.path), app.signal);
    if (sha256 !== output.sha256) {
      throw new SnvgError('OUTPUT_NOT_OURS', `${output.path} is not the clip that was verified`, 'Make it again (snvg process), or put the verified file back, before publishing.');
    }
    const { description, hashtags } = receiptText.parse(JSON.parse(await readFile(join(job.outputDir, output.receipt), 'utf8')));
    const stem = output.receipt.replace(/\.json$/, '');
    clips.push({
      sourceSha256: manifest.source.sha256,
      lineage: clip.lineage,
      ranges: clip.ranges,
      clip: publishable(job.outputDir, { ...output, stem, fps: manifest.source.fps ?? 25, language: null, cover: output.path.replace(/\.mp4$/, '.jpg'), title: clip.title, description, hashtags }),
    });
  }
  const notices: Notice[] = [];
  const publications = await publishClips(clips, targets, {
    publications: app.publications,
    exclusive: app.exclusive,
    jobId: job.id,
    signal: app.signal,
    again: request.again,
    notice: (notice) => notices.push(notice),
  });
  return { publications, notices };
}

/** By job id, by output folder, or the newest job when neither is named. */
function findJob(app: App, jobOrFolder: string | undefined, cwd: string): JobRow {
  const jobs = app.jobs.list();
  if (jobOrFolder === undefined) {
    const [newest] = jobs;
    if (!newest) throw new SnvgError('JOB_NOT_FOUND', 'There is nothing to publish yet', 'Make clips first: snvg process video.mp4');
    return newest;
  }
  const folder = resolve(cwd, jobOrFolder);
  return jobs.find((job) => job.outputDir === folder) ?? app.jobs.get(jobOrFolder);
}

async function readManifest(job: JobRow): Promise<Manifest> {
  const path = join(job.outputDir, 'manifest.json');
  try {
    return manifestSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new SnvgError('JOB_NOT_FOUND', `Job ${job.id} has no manifest at ${path}`, `Make its clips first: snvg jobs retry ${job.id}`, { cause });
  }
}
