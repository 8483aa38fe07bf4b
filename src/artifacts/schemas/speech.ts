import { z } from 'zod';
import { range, us } from './common.js';

/** Where somebody speaks, how loud each moment is, and how the speech is packed for recognition. */
export const speech = z.object({
  schemaVersion: z.literal(1),
  durationUs: us,
  islands: z.array(range),
  /** Pieces of at most 28 s, cut at pauses; each becomes one task. */
  chunks: z.array(range),
  /** RMS per hop of the 16 kHz mono mix, in dBFS (integers, −100…0); value i covers i·hopUs…(i+1)·hopUs. */
  levels: z.object({ hopUs: z.int().positive(), dbfs: z.array(z.int()) }),
});
export type Speech = z.infer<typeof speech>;

export const word = z.object({
  /** Without surrounding spaces, punctuation attached. */
  text: z.string().min(1),
  /** Whether a space stands before it; false throughout in Japanese or Chinese. */
  spaceBefore: z.boolean(),
  startUs: us,
  endUs: us,
  /** 0…1, the least likely token of the word. */
  confidence: z.number().min(0).max(1),
});
export type Word = z.infer<typeof word>;

const sentence = z.object({
  startUs: us,
  endUs: us,
  /** Indices into `words`, both inclusive. */
  firstWord: z.int().nonnegative(),
  lastWord: z.int().nonnegative(),
  text: z.string(),
});
export type Sentence = z.infer<typeof sentence>;

/** Which language the speech is in. */
export const language = z.object({
  schemaVersion: z.literal(1),
  /** Whisper's code, mostly ISO 639-1. */
  language: z.string(),
  probability: z.number().min(0).max(1),
});

/** Words of one chunk. */
export const transcriptPart = z.object({
  schemaVersion: z.literal(1),
  range,
  language: z.string(),
  words: z.array(word),
});

export const transcript = z.object({
  schemaVersion: z.literal(1),
  /** Of most of the speech. */
  language: z.string(),
  spans: z.array(range.extend({ language: z.string() })),
  /** `recognised` from audio, `words` from a sidecar with word times, `cues` interpolated inside caption cues. */
  origin: z.enum(['recognised', 'words', 'cues']),
  words: z.array(word),
  sentences: z.array(sentence),
});
export type Transcript = z.infer<typeof transcript>;
