import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type ObjectInfo, readText, type SharedObjects } from './shared-objects.js';

/** An object younger than this is held by its age alone. */
const trustMs = 3_600_000;
/** No collection takes what is younger: twice as old as what is trusted, so that an hour is left for whatever takes long. */
export const leastAgeMs = 2 * trustMs;
/** How long a list of condemned objects counts, by the place's clock: its collector may have been killed. */
const condemnedMs = 180_000;
/** How long after it was written a collector removes by such a list: what is left of the time is for requests on their way. */
const removingMs = 60_000;
const pollMs = 500;
const requestsAtOnce = 16;
const mostRemembered = 100_000;
const folder = 'collections/';

const condemnedList = z.object({ keys: z.array(z.string()) });

/**
 * Keeps collections and those who rely on an object out of each other's way, with nothing but objects: who relies on an old one first makes
 * it young and then looks whether a collector has it on its list; a collector first writes the list and then looks at ages and pins anew,
 * before it removes. Whichever comes first, the other sees it. (A conditional delete would not do: written anew, the same bytes have
 * the same ETag.)
 */
export class Holds {
  readonly #objects: SharedObjects;
  readonly #readOnly: boolean;
  /** When this process last made an object young, on its monotonic clock. */
  readonly #touchedMs = new Map<string, number>();

  /** Read-only, it makes nothing young: what it says of old objects is what it sees, no promise. */
  constructor(objects: SharedObjects, options: { readOnly: boolean }) {
    this.#objects = objects;
    this.#readOnly = options.readOnly;
  }

  /** What is there, promised to stay for an hour. Undefined: it is not there, or was just taken away. */
  async hold(key: string): Promise<ObjectInfo | undefined> {
    const info = await this.#objects.find(key);
    if (!info || this.#readOnly) return info;
    if ((await this.#objects.nowMs()) - info.modifiedMs < trustMs || this.#isHeld(key)) return info;
    if (!(await this.#objects.touch(key))) return undefined;
    // A minute or two at most, and only while a collection takes just this old object.
    while (await this.#isCondemned(key)) await sleep(pollMs);
    // Last of all: a collection that did not see the touch is over by now, or was seen.
    const left = await this.#objects.find(key);
    if (left) this.#touchedMs.set(key, performance.now());
    return left;
  }

  /**
   * Removes those of a batch that are still as old, and not wanted, once all can see that they are about to go.
   * @param wanted is asked after that: it must look anew
   * @returns what was removed
   */
  async remove(batch: readonly ObjectInfo[], beforeMs: number, wanted: () => Promise<(key: string) => boolean>): Promise<ObjectInfo[]> {
    const removed: ObjectInfo[] = [];
    let left = batch;
    while (left.length > 0) {
      const list = `${folder}${randomBytes(8).toString('hex')}.json`;
      const writtenMs = performance.now();
      await this.#objects.replace(list, new TextEncoder().encode(JSON.stringify({ keys: left.map(({ key }) => key) })));
      try {
        const isWanted = await wanted();
        let done = 0;
        while (done < left.length && performance.now() - writtenMs < removingMs) {
          const some = left.slice(done, done + requestsAtOnce);
          const gone = await Promise.all(some.map((info) => this.#removeIfOld(info, beforeMs, isWanted)));
          removed.push(...some.filter((_, index) => gone[index]));
          done += some.length;
        }
        left = left.slice(done);
      } finally {
        await this.#objects.delete(list);
      }
    }
    return removed;
  }

  /** Lists of collectors that were killed. */
  async tidy(): Promise<void> {
    const now = await this.#objects.nowMs();
    for await (const { key, modifiedMs } of this.#objects.list(folder)) if (now - modifiedMs > 2 * condemnedMs) await this.#objects.delete(key);
  }

  #isHeld(key: string): boolean {
    if (this.#touchedMs.size > mostRemembered) this.#touchedMs.clear();
    const touchedMs = this.#touchedMs.get(key);
    return touchedMs !== undefined && performance.now() - touchedMs < trustMs / 2;
  }

  async #removeIfOld({ key }: ObjectInfo, beforeMs: number, isWanted: (key: string) => boolean): Promise<boolean> {
    if (isWanted(key)) return false;
    const info = await this.#objects.find(key, { touches: true });
    if (!info || info.modifiedMs >= beforeMs) return false;
    await this.#objects.delete(key);
    return true;
  }

  async #isCondemned(key: string): Promise<boolean> {
    const now = await this.#objects.nowMs();
    for await (const list of this.#objects.list(folder)) {
      if (now - list.modifiedMs > condemnedMs) continue;
      const text = await readText(this.#objects, list.key);
      if (text !== undefined && condemnedList.parse(JSON.parse(text)).keys.includes(key)) return true;
    }
    return false;
  }
}
