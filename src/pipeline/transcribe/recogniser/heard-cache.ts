import type { Opening } from './decode.js';
import type { HeardAudio } from './whisper-model.js';

/** A chunk that the encoder has been paid for, and the decoder's first step on it. */
export interface HeardChunk {
  heard: HeardAudio;
  opening: Opening;
}

/**
 * Keeps what finding the language has heard until the chunk is recognised: the encoder is most of a chunk's cost.
 * Bounded, because one chunk is 37 MB; the oldest goes first.
 */
export class HeardCache {
  private readonly chunks = new Map<string, HeardChunk>();

  constructor(private readonly limit: number) {}

  put(key: string, chunk: HeardChunk): void {
    this.chunks.delete(key);
    this.chunks.set(key, chunk);
    for (const oldest of this.chunks.keys()) {
      if (this.chunks.size <= this.limit) break;
      this.chunks.delete(oldest);
    }
  }

  /** Hands it out for good: a chunk is recognised once. */
  take(key: string): HeardChunk | undefined {
    const chunk = this.chunks.get(key);
    this.chunks.delete(key);
    return chunk;
  }
}
