import type { Handle } from '../publisher.js';
import type { ChunkPlan } from './chunks.js';

/** What creator_info said, kept until the post is begun. Times are milliseconds since the Unix epoch. */
export interface CreatorMemory {
  queriedAtMs: number;
  username: string;
  commentDisabled: boolean;
  duetDisabled: boolean;
  stitchDisabled: boolean;
}

/** An upload that TikTok has opened. Without all of its bytes nothing ever comes of it. */
export interface UploadMemory extends ChunkPlan {
  mode: 'inbox' | 'direct';
  /** A post that everybody may see gets an address. */
  everyone: boolean;
  username: string | null;
  publishId: string;
  uploadUrl: string;
  /** By this machine's clock; TikTok's answer is what counts. */
  expiresAtMs: number;
  clipSha256: string;
  sentBytes: number;
  /** When the last chunk was about to be sent: from then on the post may exist. */
  lastTriedMs: number | null;
  /** TikTok said that it has every byte. */
  complete: boolean;
  /** When TikTok first refused the upload address. */
  endedMs: number | null;
  polls: number;
  /** When waiting for an outcome ends, and when waiting for the address of a finished post ends. */
  pollUntilMs: number | null;
  linkUntilMs: number | null;
}

/** A publication's memory between two steps. */
export interface TikTokMemory {
  /** How often this publication was begun: 1 for the first time. */
  attempt: number;
  /** Nothing more before this time: TikTok's daily limits. */
  waitUntilMs: number | null;
  waitCode: string | null;
  creator: CreatorMemory | null;
  upload: UploadMemory | null;
}

export const nothingYet: TikTokMemory = { attempt: 1, waitUntilMs: null, waitCode: null, creator: null, upload: null };

/** Of publications that no step has touched, or that were forgotten: nothing yet. */
export function readMemory(handle: Handle | null): TikTokMemory {
  return { ...nothingYet, ...(handle as Partial<TikTokMemory> | null) };
}

export function asHandle(memory: TikTokMemory): Handle {
  return { ...memory, creator: memory.creator === null ? null : { ...memory.creator }, upload: memory.upload === null ? null : { ...memory.upload } };
}
