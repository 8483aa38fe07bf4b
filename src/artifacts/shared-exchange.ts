import type { Collected, CollectOptions, Exchange } from './exchange.js';
import { SnvgError } from '../errors.js';
import { FetchedFiles } from './fetched-files.js';
import { contentOf } from './hash.js';
import { Holds } from './holds.js';
import { withParts } from './parts.js';
import { type Pinned, SharedPins } from './pins.js';
import { SharedArtifacts } from './shared-artifacts.js';
import { readText, type SharedObjects } from './shared-objects.js';
import { SharedResults } from './shared-results.js';

/** Nothing that is still being written was begun this long ago. */
const unfinishedMs = 86_400_000;

/** Says that a place is ours, and how things lie in it. */
const label = { key: 'store.json', text: `${JSON.stringify({ about: 'Files that machines running snvg leave for each other. It can be removed while none of them runs.', format: 1 })}\n` };

export interface SharedExchangeOptions {
  /** For copies of artifacts on this machine. */
  cacheDir: string;
  /** Largest size of all copies. */
  cacheBytes: number;
  readOnly: boolean;
}

/** An exchange in a place of objects: a folder or a bucket. */
export class SharedExchange implements Exchange {
  readonly place: string;
  readonly artifacts: SharedArtifacts;
  readonly results: SharedResults;
  readonly pins: SharedPins;
  readonly #objects: SharedObjects;
  readonly #holds: Holds;
  readonly #readOnly: boolean;

  constructor(objects: SharedObjects, { cacheDir, cacheBytes, readOnly }: SharedExchangeOptions) {
    this.place = objects.place;
    this.#objects = objects;
    this.#readOnly = readOnly;
    this.#holds = new Holds(objects, { readOnly });
    this.artifacts = new SharedArtifacts(objects, { holds: this.#holds, copies: new FetchedFiles(cacheDir, cacheBytes), readOnly });
    this.results = new SharedResults(objects, { holds: this.#holds, artifacts: this.artifacts, readOnly });
    this.pins = new SharedPins(objects, { readOnly });
  }

  /** Makes sure that the place is a store, that it can be written, and that it never writes over what is there. @throws {SnvgError} STORE_* */
  async begin(): Promise<void> {
    const there = await readText(this.#objects, label.key);
    if (there === label.text) return this.#readOnly ? undefined : this.#requireConditions();
    if (there !== undefined) throw new SnvgError('STORE_INVALID', `What lies in ${this.place} was not written by this version of snvg`, 'Use the same version of snvg on all machines, or another folder for --store.');
    if (this.#readOnly) throw new SnvgError('STORE_INVALID', `There is no store in ${this.place} yet`, 'Check the address given with --store.');
    await this.#createLabel();
    await this.#requireConditions();
  }

  nowMs(): Promise<number> {
    return this.#objects.nowMs();
  }

  async collect({ olderThanMs, dryRun = false, signal, progress }: CollectOptions): Promise<Collected> {
    const beforeMs = (await this.nowMs()) - olderThanMs;
    let count = 0;
    const named = new Map<string, string[]>();
    const options = {
      beforeMs,
      dryRun,
      looked: () => progress?.((count += 1)),
      ...(signal ? { signal } : {}),
    };
    const results = await this.results.collect({ ...options, kept: async () => (await this.pins.pinned()).keys });
    const artifacts = await this.artifacts.collect({ ...options, kept: async () => this.#neededBy(await this.pins.pinned(), named) });
    const unfinished = await this.#collectUnfinished(dryRun);
    if (!dryRun) {
      await this.#holds.tidy();
      await this.pins.tidy();
      await this.#objects.tidy?.(beforeMs);
    }
    return {
      artifacts: artifacts.removed,
      results: results.removed,
      unfinished: unfinished.removed,
      freedBytes: results.freedBytes + artifacts.freedBytes + unfinished.freedBytes,
      pinned: results.kept + artifacts.kept,
    };
  }

  close(): Promise<void> {
    return this.#objects.close();
  }

  /** Pinned artifacts, and all that the results of pinned tasks name. `named` remembers what results name. */
  async #neededBy({ hashes, keys }: Pinned, named: Map<string, string[]>): Promise<Set<string>> {
    for (const key of keys) {
      const known = named.get(key);
      const parts = known ?? (await this.#namedBy(key));
      if (!known && parts) named.set(key, parts);
      for (const hash of parts ?? []) hashes.add(hash);
    }
    return hashes;
  }

  async #namedBy(key: string): Promise<string[] | undefined> {
    const result = await this.results.peek(key);
    if (!result) return undefined;
    const parts = await Promise.all(Object.values(result.outputs).map((ref) => withParts(this.artifacts, ref)));
    return parts.flat().map(({ hash }) => hash);
  }

  async #collectUnfinished(dryRun: boolean): Promise<{ removed: number; freedBytes: number }> {
    const beforeMs = (await this.nowMs()) - unfinishedMs;
    const freed = { removed: 0, freedBytes: 0 };
    for await (const one of this.#objects.unfinished()) {
      if (one.startedMs >= beforeMs) continue;
      if (!dryRun) await one.remove();
      freed.removed += 1;
      freed.freedBytes += one.sizeBytes;
    }
    return freed;
  }

  /** Some stores ignore the condition of a write: two machines would then write over each other's results unseen. */
  async #requireConditions(): Promise<void> {
    if ((await this.#createLabel()) === 'exists') return;
    throw new SnvgError('STORE_REFUSED', `The store ${this.place} does not refuse to write over an object (If-None-Match: * on PutObject)`, 'Use a store that supports conditional writes, such as AWS S3, Cloudflare R2, MinIO or versitygw.');
  }

  async #createLabel(): Promise<'created' | 'exists'> {
    const bytes = new TextEncoder().encode(label.text);
    return this.#objects.create(label.key, { bytes }, await contentOf({ bytes }));
  }
}
