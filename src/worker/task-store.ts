import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { ArtifactKind, ArtifactRef } from '../artifacts/kinds.js';
import type { ArtifactSource, ArtifactStore } from '../artifacts/store.js';

/**
 * The store as one task sees it: inputs lie where the agent has put their bytes, those that are needed, and all that the task puts is
 * noted.
 */
export class TaskStore implements ArtifactStore {
  readonly #store: ArtifactStore;
  readonly #paths: Readonly<Record<string, string>>;
  readonly #put = new Map<string, ArtifactRef>();

  /** @param paths by sha256 */
  constructor(store: ArtifactStore, paths: Readonly<Record<string, string>>) {
    this.#store = store;
    this.#paths = paths;
  }

  /** What the task has put, each once. */
  get artifacts(): ArtifactRef[] {
    return [...this.#put.values()];
  }

  async put<K extends ArtifactKind>(kind: K, source: ArtifactSource): Promise<ArtifactRef<K>> {
    const ref = await this.#store.put(kind, source);
    this.#put.set(ref.hash, ref);
    return ref;
  }

  async has(hash: string): Promise<boolean> {
    return this.#paths[hash] !== undefined || this.#store.has(hash);
  }

  open(hash: string): Readable {
    const path = this.#paths[hash];
    return path === undefined ? this.#store.open(hash) : createReadStream(path);
  }

  async materialize(hash: string): Promise<string> {
    return this.#paths[hash] ?? this.#store.materialize(hash);
  }

  gc(keep: ReadonlySet<string>, olderThanMs: number): Promise<{ removed: number; freedBytes: number }> {
    return this.#store.gc(keep, olderThanMs);
  }
}
