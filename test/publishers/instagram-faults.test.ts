import { expect, test } from 'vitest';
import { instagramPublisher as publisher } from '../../src/publishers/instagram/index.js';
import type { Publication } from '../../src/publishers/publisher.js';
import type { Fault } from '../../src/sandbox/faults.js';
import { randomFaults, randomNumbers } from '../../src/sandbox/random-faults.js';
import { drive } from '../support/drive-publication.js';
import { instagramStage, type InstagramStage } from '../support/instagram-stage.js';
import { smallClip } from '../support/publish-context.js';
import { temporaryFolder } from '../support/temporary-folder.js';


/** Success is one post, failure is none. */
function agrees(stage: InstagramStage, { state, url }: Publication): void {
  const posts = stage.standIn.posts();
  expect(posts).toHaveLength(state === 'published' ? 1 : 0);
  if (state === 'published') expect(posts[0]).toMatchObject({ videoSha256: stage.clip.sha256, ...(url === null ? {} : { url }) });
}

test('a kill at any step, before or after it is written, ends in one post', async () => {
  const ready = smallClip(temporaryFolder());
  for (const kind of ['lost', 'kept'] as const) {
    for (let step = 0; step < 7; step += 1) {
      const stage = instagramStage({ ready });
      const done = await drive(stage.publication, { publisher, context: stage.context, clock: stage.clock, kills: new Map([[step, kind]]) });
      expect(done.state).toBe('published');
      agrees(stage, done);
    }
  }
});

test('each request of a publication may be lost, cut, doubled, refused or late: one post', async () => {
  const ready = smallClip(temporaryFolder());
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
      const stage = instagramStage({ ready });
      let count = 0;
      stage.faults(() => (count++ === at ? fault : undefined));
      const done = await drive(stage.publication, { publisher, context: stage.context, clock: stage.clock, renews: true });
      expect(done.state, `${JSON.stringify(fault)} at request ${at}`).toBe('published');
      agrees(stage, done);
    }
  }
});

test('300 publications under a storm of faults and kills, seeded: each ends as one post, none as two', async () => {
  const ready = smallClip(temporaryFolder());
  const ends: Record<string, number> = {};
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = randomNumbers(seed);
    const stage = instagramStage({ ready });
    const run = (start: Publication, more: Partial<Parameters<typeof drive>[1]> = {}): Promise<Publication> => drive(start, { publisher, context: stage.context, clock: stage.clock, renews: true, ...more });
    stage.faults(randomFaults({ seed, rate: 0.3 }));
    const kills = new Map(Array.from({ length: 3 }, () => [Math.floor(random() * 12), random() < 0.5 ? 'lost' : 'kept'] as const));
    const storm = await run(stage.publication, { kills, patience: 6 });
    if (storm.state === 'failed') agrees(stage, storm);
    stage.faults(() => undefined);
    const done = await run(storm.state === 'failed' ? { ...storm, state: 'prepared' } : storm);
    ends[done.state] = (ends[done.state] ?? 0) + 1;
    agrees(stage, done);
  }
  expect(ends).toEqual({ published: 300 });
});
