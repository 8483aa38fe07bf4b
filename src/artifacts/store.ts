import type { Readable } from 'node:stream';
import type { ArtifactKind, ArtifactRef } from './kinds.js';

/** Bytes to keep: given whole, or as a finished file that the store takes over (it is moved away). */
export type ArtifactSource = { bytes: Uint8Array } | { path: string };

/**
 * Immutable files known by the sha256 of their bytes. Putting the same bytes twice keeps one copy. A hash that is none is refused with a
 * TypeError; test/artifacts/store-contract.ts states what every store does.
 */
export interface ArtifactStore {
  /** @throws {SnvgError} DISK_FULL, OUTPUT_UNWRITABLE; nothing of it can be seen then */
  put<K extends ArtifactKind>(kind: K, source: ArtifactSource): Promise<ArtifactRef<K>>;
  /** Whether it is there. Asking is a promise: a collection spares it for a while. */
  has(hash: string): Promise<boolean>;
  /** Its bytes. The stream ends only when they were the artifact's. @throws in the stream {ArtifactMissing}, {ArtifactDamaged} */
  open(hash: string): Readable;
  /** A local path of the artifact, to be read only; its bytes have been verified. @throws {ArtifactMissing}, {ArtifactDamaged} */
  materialize(hash: string): Promise<string>;
  /**
   * Removes what is not in `keep` and was neither put nor asked for since `olderThanMs` (milliseconds since the epoch, on the store's own
   * clock). A store that several machines share keeps what is younger than a few hours whatever is said here.
   */
  gc(keep: ReadonlySet<string>, olderThanMs: number, options?: { /** Says what would be removed. */ dryRun?: boolean }): Promise<Freed>;
}

/** What a collection removed. */
export interface Freed {
  removed: number;
  freedBytes: number;
}

/** A store that can tell all it holds. */
export interface ListedStore extends ArtifactStore {
  list(): AsyncIterable<StoredArtifact>;
  /** Takes one out, whoever may want it. False: it is not there. */
  remove(hash: string): Promise<boolean>;
}

export interface StoredArtifact {
  hash: string;
  sizeBytes: number;
  /** When it was put or last asked for, as far as the store knows; milliseconds since the epoch, on its own clock. */
  usedMs: number;
}
