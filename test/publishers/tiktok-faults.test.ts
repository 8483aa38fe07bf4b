import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PublishableClip } from '../../src/publishers/publisher.js';
import type { Fault } from '../../src/sandbox/faults.js';
import { smallClip } from '../support/publish-context.js';
import { TikTokWorld } from '../support/tiktok-world.js';

const chunkBytes = 5 * 2 ** 20;
const dir = mkdtempSync(join(tmpdir(), 'snvg-test-'));
let small: PublishableClip;
let large: PublishableClip;

beforeAll(() => {
  small = smallClip(dir);
  large = smallClip(dir, { stem: '02-large', bytes: randomBytes(2 * chunkBytes + 77) });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A generator that gives the same numbers for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const kinds: Fault[] = [
  { kind: 'drop-before' },
  { kind: 'drop-after' },
  { kind: 'half-body' },
  { kind: 'slow' },
  { kind: 'duplicate' },
  ...[401, 403, 409, 429, 500, 503].map((status): Fault => ({ kind: 'status', status })),
  { kind: 'error-after', status: 502 },
];

const every = [
  ['inbox', {}, false],
  ['direct', { mode: 'direct' }, false],
  ['inbox in chunks', { chunkBytes }, true],
  ['direct in chunks', { mode: 'direct', chunkBytes }, true],
] as const;

test.each(every)('%s: every single fault of every request, and a kill around every step, end in one post', async (_, options, chunked) => {
  const clip = chunked ? large : small;
  const dry = new TikTokWorld();
  await dry.run('a', clip, { options });
  const requests = dry.sent.length;
  for (let hit = 0; hit < requests; hit += 1) {
    // Requests that are the same with and without chunks are hit without.
    if (chunked && dry.sent[hit] !== 'PUT chunk') continue;
    for (const fault of kinds) {
      let count = 0;
      const world = new TikTokWorld(() => (count++ === hit ? fault : undefined));
      const done = await world.run('a', clip, { options });
      const what = `${JSON.stringify(fault)} on request ${hit} (${dry.sent[hit]})\n${world.log.join('\n')}`;
      expect(done.state, what).toBe('mode' in options ? 'published' : 'draft');
      expect(world.standIn.posts(), what).toHaveLength(1);
    }
  }
  for (let cut = 0; cut < dry.log.length; cut += 1) {
    for (const death of ['lost', 'kept'] as const) {
      let count = 0;
      const world = new TikTokWorld();
      const done = await world.run('a', clip, { options, killed: () => (count++ === cut ? death : undefined) });
      const what = `killed (${death}) at call ${cut}\n${world.log.join('\n')}`;
      expect(done.state, what).toBe('mode' in options ? 'published' : 'draft');
      expect(world.standIn.posts(), what).toHaveLength(1);
    }
  }
});

test('four hundred publications under random faults, kills and clock jumps: one post for each that reports success, none for each that fails', async () => {
  const outcomes: Record<string, number> = {};
  for (let seed = 1; seed <= 400; seed += 1) {
    const next = random(seed);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
    let faultsLeft = 12;
    const world = new TikTokWorld(() => (faultsLeft > 0 && next() < 0.35 ? (faultsLeft--, pick(kinds)) : undefined));
    if (next() < 0.1) world.standIn.failNext(pick(['internal', 'spam_risk_too_many_posts', 'picture_size_check_failed']));
    const killed = (): 'lost' | 'kept' | undefined => {
      if (faultsLeft > 0 && next() < 0.05) world.nowMs += pick([-3_600_000, 60_000, 3_700_000, 90_000_000]);
      return faultsLeft > 0 && next() < 0.15 ? pick(['lost', 'kept'] as const) : undefined;
    };
    const chunked = seed % 8 === 0;
    const options = { ...pick([{}, { mode: 'direct' }]), ...(chunked ? { chunkBytes } : {}) };
    const done = await world.run('a', chunked ? large : small, { options, killed });
    outcomes[done.state] = (outcomes[done.state] ?? 0) + 1;
    const posts = world.standIn.posts().length;
    const what = `seed ${seed}: ${done.state}, ${JSON.stringify(done.problem)}\n${world.log.join('\n')}`;
    if (done.state === 'published' || done.state === 'draft') expect(posts, what).toBe(1);
    else if (done.state === 'failed' || done.state === 'cancelled') expect(posts, what).toBe(0);
    else expect(posts, what).toBeLessThanOrEqual(1);
  }
  expect((outcomes['published'] ?? 0) + (outcomes['draft'] ?? 0), JSON.stringify(outcomes)).toBeGreaterThanOrEqual(380);
  expect(outcomes['unknown'] ?? 0, JSON.stringify(outcomes)).toBeLessThanOrEqual(4);
}, 60_000);
