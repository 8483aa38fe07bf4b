import { z } from 'zod';
import type { Handle, Publication } from '../publisher.js';

const privacy = z.enum(['public', 'unlisted', 'private']);

/** Nothing is at YouTube, but sessions were lost before. */
const fresh = z.object({ stage: z.literal('fresh'), restarts: z.number() });

/** An upload session, open or perhaps complete. Times are milliseconds since the Unix epoch. */
const upload = z.object({
  stage: z.literal('upload'),
  sessionUri: z.string(),
  totalBytes: z.number(),
  chunkBytes: z.number(),
  /** What YouTube has said it holds. */
  sentBytes: z.number(),
  /** By YouTube's clock where it gave one. */
  startedMs: z.number(),
  /** When the last chunk was first about to go out: from then on a video may exist. */
  commitMs: z.number().nullable(),
  clipSha256: z.string(),
  /** Of the film and everything said about it: another one needs another session. */
  contentKey: z.string(),
  /** As it was sent. */
  title: z.string(),
  asked: privacy,
  publishAtMs: z.number().nullable(),
  restarts: z.number(),
  /** Lookups so far that could not tell yet. */
  asks: z.number(),
});

const extra = z.enum(['thumbnail', 'captions']);

/** A video that exists; the session is forgotten. */
const video = z.object({
  stage: z.literal('video'),
  videoId: z.string(),
  asked: privacy,
  publishAtMs: z.number().nullable(),
  /** Waited for until then; what is still undecided is reported as it is. */
  untilMs: z.number(),
  polls: z.number(),
  processed: z.boolean(),
  /** What is added once it is processed, in this order. */
  todo: z.array(extra),
  /** Attempts at the first of them. */
  tries: z.number(),
});

const schema = z.discriminatedUnion('stage', [fresh, upload, video]);

export type FreshHandle = z.output<typeof fresh>;
export type UploadHandle = z.output<typeof upload>;
export type VideoHandle = z.output<typeof video>;
export type Extra = z.output<typeof extra>;

/** What is known about a publication's way to YouTube; undefined before the first step. */
export function readHandle({ handle }: Publication): FreshHandle | UploadHandle | VideoHandle | undefined {
  return handle === null ? undefined : schema.parse(handle);
}

/** As the ledger keeps it. */
export function asHandle(handle: FreshHandle | UploadHandle | VideoHandle): Handle {
  return { ...handle };
}
