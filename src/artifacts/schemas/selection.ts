import { z } from 'zod';
import { notice, range, us } from './common.js';
import { word } from './speech.js';

/** Each part of a score, in points; the score is their sum. Names are documented in docs/choosing.md. */
export const scoreParts = z.record(z.string(), z.number());

const candidate = z.object({
  id: z.string(),
  ranges: z.array(range).min(1),
  /** Indices into the transcript's sentences, both inclusive; null, like the topic, where the choice went by what is seen. */
  firstSentence: z.int().nonnegative().nullable(),
  lastSentence: z.int().nonnegative().nullable(),
  topic: z.int().nonnegative().nullable(),
  score: z.number(),
  scoreParts,
  state: z.enum(['selected', 'rejected']),
  /** Why, in one sentence a user understands. */
  reason: z.string(),
  text: z.string(),
});
export type Candidate = z.infer<typeof candidate>;

export const candidates = z.object({
  schemaVersion: z.literal(1),
  topics: z.array(range.extend({ title: z.string(), firstSentence: z.int().nonnegative(), lastSentence: z.int().nonnegative() })),
  candidates: z.array(candidate),
});
export type Candidates = z.infer<typeof candidates>;

/** One chosen moment: what a clip shows, before any format is decided. */
const moment = z.object({
  /** 1-based, in order of the timeline; names the files `01-…`. */
  index: z.int().positive(),
  /** Order of worth, 1 = best: rendered first. */
  rank: z.int().positive(),
  candidateId: z.string(),
  /** Survives small edits of the range: the same moment of the same source keeps it. */
  lineage: z.string(),
  ranges: z.array(range).min(1),
  title: z.string(),
  description: z.string(),
  hashtags: z.array(z.string()),
  score: z.number(),
  scoreParts,
  reason: z.string(),
  notices: z.array(notice),
  /** Quiet around the in and out point, for the receipt. */
  edges: z.object({ pauseBeforeUs: us, pauseAfterUs: us, firstWord: z.string(), lastWord: z.string() }),
});
export type Moment = z.infer<typeof moment>;

export const selection = z.object({
  schemaVersion: z.literal(1),
  language: z.string(),
  moments: z.array(moment),
});
export type Selection = z.infer<typeof selection>;

/** The words a clip's captions show, in time on the clip (0 = its first frame). Hand edits end up here. */
export const cues = z.object({
  schemaVersion: z.literal(1),
  language: z.string(),
  durationUs: us,
  words: z.array(word),
  edited: z.boolean(),
});
export type Cues = z.infer<typeof cues>;
