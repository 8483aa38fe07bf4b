import { z } from 'zod';
import { anyRef, box, range, rational, us } from './common.js';

/** One still or moving piece of the camera; times on the clip, boxes in the source's display pixels. */
const cameraKey = z.object({ atUs: us, box });
const cameraShot = range.extend({
  /** `crop`: the box is cut out and scaled to fill; `fit`: the whole picture over its blurred copy. */
  mode: z.enum(['crop', 'fit']),
  /** For `crop`: at least one key; positions between keys are linear. */
  keys: z.array(cameraKey),
});
export type CameraShot = z.infer<typeof cameraShot>;
const camera = z.object({
  shots: z.array(cameraShot),
  /** Share of face samples of the followed subject wholly inside the crop; null when there was no face. */
  faceCoverage: z.number().min(0).max(1).nullable(),
});
export type Camera = z.infer<typeof camera>;

/** One thing that was verified on the finished file. */
const check = z.object({ id: z.string(), passed: z.boolean(), detail: z.string() });
export type Check = z.infer<typeof check>;

/** What is drawn over the still picture (`backdrop.png`) of a clip without moving ones; pixels of that picture. */
export const backdrop = z.object({ schemaVersion: z.literal(1), bars: box });

/** What was rendered, with its proof. */
export const clip = z.object({
  schemaVersion: z.literal(1),
  format: z.string(),
  file: anyRef,
  sha256: z.string(),
  ranges: z.array(range),
  width: z.int().positive(),
  height: z.int().positive(),
  fps: rational,
  frames: z.int().positive(),
  durationUs: us,
  integratedLufs: z.number().nullable(),
  truePeakDbtp: z.number().nullable(),
  captions: z.object({ srt: anyRef, vtt: anyRef, ass: anyRef }).nullable(),
  cover: anyRef,
  camera,
  checks: z.array(check),
  /** Words below the confidence a viewer should double-check. */
  doubtfulWords: z.array(z.object({ text: z.string(), startUs: us, confidence: z.number() })),
});
export type Clip = z.infer<typeof clip>;
