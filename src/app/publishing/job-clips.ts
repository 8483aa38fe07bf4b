import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { manifest as manifestSchema, type Manifest } from '../../artifacts/schemas/manifest.js';
import { SnvgError } from '../../errors.js';
import type { ClipText, Reviews } from '../../jobs/reviews.js';
import type { Notice } from '../../pipeline/notice.js';
import type { PublishableClip } from '../../publishers/publisher.js';

/** A delivered moment with all its films. */
export interface JobClip {
  jobId: string;
  /** As the manifest has it. */
  id: string;
  sourceSha256: string;
  lineage: string;
  index: number;
  /** The moment on the source, in microseconds. */
  ranges: { startUs: number; endUs: number }[];
  /** 0…100. */
  score: number;
  notices: readonly Notice[];
  /** One per format, with the words as they are to be posted. */
  films: PublishableClip[];
}

/** Where a job's clips lie. */
export interface DeliveredJob {
  id: string;
  outputDir: string;
}

const receiptText = z.object({ description: z.string(), hashtags: z.array(z.string()) });

/**
 * What a job delivered, with a person's words in place of those that were made.
 * @throws {SnvgError} JOB_NOT_FOUND when it has delivered nothing
 */
export async function jobClips(job: DeliveredJob, reviews: Pick<Reviews, 'text'>): Promise<JobClip[]> {
  const manifest = await readManifest(job);
  const clips: JobClip[] = [];
  for (const clip of manifest.clips) {
    const moment = { sourceSha256: manifest.source.sha256, lineage: clip.lineage };
    const edited = reviews.text(moment);
    const films = await Promise.all(clip.outputs.map((output) => filmOf(job.outputDir, { title: clip.title, fps: manifest.source.fps }, output, edited)));
    clips.push({ ...moment, jobId: job.id, id: clip.id, index: clip.index, ranges: clip.ranges, score: clip.score, notices: clip.notices, films });
  }
  return clips;
}

type Output = Manifest['clips'][number]['outputs'][number];

async function filmOf(outputDir: string, made: { title: string; fps: number | null }, output: Output, edited: ClipText): Promise<PublishableClip> {
  const path = (name: string): string => join(outputDir, name);
  const { description, hashtags } = receiptText.parse(await readJson(path(output.receipt)));
  const { captions } = output;
  return {
    stem: output.receipt.replace(/\.json$/, ''),
    format: output.format,
    videoPath: path(output.path),
    sha256: output.sha256,
    sizeBytes: output.sizeBytes ?? (await sizeOf(path(output.path))),
    durationUs: output.durationUs,
    width: output.width,
    height: output.height,
    // Clips have the rate of their source up to 60, as earlier manifests do not say it.
    fps: output.fps ?? Math.min(60, made.fps ?? 25),
    captions: captions && { srt: path(captions.srt), vtt: path(captions.vtt) },
    language: output.language ?? null,
    coverPath: path(output.path.replace(/\.mp4$/, '.jpg')),
    title: made.title,
    description,
    hashtags,
    ...edited,
  };
}

async function readManifest(job: DeliveredJob): Promise<Manifest> {
  const path = join(job.outputDir, 'manifest.json');
  try {
    return manifestSchema.parse(await readJson(path));
  } catch (cause) {
    throw new SnvgError('JOB_NOT_FOUND', `Job ${job.id} has no manifest at ${path}`, `Make its clips first: snvg jobs retry ${job.id}`, { cause });
  }
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8'));
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (cause) {
    throw new SnvgError('OUTPUT_NOT_OURS', `${path} is gone`, 'Make it again (snvg process), or put it back, before publishing.', { cause });
  }
}
