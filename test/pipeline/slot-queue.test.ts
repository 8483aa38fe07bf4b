import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { SlotQueue } from '../../src/pipeline/backends/slot-queue.js';

const signal = new AbortController().signal;

test('never takes more slots than there are, runs everything, and gives every slot back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 6 }), fc.array(fc.record({ slots: fc.integer({ min: 1, max: 8 }), priority: fc.integer({ min: 0, max: 3 }), turns: fc.integer({ min: 0, max: 4 }) }), { maxLength: 25 }), async (total, tasks) => {
      const queue = new SlotQueue(total);
      let used = 0;
      let most = 0;
      const done = await Promise.all(
        tasks.map(({ slots, priority, turns }, index) =>
          queue.add(
            async () => {
              used += Math.min(slots, total);
              most = Math.max(most, used);
              for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
              used -= Math.min(slots, total);
              return index;
            },
            { slots, priority, signal },
          ),
        ),
      );
      expect(done).toEqual(tasks.map((_, index) => index));
      expect(most).toBeLessThanOrEqual(total);
      expect(queue.free).toBe(total);
    }),
  );
});

test('better work first, and a large task is not overtaken by small ones behind it', async () => {
  const queue = new SlotQueue(2);
  const order: string[] = [];
  const add = (name: string, slots: number, priority: number): Promise<void> =>
    queue.add(
      () => {
        order.push(name);
        return Promise.resolve();
      },
      { slots, priority, signal },
    );
  await Promise.all([add('first', 1, 0), add('large', 2, 5), add('small', 1, 1), add('best', 1, 9)]);
  expect(order).toEqual(['first', 'best', 'large', 'small']);
});

test('a failing task frees its slots; an aborted one never starts', async () => {
  const queue = new SlotQueue(1);
  await expect(queue.add(() => Promise.reject(new Error('no')), { slots: 1, priority: 0, signal })).rejects.toThrow('no');
  const controller = new AbortController();
  controller.abort(new Error('stopped'));
  let ran = false;
  const aborted = queue.add(
    () => {
      ran = true;
      return Promise.resolve();
    },
    { slots: 1, priority: 0, signal: controller.signal },
  );
  await expect(aborted).rejects.toThrow('stopped');
  expect(ran).toBe(false);
  expect(queue.free).toBe(1);
});
