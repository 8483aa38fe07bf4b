import { describe, expect, test } from 'vitest';
import type { Fault } from '../../src/sandbox/faults.js';
import { randomFaults, randomNumbers } from '../../src/sandbox/random-faults.js';
import { smallClip } from '../support/publish-context.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { account, claimed, drive, XWorld } from '../support/x-platform.js';

/** Two segments. */
const bytes = Buffer.alloc(4_200_000, 'film');
/** A little more than a post of two segments with a description and subtitles takes. */
const requestsOfOne = 13;

describe('every cut', () => {
  const kinds: Fault[] = [{ kind: 'drop-before' }, { kind: 'drop-after' }, { kind: 'half-body' }, { kind: 'slow' }, { kind: 'duplicate' }, { kind: 'status', status: 429 }, { kind: 'status', status: 500 }, { kind: 'status', status: 503 }, { kind: 'error-after', status: 502 }];

  test.each(kinds)('$kind $status of any one request leaves one post', async (fault) => {
    const clip = smallClip(temporaryFolder(), fault.kind === 'drop-after' || fault.kind === 'duplicate' ? { bytes } : {});
    for (let at = 0; at < requestsOfOne; at += 1) {
      const world = new XWorld();
      world.options = { altText: 'Two people talk', subtitles: true };
      world.script = () => (world.requests.length === at + 1 ? fault : undefined);
      const { publication } = await drive(world, clip, claimed());
      expect(publication, `request ${at}: ${world.requests[at]}`).toMatchObject({ state: 'published', url: world.x.posts()[0]?.url });
      expect(world.x.posts().map(({ videoSha256 }) => videoSha256)).toEqual([clip.sha256]);
      expect(world.x.timelines.all[0]).toMatchObject({ languages: ['EN'], altText: 'Two people talk' });
    }
  });

  test('a kill after any step, before it is written down, leaves one post', async () => {
    const clip = smallClip(temporaryFolder(), { bytes });
    for (let at = 0; at < requestsOfOne + 2; at += 1) {
      const world = new XWorld();
      let step = 0;
      const { publication } = await drive(world, clip, claimed(), { dies: () => step++ === at });
      expect(publication, `step ${at}`).toMatchObject({ state: 'published', url: world.x.posts()[0]?.url });
      expect(world.x.posts()).toHaveLength(1);
    }
  });

  test('a failing X while a lost post is looked for changes nothing', async () => {
    const clip = smallClip(temporaryFolder());
    const world = new XWorld();
    let looks = 0;
    world.script = ({ url }) => {
      if (url.pathname === '/2/tweets') return { kind: 'drop-after' };
      return url.pathname.startsWith('/2/users/') && looks++ < 5 ? { kind: 'status', status: looks % 2 === 0 ? 503 : 429 } : undefined;
    };
    const { publication } = await drive(world, clip, claimed());
    expect(publication.state).toBe('published');
    expect(world.x.posts()).toHaveLength(1);
  });
});

describe('seeded faults', () => {
  test.each([
    { seed: 1, oauth1: false, duplicates: true },
    { seed: 2, oauth1: true, duplicates: true },
    // Without X's refusal of the same text: the timeline alone has to do.
    { seed: 3, oauth1: false, duplicates: false },
  ])('150 publications with $seed end with one post for each success and none for each failure', async ({ seed, oauth1, duplicates }) => {
    const random = randomNumbers(seed);
    const faults = randomFaults({ seed, rate: 0.25 });
    const film = smallClip(temporaryFolder());
    const outcomes = { published: 0, failed: 0, unknown: 0 };
    const world = new XWorld({ oauth1 });
    world.x.countsRequests = false;
    world.x.timelines.refusesDuplicates = duplicates;
    world.x.timelines.timelineLagMs = 60_000;
    for (let index = 0; index < 150; index += 1) {
      if (!oauth1) world.credentials = { ...world.credentials, ...world.x.issue(account) };
      const clip = { ...film, title: `Words ${index}.` };
      let trouble = 12;
      world.script = (request) => {
        // Without the refusal, a request that the network doubles is posted twice by X itself.
        const fault = trouble > 0 ? faults(request) : undefined;
        if (fault) trouble -= 1;
        return !duplicates && fault?.kind === 'duplicate' && request.url.pathname === '/2/tweets' ? undefined : fault;
      };
      let current = claimed({ lineage: `m${index}` });
      // A person logs in again, and tries again what failed.
      for (let attempt = 0; attempt < 15 && current.state !== 'published' && current.state !== 'unknown'; attempt += 1) {
        if (current.state === 'failed') current = { ...current, state: 'prepared' };
        ({ publication: current } = await drive(world, clip, current, { dies: () => random() < 0.05 }));
      }
      const posts = world.x.posts().filter(({ text }) => text.startsWith(clip.title));
      if (current.state === 'published') {
        expect(posts.map(({ url }) => url)).toEqual([current.url]);
        outcomes.published += 1;
      } else if (current.state === 'unknown') {
        outcomes.unknown += 1;
      } else {
        expect(posts, `${index} ${current.state}`).toEqual([]);
        outcomes.failed += 1;
      }
      expect(posts.length).toBeLessThanOrEqual(1);
    }
    expect(outcomes.published).toBeGreaterThanOrEqual(146);
    expect(outcomes.unknown).toBeLessThanOrEqual(1);
  });
});
