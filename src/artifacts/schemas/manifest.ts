import { z } from 'zod';
import { notice, range, us } from './common.js';
import { scoreParts } from './selection.js';

const manifestOutput = z.object({
  format: z.string(),
  /** Relative to the manifest's folder. */
  path: z.string(),
  sha256: z.string(),
  width: z.int().positive(),
  height: z.int().positive(),
  durationUs: us,
  /** Frames per second. Absent in manifests of earlier versions, like the two below. */
  fps: z.number().positive().optional(),
  sizeBytes: z.int().nonnegative().optional(),
  /** BCP 47 language of the words; null when it is not known. */
  language: z.string().nullable().optional(),
  integratedLufs: z.number().nullable(),
  truePeakDbtp: z.number().nullable(),
  captions: z.object({ srt: z.string(), vtt: z.string(), ass: z.string() }).nullable(),
  faceCoverage: z.number().nullable(),
  /** The clip's receipt, relative to the manifest's folder. */
  receipt: z.string(),
});

const manifestClip = z.object({
  id: z.string(),
  lineage: z.string(),
  index: z.int().positive(),
  title: z.string(),
  score: z.number(),
  scoreParts,
  ranges: z.array(range).min(1),
  outputs: z.array(manifestOutput),
  notices: z.array(notice),
});

/** The public result of one job; `snvg config schema --manifest` prints it as JSON Schema. */
export const manifest = z.object({
  schemaVersion: z.literal(1),
  job: z.object({ id: z.string(), state: z.enum(['done', 'partly-done', 'failed', 'cancelled']) }),
  source: z.object({
    path: z.string(),
    sha256: z.string(),
    durationUs: us,
    /** As shown, in pixels; null where the source has no picture. */
    width: z.int().positive().nullable(),
    height: z.int().positive().nullable(),
    fps: z.number().positive().nullable(),
  }),
  stages: z.array(
    z.object({
      id: z.enum(['ingest', 'transcribe', 'analyze', 'segment', 'render', 'publish']),
      state: z.enum(['done', 'cached', 'failed', 'skipped']),
      tasks: z.int().nonnegative(),
      cachedTasks: z.int().nonnegative(),
      cpuSeconds: z.number().nonnegative(),
    }),
  ),
  clips: z.array(manifestClip),
  candidates: z.array(
    z.object({
      id: z.string(),
      ranges: z.array(range),
      score: z.number(),
      state: z.enum(['selected', 'rejected']),
      reason: z.string(),
    }),
  ),
  publications: z.array(
    z.object({ clipId: z.string(), target: z.string(), account: z.string(), state: z.string(), url: z.string().nullable() }),
  ),
  notices: z.array(notice),
});
export type Manifest = z.infer<typeof manifest>;
