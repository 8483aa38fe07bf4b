import { assert, asyncProperty, boolean, integer, scheduler } from 'fast-check';
import { expect, it } from 'vitest';
import { Holds } from '../../src/artifacts/holds.js';
import { type ObjectInfo, ObjectMissing, type SharedObjects } from '../../src/artifacts/shared-objects.js';

const nowMs = 1_000_000_000_000;
const oldMs = nowMs - 9 * 86_400_000;
const keys = ['artifacts/a', 'artifacts/b'];

interface Held {
  bytes: Uint8Array;
  modifiedMs: number;
}

/**
 * A place in memory whose requests take effect, and whose answers come, whenever the scheduler says.
 * `beside`: being touched shows only where it is asked for, as in a bucket; else it changes an object's own time, as in a folder.
 */
function place(turn: () => Promise<void>, beside: boolean): SharedObjects & { held: Map<string, Held> } {
  const held = new Map<string, Held>(keys.map((key) => [key, { bytes: new Uint8Array(1), modifiedMs: oldMs }]));
  const touched = new Map<string, number>();
  /** A request on its way, its effect, and the answer on its way. */
  const request = async <T>(effect: () => T): Promise<T> => {
    await turn();
    const answer = effect();
    await turn();
    return answer;
  };
  const info = (key: string, touches: boolean): ObjectInfo | undefined => {
    const object = held.get(key);
    return object && { key, sizeBytes: object.bytes.length, modifiedMs: Math.max(object.modifiedMs, touches ? (touched.get(key) ?? 0) : 0) };
  };
  return {
    held,
    place: 'memory',
    nowMs: () => Promise.resolve(nowMs),
    async *list(folder) {
      yield* await request(() => [...held.keys()].filter((key) => key.startsWith(folder)).map((key) => info(key, false) as ObjectInfo));
    },
    find: (key, options) => request(() => info(key, options?.touches ?? false)),
    create: (key, source) =>
      request(() => {
        if (held.has(key)) return 'exists';
        held.set(key, { bytes: 'bytes' in source ? source.bytes : new Uint8Array(), modifiedMs: nowMs });
        return 'created';
      }),
    replace: (key, bytes) => request(() => void held.set(key, { bytes, modifiedMs: nowMs })),
    touch: (key) =>
      request(() => {
        const object = held.get(key);
        if (beside) touched.set(key, nowMs);
        else if (object) object.modifiedMs = nowMs;
        return object !== undefined;
      }),
    async *read(key) {
      const object = await request(() => held.get(key));
      if (!object) throw new ObjectMissing(key);
      yield object.bytes;
    },
    delete: (key) => request(() => void held.delete(key)),
    async *unfinished() {},
    close: () => Promise.resolve(),
  };
}

const ask = async (one: Holds, key: string): Promise<string | undefined> => ((await one.hold(key)) ? key : undefined);
const put = async (one: Holds, key: string): Promise<string | undefined> => {
  const outcome = await one.create(key, { bytes: new Uint8Array(1) }, { hash: '', sizeBytes: 1 });
  return outcome === 'exists' ? ask(one, key) : outcome === 'created' ? key : undefined;
};

it('what was promised while it was collected is there afterwards, in any order of requests', async () => {
  let promised = 0;
  let refused = 0;
  const property = asyncProperty(scheduler(), boolean(), integer({ min: 1, max: 2 }), async (order, beside, collectors) => {
    const objects = place(() => order.schedule(Promise.resolve()), beside);
    const old = keys.map((key) => ({ key, sizeBytes: 1, modifiedMs: oldMs }));
    const holds = (): Holds => new Holds(objects, { readOnly: false, pollMs: 1, lingerMs: 5 });
    const collecting = Array.from({ length: collectors }, () => holds().remove(old, nowMs - 86_400_000, () => Promise.resolve(() => false)));
    const holding = [holds(), holds()].flatMap((one) => keys.flatMap((key) => [ask(one, key), put(one, key)]));
    const [answers] = await order.waitFor(Promise.all([Promise.all(holding), Promise.all(collecting)]));
    for (const key of answers) {
      if (key === undefined) refused += 1;
      else {
        promised += 1;
        expect([...objects.held.keys()]).toContain(key);
      }
    }
    expect([...objects.held.keys()].filter((key) => key.startsWith('collections/'))).toEqual([]);
  });
  await assert(property, { numRuns: 300 });
  // Both happened, or nothing was tried.
  expect(promised).toBeGreaterThan(20);
  expect(refused).toBeGreaterThan(20);
});
