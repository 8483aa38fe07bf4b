/**
 * TikTok's rules for chunks (media transfer guide, checked 2026-11-25): 5 to 64 MB each, the last up to 128 MB, at most 1000, as many
 * as the size divided by the chunk's, rounded down; under 5 MB the whole. The guide does not say whether MB are binary: both bounds
 * hold in either reading.
 */
export const minChunkBytes = 5 * 2 ** 20;
export const maxChunkBytes = 64_000_000;
const maxChunks = 1000;

/** Few requests for a usual clip, and little to send again after a kill. */
export const defaultChunkBytes = 16 * 2 ** 20;

/** How a file is cut up. */
export interface ChunkPlan {
  sizeBytes: number;
  chunkBytes: number;
  totalChunks: number;
}

/** One request's bytes: from `startByte` up to but not including `endByte`. */
export interface Chunk {
  startByte: number;
  endByte: number;
  last: boolean;
}

/** `wantedBytes` is kept to unless the file is smaller, or would need more than 1000 chunks. */
export function planChunks(sizeBytes: number, wantedBytes: number): ChunkPlan {
  const chunkBytes = Math.min(maxChunkBytes, Math.max(minChunkBytes, wantedBytes, Math.ceil(sizeBytes / maxChunks)));
  if (sizeBytes <= chunkBytes) return { sizeBytes, chunkBytes: sizeBytes, totalChunks: 1 };
  return { sizeBytes, chunkBytes, totalChunks: Math.floor(sizeBytes / chunkBytes) };
}

/** The chunk that begins where TikTok has got to, up to the planned end. Undefined: everything is there. */
export function nextChunk(plan: ChunkPlan, sentBytes: number): Chunk | undefined {
  if (sentBytes >= plan.sizeBytes) return undefined;
  const index = Math.min(Math.floor(sentBytes / plan.chunkBytes), plan.totalChunks - 1);
  const last = index === plan.totalChunks - 1;
  return { startByte: sentBytes, endByte: last ? plan.sizeBytes : (index + 1) * plan.chunkBytes, last };
}

/**
 * TikTok counts what it has as `uploaded_bytes` (from one) and as the end of a range, and does not say which of the two a
 * Content-Range ends with: a number just below the end of a chunk is the position of that chunk's last byte.
 */
export function receivedBytes(plan: ChunkPlan, reported: number): number {
  const next = reported + 1;
  const endsChunk = next === plan.sizeBytes || (next % plan.chunkBytes === 0 && next / plan.chunkBytes < plan.totalChunks);
  return Math.min(endsChunk ? next : reported, plan.sizeBytes);
}
