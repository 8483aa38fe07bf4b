import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { discard, explainWriteError } from './atomic-file.js';
import type { ExchangeArtifacts } from './exchange.js';
import { ArtifactDamaged, ArtifactMissing, readOnlyStore } from './faults.js';
import type { FetchedFiles } from './fetched-files.js';
import { type Content, contentOf, isHash, requireHash, verified } from './hash.js';
import type { Holds } from './holds.js';
import type { ArtifactKind, ArtifactRef } from './kinds.js';
import { type ObjectInfo, ObjectMissing, type SharedObjects } from './shared-objects.js';
import type { ArtifactSource, Freed, StoredArtifact } from './store.js';
import { sweep, type SweepOptions } from './sweep.js';

/** Larger ones are first asked for: sending them in vain costs more than a question. */
const sendUnaskedBytes = 256 * 1024;
/** How often a put begins anew because what it found was taken away or was damaged. */
const mostTurns = 5;

const folder = 'artifacts/';

function artifactKey(hash: string): string {
  return `${folder}${requireHash(hash).slice(0, 2)}/${hash}`;
}

/** The hash that a key of `artifactKey` names; undefined for other keys. */
function hashOfKey(key: string): string | undefined {
  const hash = key.slice(key.lastIndexOf('/') + 1);
  return isHash(hash) && artifactKey(hash) === key ? hash : undefined;
}

/** Artifacts in a place that several machines see, with copies on this machine for those who need a path. */
export class SharedArtifacts implements ExchangeArtifacts {
  readonly #objects: SharedObjects;
  readonly #holds: Holds;
  readonly #copies: FetchedFiles;
  readonly #readOnly: boolean;

  constructor(objects: SharedObjects, options: { holds: Holds; copies: FetchedFiles; readOnly: boolean }) {
    this.#objects = objects;
    this.#holds = options.holds;
    this.#copies = options.copies;
    this.#readOnly = options.readOnly;
  }

  async put<K extends ArtifactKind>(kind: K, source: ArtifactSource): Promise<ArtifactRef<K>> {
    return { kind, ...(await this.keep(source)) };
  }

  async keep(source: ArtifactSource): Promise<Content> {
    if (this.#readOnly) throw readOnlyStore(this.#objects.place);
    const content = await contentOf(source);
    const key = artifactKey(content.hash);
    let ask = content.sizeBytes > sendUnaskedBytes;
    for (let turn = 1; ; turn += 1) {
      if (!ask && (await this.#holds.create(key, source, content)) === 'created') break;
      const there = await this.#holds.hold(key);
      if (there && isIntact(there, content)) break;
      if (there) {
        if (turn === mostTurns) throw new ArtifactDamaged(content.hash, this.#objects.place);
        // Nobody can have use for it, and the right bytes are here.
        await this.#objects.delete(key);
      }
      ask = false;
    }
    if ('path' in source) await rm(source.path, { force: true });
    return content;
  }

  async has(hash: string): Promise<boolean> {
    return (await this.#holds.hold(artifactKey(hash))) !== undefined;
  }

  open(hash: string): Readable {
    return Readable.from(this.#bytes(requireHash(hash)), { objectMode: false });
  }

  materialize(hash: string): Promise<string> {
    return this.#copies.get(requireHash(hash), (path) => this.fetch(hash, path));
  }

  async fetch(hash: string, path: string, signal?: AbortSignal): Promise<void> {
    for (let turn = 1; ; turn += 1) {
      try {
        await pipeline(this.#bytes(requireHash(hash), signal), createWriteStream(path, { flags: 'wx' }), signal ? { signal } : {});
        return;
      } catch (error) {
        await discard(path);
        // Once more: bytes can be damaged on their way.
        if (!(error instanceof ArtifactDamaged) || turn === 2) throw explainWriteError(error, path);
      }
    }
  }

  async *list(): AsyncIterable<StoredArtifact> {
    for await (const { key, sizeBytes, modifiedMs } of this.#objects.list(folder)) {
      const hash = hashOfKey(key);
      if (hash !== undefined) yield { hash, sizeBytes, usedMs: modifiedMs };
    }
  }

  async remove(hash: string): Promise<boolean> {
    if (this.#readOnly) throw readOnlyStore(this.#objects.place);
    const there = (await this.#objects.find(artifactKey(hash))) !== undefined;
    await this.#objects.delete(artifactKey(hash));
    return there;
  }

  async gc(keep: ReadonlySet<string>, olderThanMs: number, options: { dryRun?: boolean } = {}): Promise<Freed> {
    const { removed, freedBytes } = await this.collect({ beforeMs: olderThanMs, kept: () => Promise.resolve(keep), dryRun: options.dryRun ?? false });
    return { removed, freedBytes };
  }

  /** Removes old artifacts but those that are kept, by their hashes. */
  async collect(options: SweepOptions): Promise<Freed & { kept: number }> {
    if (this.#readOnly && !options.dryRun) throw readOnlyStore(this.#objects.place);
    return sweep(this.#objects, this.#holds, folder, hashOfKey, options);
  }

  async *#bytes(hash: string, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    try {
      yield* verified(this.#objects.read(artifactKey(hash), signal), hash, this.#objects.place);
    } catch (error) {
      throw error instanceof ObjectMissing ? new ArtifactMissing(hash, this.#objects.place, { cause: error }) : error;
    }
  }
}

/** As far as the place can tell without the bytes being read. */
function isIntact(there: ObjectInfo, { hash, sizeBytes }: Content): boolean {
  return there.sizeBytes === sizeBytes && (there.sha256 ?? hash) === hash;
}
