import { z } from 'zod';
import { box, range, us } from './common.js';

/**
 * How a sound's two channels become what both ears hear: as they are; one of them on both sides, where the other holds nothing;
 * or the right one inverted, where the two cancel each other out.
 */
export const channelRepair = z.enum(['none', 'left-to-both', 'right-to-both', 'invert-right']);
export type ChannelRepair = z.infer<typeof channelRepair>;

/** One keyframe as a picture, measured on 320×180 samples. */
const look = z.object({
  atUs: us,
  /** Mean luma, 0…255. */
  brightness: z.number(),
  /** Standard deviation of luma, grey levels. */
  contrast: z.number(),
  /** Mean step between neighbouring samples of luma, grey levels. */
  sharpness: z.number(),
  /** Hasler and Süsstrunk's measure: 0 grey, 15 slightly, 33 moderately, 59 quite colourful. */
  colourfulness: z.number(),
  /** Share (0…1) of samples within one band of 16 grey levels: near 1 for a card of one colour. */
  flatness: z.number(),
  /** Distance to the look before it: 0 equal, about 0.2 another view, up to about 1.5. 0 for the first. */
  change: z.number(),
});
export type Look = z.infer<typeof look>;

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
  /** What is odd about the sound as a whole; null without sound. */
  sound: z.object({ repair: channelRepair }).nullable(),
  /** Keyframes at least 0.4 s apart; none without a picture. */
  looks: z.array(look),
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
