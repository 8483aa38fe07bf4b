import { expect, test } from 'vitest';
import { instagramPublisher as publisher } from '../../src/publishers/instagram/index.js';
import type { Publication } from '../../src/publishers/publisher.js';
import type { Fault } from '../../src/sandbox/faults.js';
import { drive } from '../support/drive-publication.js';
import { instagramStage, type InstagramStage } from '../support/instagram-stage.js';
import { temporaryFolder } from '../support/temporary-folder.js';


/** Success is one post, failure is none. */
function agrees(stage: InstagramStage, { state, url }: Publication): void {
  const posts = stage.standIn.posts();
  expect(posts).toHaveLength(state === 'published' ? 1 : 0);
  if (state === 'published') expect(posts[0]).toMatchObject({ videoSha256: stage.clip.sha256, ...(url === null ? {} : { url }) });
}

test('a kill at any step, before or after it is written, ends in one post', async () => {
  const dir = temporaryFolder();
  for (const kind of ['lost', 'kept'] as const) {
    for (let step = 0; step < 7; step += 1) {
      const stage = instagramStage({ dir });
      const done = await drive(stage.publication, { publisher, context: stage.context, clock: stage.clock, kills: new Map([[step, kind]]) });
      expect(done.state).toBe('published');
      agrees(stage, done);
    }
  }
});

test('each request of a publication may be lost, cut, doubled, refused or late: one post', async () => {
  const dir = temporaryFolder();
  const faults: Fault[] = [
    { kind: 'drop-before' },
    { kind: 'drop-after' },
    { kind: 'half-body' },
    { kind: 'duplicate' },
    { kind: 'slow' },
    ...[401, 403, 409, 429, 500, 503].map((status): Fault => ({ kind: 'status', status })),
    { kind: 'error-after', status: 500 },
  ];
  for (const fault of faults) {
    for (let at = 0; at < 10; at += 1) {
      const stage = instagramStage({ dir });
      let count = 0;
      stage.faults(() => (count++ === at ? fault : undefined));
      const done = await drive(stage.publication, { publisher, context: stage.context, clock: stage.clock, renews: true });
      expect(done.state, `${JSON.stringify(fault)} at request ${at}`).toBe('published');
      agrees(stage, done);
    }
  }
});

/** Numbers from 0 to 1 that a seed decides. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return (Math.imul(state ^ (state >>> 13), 0x297a2d39) >>> 0) / 2 ** 32;
  };
}

test('300 publications under a storm of faults and kills, seeded: each ends as one post, none as two', async () => {
  const dir = temporaryFolder();
  const ends: Record<string, number> = {};
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = seeded(seed);
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
    const stage = instagramStage({ dir, bytes: Buffer.from(`film ${seed}`) });
    let calm = false;
    stage.faults(() => {
      if (calm || random() > 0.3) return undefined;
      const kind = pick(['drop-before', 'drop-after', 'half-body', 'duplicate', 'slow', 'status', 'error-after'] as const);
      if (kind === 'status') return { kind, status: pick([403, 409, 429, 500, 502, 503]) };
      if (kind === 'error-after') return { kind, status: pick([500, 503]) };
      return { kind };
    });
    const kills = new Map(Array.from({ length: 3 }, () => [Math.floor(random() * 12), pick(['lost', 'kept'] as const)]));
    let done = await drive(stage.publication, { publisher, context: stage.context, clock: stage.clock, kills, patience: 6 });
    calm = true;
    done = await drive(done, { publisher, context: stage.context, clock: stage.clock });
    ends[done.state] = (ends[done.state] ?? 0) + 1;
    agrees(stage, done);
  }
  expect(ends).toEqual({ published: 300 });
});
