import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HttpTransport } from '../../src/publishers/http.js';
import type { PublishableClip } from '../../src/publishers/publisher.js';
import { tiktokPublisher } from '../../src/publishers/tiktok/index.js';
import { randomNumbers } from '../../src/sandbox/random-faults.js';
import { singleFaults } from '../publish/world/single-faults.js';
import { freshPublication, smallClip } from '../support/publish-context.js';
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
    for (const fault of singleFaults) {
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
    const next = randomNumbers(seed);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
    let faultsLeft = 12;
    const world = new TikTokWorld(() => (faultsLeft > 0 && next() < 0.35 ? (faultsLeft--, pick(singleFaults)) : undefined));
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

test.each([
  [{ 'retry-after': '12' }, 12_000],
  [{ 'retry-after': new Date(1_800_000_090_000).toUTCString() }, 90_000],
  [{ 'retry-after': 'soon' }, 60_000],
  [{}, 60_000],
])('after too many requests, told %j, the next is made %d ms later', async (header: Record<string, string>, waitMs) => {
  const world = new TikTokWorld();
  const http: HttpTransport = { send: async () => ({ status: 429, headers: header, text: '{"error":{"code":"rate_limit_exceeded","message":"","log_id":"1"}}' }) };
  const step = tiktokPublisher.advance(freshPublication({ platform: 'tiktok', account: 'a' }), { ...world.context('a', small, { mode: 'direct' }), http });
  await expect(step).rejects.toMatchObject({ kind: 'retry', code: 'rate_limit_exceeded', retryAtMs: world.nowMs + waitMs });
});
