import type { Readable } from 'node:stream';
import type { ArtifactKind, ArtifactRef } from './kinds.js';

/** Bytes to keep: given whole, or as a finished file that the store takes over (it is moved away). */
export type ArtifactSource = { bytes: Uint8Array } | { path: string };

/** Immutable files known by the sha256 of their bytes. Putting the same bytes twice keeps one copy. */
export interface ArtifactStore {
  put<K extends ArtifactKind>(kind: K, source: ArtifactSource): Promise<ArtifactRef<K>>;
  /** Whether it is there. Asking is a promise: a collection spares it for a while. */
  has(hash: string): Promise<boolean>;
  open(hash: string): Readable;
  /** A local path of the artifact, to be read only. */
  materialize(hash: string): Promise<string>;
  /** Removes what is not in `keep` and was neither put nor asked for since `olderThanMs` (milliseconds since the epoch). */
  gc(keep: ReadonlySet<string>, olderThanMs: number): Promise<{ removed: number; freedBytes: number }>;
}
