import { z } from 'zod';
import type { Handle } from '../publisher.js';

const media = z.strictObject({
  /** X's id of the upload, and the key under which posts name it. */
  id: z.string(),
  key: z.string().nullable(),
  /** After that X has forgotten it: 24 hours after it was begun. */
  expiresAtMs: z.number(),
  /** X's clock when it last answered about this upload. */
  seenMs: z.number(),
  /** Which film it is of. */
  sha256: z.string(),
  stage: z.enum(['append', 'finalize', 'processing', 'subtitles', 'describe', 'ready']),
  /** The upload of its subtitles, once begun. */
  track: z.strictObject({ id: z.string(), sizeBytes: z.number(), stage: z.enum(['append', 'finalize', 'attach']) }).nullable(),
  segmentBytes: z.number(),
  /** Segments before this one have arrived. */
  nextSegment: z.number(),
  /** Status asked for so often, and until when at most. */
  polls: z.number(),
  pollUntilMs: z.number().nullable(),
});

const commit = z.strictObject({
  /** The post's exact text. */
  text: z.string(),
  /** By our clock: when the post was first about to be sent. */
  committedMs: z.number(),
  /** By X's clock, before the first sending: no post of ours is older. */
  sinceMs: z.number(),
  /** Ids and keys of every upload that a post was sent with. */
  mediaIds: z.array(z.string()),
  /** The text must stay as it is: one that was sent before may yet turn up, and X refuses the same text twice. */
  fixed: z.boolean(),
  /** X said that it has a post with this text. */
  duplicate: z.boolean(),
  /** The other post that has this text. */
  duplicateUrl: z.string().nullable(),
  /** How often the timeline was asked since the last sending, and when first, by X's clock. */
  asks: z.number(),
  askedMs: z.number().nullable(),
});

const memory = z.strictObject({
  media: media.nullable(),
  commit: commit.nullable(),
  /** Uploads that had to be begun again. */
  restarts: z.number(),
  postId: z.string().optional(),
});

export type XMedia = z.infer<typeof media>;
export type XCommit = z.infer<typeof commit>;
/** What the ledger keeps of a publication on X. */
export type XMemory = z.infer<typeof memory>;

/** Undefined: it is not one of ours (and not null, which is the beginning). */
export function readMemory(handle: Handle | null): XMemory | undefined {
  if (handle === null) return { media: null, commit: null, restarts: 0 };
  const read = memory.safeParse(handle);
  return read.success ? read.data : undefined;
}

/** As the ledger takes it. */
export function asHandle(value: XMemory): Handle {
  const { postId, ...rest } = value;
  return postId === undefined ? rest : { ...rest, postId };
}
