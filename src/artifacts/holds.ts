import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Content } from './hash.js';
import { type ObjectInfo, readText, type SharedObjects } from './shared-objects.js';
import type { ArtifactSource } from './store.js';

/** An object younger than this is held by its age alone. */
const trustMs = 3_600_000;
/** No collection takes what is younger: twice as old as what is trusted, so that an hour is left for whatever takes long. */
export const leastAgeMs = 2 * trustMs;
/** How long a list of condemned objects counts, by the place's clock: its collector may have been killed. */
const condemnedMs = 180_000;
/** How long after it was written a collector removes by such a list: what is left of the time is for requests on their way. */
const removingMs = 60_000;
/** What times of the place may differ by: some are whole seconds, rounded down, and come over a network. */
const slackMs = 5_000;
const defaultPollMs = 500;
const defaultLingerMs = 1_000;
const requestsAtOnce = 16;
const mostRemembered = 100_000;
const folder = 'collections/';

const condemnedList = z.object({ keys: z.array(z.string()) });

export interface HoldsOptions {
  /** Makes nothing young: what it says of old objects is what it sees, no promise. */
  readOnly: boolean;
  /** How often a collection that is under way is looked at. */
  pollMs?: number;
  /** How long a collector leaves its list behind the last removal: whoever writes and looks within that time sees it. */
  lingerMs?: number;
}

/**
 * Keeps collections and those who rely on an object out of each other's way, with nothing but objects. A collector writes the list of what
 * is about to go, then looks at ages and pins anew, then removes. Who relies on an object makes sure that it is young, then looks for it on
 * the lists, then whether it is there: a list that was written before it became young is seen, and waited for; one that was written after
 * that spares it. (A conditional delete would not do: written anew, the same bytes have the same ETag.)
 */
export class Holds {
  readonly #objects: SharedObjects;
  readonly #readOnly: boolean;
  readonly #pollMs: number;
  readonly #lingerMs: number;
  /** When this process last made an object young and found it safe, on its monotonic clock. */
  readonly #heldMs = new Map<string, number>();
  /** When no list was there, by the place's clock. */
  #emptyMs = -Infinity;
  #looking: Promise<ReadonlySet<string>> | undefined;
  #nextLook: Promise<ReadonlySet<string>> | undefined;

  constructor(objects: SharedObjects, { readOnly, pollMs = defaultPollMs, lingerMs = defaultLingerMs }: HoldsOptions) {
    this.#objects = objects;
    this.#readOnly = readOnly;
    this.#pollMs = pollMs;
    this.#lingerMs = lingerMs;
  }

  /** What is there, promised to stay for an hour. Undefined: it is not there, or was just taken away. */
  async hold(key: string): Promise<ObjectInfo | undefined> {
    // Before the object is looked at: what is learnt of lists meanwhile says nothing about it.
    const emptyMs = this.#emptyMs;
    const info = await this.#objects.find(key);
    if (!info || this.#readOnly || this.#isHeld(key)) return info;
    const ageMs = (await this.#objects.nowMs()) - info.modifiedMs;
    // Lists from before it became young have ended, or were gone when no list was there.
    if (ageMs < trustMs && (ageMs > condemnedMs + slackMs || info.modifiedMs + slackMs < emptyMs)) return info;
    if (ageMs >= trustMs && !(await this.#objects.touch(key))) return undefined;
    await this.#untilSpared(key);
    const left = await this.#objects.find(key);
    if (left) this.#heldMs.set(key, performance.now());
    return left;
  }

  /** Writes an object that is not there yet. `lost`: it was written, and taken away by a collection that had begun before. */
  async create(key: string, source: ArtifactSource, content: Content): Promise<'created' | 'exists' | 'lost'> {
    const startedMs = performance.now();
    if ((await this.#objects.create(key, source, content)) === 'exists') return 'exists';
    return (await this.#isKept(key, startedMs)) ? 'created' : 'lost';
  }

  /** Writes a small object over what may be there. False: it was taken away, as with `create`. */
  async replace(key: string, bytes: Uint8Array): Promise<boolean> {
    const startedMs = performance.now();
    await this.#objects.replace(key, bytes);
    return this.#isKept(key, startedMs);
  }

  /**
   * Removes those of a batch that are still as old, and not wanted, once all can see that they are about to go.
   * @param wanted is asked after that: it must look anew
   * @returns what was removed
   */
  async remove(batch: readonly ObjectInfo[], beforeMs: number, wanted: () => Promise<(key: string) => boolean>): Promise<ObjectInfo[]> {
    const removed: ObjectInfo[] = [];
    for (let left = batch; left.length > 0; ) {
      const list = `${folder}${randomBytes(8).toString('hex')}.json`;
      const writtenMs = performance.now();
      await this.#objects.replace(list, new TextEncoder().encode(JSON.stringify({ keys: left.map(({ key }) => key) })));
      const isWanted = await wanted();
      const removedBefore = removed.length;
      let done = 0;
      while (done < left.length && performance.now() - writtenMs < removingMs) {
        const some = left.slice(done, done + requestsAtOnce);
        const gone = await Promise.all(some.map((info) => this.#removeIfOld(info, beforeMs, isWanted)));
        removed.push(...some.filter((_, index) => gone[index]));
        done += some.length;
      }
      left = left.slice(done);
      if (removed.length > removedBefore) await sleep(this.#lingerMs);
      // A removal that failed may yet take effect: then the list is left to end by itself.
      await this.#objects.delete(list);
    }
    return removed;
  }

  /** Lists of collectors that were killed. */
  async tidy(): Promise<void> {
    const now = await this.#objects.nowMs();
    for await (const { key, modifiedMs } of this.#objects.list(folder)) if (now - modifiedMs > 2 * condemnedMs) await this.#objects.delete(key);
  }

  #isHeld(key: string): boolean {
    if (this.#heldMs.size > mostRemembered) this.#heldMs.clear();
    const heldMs = this.#heldMs.get(key);
    return heldMs !== undefined && performance.now() - heldMs < trustMs / 2;
  }

  /** Whether what was written since `startedMs` stays. */
  async #isKept(key: string, startedMs: number): Promise<boolean> {
    const waited = await this.#untilSpared(key);
    // Had it been taken away since, the list would have been there still.
    if (!waited && performance.now() - startedMs < this.#lingerMs) return true;
    return (await this.#objects.find(key)) !== undefined;
  }

  /** Waits while a collection takes just this object: a minute or two at most. @returns whether it had to */
  async #untilSpared(key: string): Promise<boolean> {
    for (let waited = false; ; waited = true) {
      if (!(await this.#condemned()).has(key)) return waited;
      await sleep(this.#pollMs);
    }
  }

  /** What is on the lists, by a look that begins after this call: many who ask at once share one. */
  #condemned(): Promise<ReadonlySet<string>> {
    this.#nextLook ??= (this.#looking ?? Promise.resolve()).then(
      () => this.#beginLook(),
      () => this.#beginLook(),
    );
    return this.#nextLook;
  }

  #beginLook(): Promise<ReadonlySet<string>> {
    this.#nextLook = undefined;
    this.#looking = this.#look();
    return this.#looking;
  }

  async #look(): Promise<ReadonlySet<string>> {
    const now = await this.#objects.nowMs();
    const keys = new Set<string>();
    let lists = 0;
    for await (const list of this.#objects.list(folder)) {
      if (now - list.modifiedMs > condemnedMs) continue;
      const text = await readText(this.#objects, list.key);
      if (text === undefined) continue;
      lists += 1;
      for (const key of condemnedList.parse(JSON.parse(text)).keys) keys.add(key);
    }
    if (lists === 0) this.#emptyMs = Math.max(this.#emptyMs, now);
    return keys;
  }

  async #removeIfOld({ key }: ObjectInfo, beforeMs: number, isWanted: (key: string) => boolean): Promise<boolean> {
    if (isWanted(key)) return false;
    const info = await this.#objects.find(key, { touches: true });
    if (!info || info.modifiedMs >= beforeMs) return false;
    await this.#objects.delete(key);
    return true;
  }
}
