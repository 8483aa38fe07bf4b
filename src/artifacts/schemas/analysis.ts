import { z } from 'zod';
import { box, range, us } from './common.js';

/** The coarse pass: the whole source, keyframes and audio only. */
export const coarse = z.object({
  schemaVersion: z.literal(1),
  durationUs: us,
  keyframesUs: z.array(us),
  /** Borders seen between keyframes: a map to refine, not exact. */
  shots: z.array(range),
  loudness: z.object({
    integratedLufs: z.number().nullable(),
    /** Momentary loudness, one value per hop. */
    hopUs: z.int().positive(),
    momentaryLufs: z.array(z.number()),
  }),
  silences: z.array(range),
  decodedFrames: z.int().nonnegative(),
});
export type Coarse = z.infer<typeof coarse>;

const faceSample = z.object({ atUs: us, box, score: z.number() });
const faceTrack = z.object({
  id: z.int().nonnegative(),
  /** Index into `shots`; a track never crosses a cut. */
  shot: z.int().nonnegative(),
  samples: z.array(faceSample),
});
export type FaceTrack = z.infer<typeof faceTrack>;

/** The fine pass over one or more stretches of the source. All times are on the source timeline, boxes in display pixels. */
export const fine = z.object({
  schemaVersion: z.literal(1),
  /** From the first instant looked at to the last. */
  window: range,
  /** Frame-exact shots, in order. In each stretch that was looked at the first starts at its start and the last ends at its end; between stretches nothing is known. */
  shots: z.array(range),
  sampleFps: z.number(),
  tracks: z.array(faceTrack),
  decodedFrames: z.int().nonnegative(),
});
export type Fine = z.infer<typeof fine>;
