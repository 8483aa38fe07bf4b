import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Exclusive } from '../../src/app/exclusive.js';

const { signal } = new AbortController();

/** Claims that another process may hold. */
function claims(): { held: boolean; taken: string[]; take(name: string): boolean; heldByOthers(): boolean; release(name: string): void } {
  return {
    held: false,
    taken: [],
    take(name) {
      if (this.held) return false;
      this.taken.push(name);
      return true;
    },
    heldByOthers() {
      return this.held;
    },
    release(name) {
      this.taken.splice(this.taken.indexOf(name), 1);
    },
  };
}

test('one at a time under a name, in the order asked, whatever becomes of those before', async () => {
  const exclusive = new Exclusive(claims());
  const order: string[] = [];
  const work = (name: string, fails = false) => async (): Promise<string> => {
    order.push(`${name} in`);
    await sleep(5);
    order.push(`${name} out`);
    if (fails) throw new Error(name);
    return name;
  };
  const all = await Promise.allSettled([exclusive.run('x', signal, work('a')), exclusive.run('x', signal, work('b', true)), exclusive.run('x', signal, work('c')), exclusive.run('y', signal, work('d'))]);
  expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  expect(order.filter((step) => !step.startsWith('d'))).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
  expect(order.indexOf('d in')).toBeLessThan(order.indexOf('a out'));
});

test('another process is waited for, and the wait can be cancelled', async () => {
  const held = claims();
  held.held = true;
  const exclusive = new Exclusive(held);
  const cancel = new AbortController();
  const cancelled = exclusive.run('x', cancel.signal, () => Promise.resolve('never'));
  const waiting = exclusive.run('x', signal, () => Promise.resolve('mine'));
  await sleep(10);
  cancel.abort(new Error('cancelled'));
  await expect(cancelled).rejects.toThrow('cancelled');
  held.held = false;
  expect(await waiting).toBe('mine');
  expect(held.taken).toEqual([]);
});
