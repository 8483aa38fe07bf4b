import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { PlatformFault } from '../../src/publishers/faults.js';
import type { PublishableClip } from '../../src/publishers/publisher.js';
import { xPublisher } from '../../src/publishers/x/index.js';
import { parseTarget } from '../../src/publishers/registry.js';
import { smallClip } from '../support/publish-context.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { account, claimed, drive, XWorld } from '../support/x-platform.js';

const clipOf = (changes: Parameters<typeof smallClip>[1] = {}): PublishableClip => smallClip(temporaryFolder(), changes);

/** The answers to so many posts get lost. */
function losing(world: XWorld, kind: 'drop-before' | 'drop-after' | 'half-body', times = 1): void {
  let left = times;
  world.script = ({ url }) => (url.pathname === '/2/tweets' && left-- > 0 ? { kind } : undefined);
}

describe('publishing', () => {
  test('one post with the video, its text and address', async () => {
    const world = new XWorld();
    const clip = clipOf({ bytes: randomBytes(9_000_000) });
    const { publication, steps } = await drive(world, clip, claimed());
    const [post] = world.x.posts();
    expect(world.x.posts()).toHaveLength(1);
    expect(post).toMatchObject({ text: 'First words\n\nWhat they heard.\n\n#words', videoSha256: clip.sha256, visibility: 'public' });
    expect(publication).toMatchObject({ state: 'published', url: post?.url });
    expect(post?.url).toBe(`https://x.com/${account.name}/status/${post?.id}`);
    expect([...new Set(steps.map(({ state }) => state))]).toEqual(['prepared', 'uploading', 'committing', 'published']);
    expect(steps.at(-1)?.spent).toEqual({ posts: 1 });
    expect(world.requests.filter((line) => line.endsWith('/append'))).toHaveLength(3);
    expect(world.requests.filter((line) => line === 'POST /2/tweets')).toHaveLength(1);
  });

  test('signed with keys of OAuth 1.0a', async () => {
    const world = new XWorld({ oauth1: true });
    const { publication } = await drive(world, clipOf(), claimed());
    expect(publication.state).toBe('published');
    expect(world.x.posts()).toHaveLength(1);
  });

  test('describes the video, or says that X did not take the description', async () => {
    const world = new XWorld();
    world.options = { altText: 'Two people talk' };
    await drive(world, clipOf(), claimed());
    expect(world.x.timelines.all[0]?.altText).toBe('Two people talk');
    world.x.uploads.describesVideos = false;
    const { publication, notices } = await drive(world, clipOf({ title: 'Other words' }), claimed());
    expect(publication.state).toBe('published');
    expect(notices.join()).toMatch(/did not take the description/);
  });

  test('brings the subtitles as a track, or says why there is none', async () => {
    const world = new XWorld();
    world.options = { subtitles: true, altText: 'Two people talk' };
    await drive(world, clipOf({ language: 'pt-BR' }), claimed());
    expect(world.x.timelines.all[0]).toMatchObject({ languages: ['PT'], altText: 'Two people talk' });
    world.x.uploads.takesSubtitles = false;
    const { publication, notices } = await drive(world, clipOf({ title: 'Other words' }), claimed());
    expect(publication.state).toBe('published');
    expect(notices.join()).toMatch(/did not take the subtitles/);
    await drive(world, clipOf({ title: 'Third words', language: null }), claimed());
    expect(world.x.timelines.all.map(({ languages }) => languages)).toEqual([['PT'], [], []]);
    expect(xPublisher.check(clipOf({ language: null }), world.options).map(({ rule }) => rule)).toEqual(['x.subtitles.none']);
  });

  test('discloses and limits as asked', async () => {
    const world = new XWorld();
    world.options = { madeWithAi: true, replySettings: 'following', paidPartnership: true, communityId: '1466', shareWithFollowers: true };
    const { publication } = await drive(world, clipOf(), claimed());
    expect(publication.state).toBe('published');
    expect(world.x.timelines.all[0]?.madeWithAi).toBe(true);
  });

  test('is one of the targets', async () => {
    expect((await parseTarget('x:snvg_clips')).publisher.id).toBe('x');
  });
});

describe('the upload', () => {
  test('goes on after a kill with the segment that was under way', async () => {
    const world = new XWorld();
    const clip = clipOf({ bytes: randomBytes(9_000_000) });
    let kills = 0;
    const { publication } = await drive(world, clip, claimed(), { dies: () => world.requests.at(-1)?.endsWith('/append') === true && kills++ === 1 });
    expect(publication.state).toBe('published');
    expect(world.requests.filter((line) => line.endsWith('/append'))).toHaveLength(4);
    expect(world.requests.filter((line) => line.endsWith('/initialize'))).toHaveLength(1);
    expect(world.x.posts()[0]?.videoSha256).toBe(clip.sha256);
  });

  test('goes on with the same upload after the login has ended in its midst and was renewed', async () => {
    const world = new XWorld();
    const clip = clipOf({ bytes: randomBytes(9_000_000) });
    const begun = await drive(world, clip, claimed(), { until: ({ state }) => state === 'uploading' });
    world.x.logins.expire(world.credentials.accessToken);
    const ended = await drive(world, clip, begun.publication);
    expect(ended.fault).toMatchObject({ kind: 'auth', code: 'unauthorized', remedy: 'Log in again: snvg auth login x' });
    world.credentials = { ...world.credentials, ...world.x.issue(account) };
    const { publication } = await drive(world, clip, ended.publication);
    expect(publication.state).toBe('published');
    expect(world.requests.filter((line) => line.endsWith('/initialize'))).toHaveLength(1);
    expect(world.x.posts()).toHaveLength(1);
  });

  test('is begun again when X has forgotten it before the post', async () => {
    const world = new XWorld();
    const clip = clipOf();
    const begun = await drive(world, clip, claimed(), { until: ({ state }) => state === 'committing' });
    world.x.uploads.forgetAll();
    const { publication } = await drive(world, clip, begun.publication);
    expect(publication.state).toBe('published');
    expect(world.requests.filter((line) => line.endsWith('/initialize'))).toHaveLength(2);
    expect(world.x.posts()).toHaveLength(1);
  });

  test('is begun again a day later', async () => {
    const world = new XWorld();
    const clip = clipOf({ bytes: randomBytes(5_000_000) });
    const begun = await drive(world, clip, claimed(), { until: ({ state }) => state === 'uploading' });
    world.nowMs += 25 * 3_600_000;
    world.credentials = { ...world.credentials, ...world.x.issue(account) };
    const { publication } = await drive(world, clip, begun.publication);
    expect(publication.state).toBe('published');
    expect(world.x.posts()).toHaveLength(1);
  });

  test('is begun again when the clip has changed meanwhile', async () => {
    const world = new XWorld();
    const begun = await drive(world, clipOf({ bytes: randomBytes(5_000_000) }), claimed(), { until: ({ state }) => state === 'uploading' });
    const other = clipOf({ bytes: randomBytes(4_500_000) });
    await drive(world, other, begun.publication);
    expect(world.x.posts().map(({ videoSha256 }) => videoSha256)).toEqual([other.sha256]);
  });

  test('gives up on a video that X cannot use, and tries again when it was X', async () => {
    const world = new XWorld();
    world.x.uploads.outcome = 'InvalidMedia';
    const refused = await drive(world, clipOf(), claimed());
    expect(refused.fault).toMatchObject({ kind: 'refused', code: 'InvalidMedia' });
    world.x.uploads.outcome = 'InternalError';
    const failing = await drive(world, clipOf(), claimed());
    expect(failing.fault).toMatchObject({ kind: 'refused', code: 'uploadLost' });
    expect(world.x.posts()).toEqual([]);
  });

  test('does not wait for ever for X to finish', async () => {
    const world = new XWorld({ oauth1: true });
    world.x.uploads.processingMs = 10 * 3_600_000;
    const { fault } = await drive(world, clipOf(), claimed(), { patience: 400 });
    expect(fault).toMatchObject({ kind: 'refused', code: 'processingTimeout' });
  });
});

describe('a lost answer to the post', () => {
  test.each(['drop-after', 'half-body'] as const)('is found in the timeline (%s)', async (kind) => {
    const world = new XWorld();
    losing(world, kind);
    world.x.timelines.timelineLagMs = 45_000;
    const { publication } = await drive(world, clipOf({ description: 'Tom & Jerry < 3 see example.com/a?b=1&c=2' }), claimed());
    expect(publication).toMatchObject({ state: 'published', url: world.x.posts()[0]?.url });
    expect(world.x.posts()).toHaveLength(1);
    expect(world.requests.filter((line) => line === 'POST /2/tweets')).toHaveLength(1);
  });

  test('is sent again after the timeline had time to show it', async () => {
    const world = new XWorld();
    losing(world, 'drop-before');
    const before = world.nowMs;
    const { publication } = await drive(world, clipOf(), claimed());
    expect(publication.state).toBe('published');
    expect(world.x.posts()).toHaveLength(1);
    expect(world.nowMs - before).toBeGreaterThan(120_000);
  });

  test('is not posted twice though the timeline lags for hours: the text is refused, and the question goes to a person', async () => {
    const world = new XWorld();
    losing(world, 'drop-after');
    world.x.timelines.timelineLagMs = 5 * 3_600_000;
    const { publication, undecided } = await drive(world, clipOf(), claimed());
    expect(publication.state).toBe('unknown');
    expect(undecided?.question).toMatch(/Is there a post on x.com by snvg_clips, made about 2026-11-25 12:0\d UTC or later, with 30 s of video and the text "First words/);
    expect(world.x.posts()).toHaveLength(1);
    world.nowMs += 6 * 3_600_000;
    world.credentials = { ...world.credentials, ...world.x.issue(account) };
    const later = await xPublisher.lookup(publication, world.context(clipOf()));
    expect(later).toMatchObject({ found: { state: 'published', url: world.x.posts()[0]?.url } });
  });

  test('is found though our clock jumps', async () => {
    for (const jumpMs of [-30 * 3_600_000, 30 * 3_600_000]) {
      const world = new XWorld();
      losing(world, 'drop-after');
      const clip = clipOf();
      const begun = await drive(world, clip, claimed(), { until: ({ state }) => state === 'committing' });
      const skewed = { ...world.context(clip), nowMs: () => world.nowMs + jumpMs };
      await expect(xPublisher.advance(begun.publication, skewed)).rejects.toThrow('connection');
      expect(await xPublisher.lookup(begun.publication, skewed)).toMatchObject({ found: { state: 'published' } });
    }
  });

  test('an upload that has ended meanwhile is sent again with the same text', async () => {
    const world = new XWorld();
    losing(world, 'drop-before');
    const clip = clipOf();
    const begun = await drive(world, clip, claimed(), { until: ({ handle, state }) => state === 'uploading' && (handle?.['commit'] as { fixed?: boolean } | null)?.fixed === true });
    world.x.uploads.forgetAll();
    world.nowMs += 25 * 3_600_000;
    world.credentials = { ...world.credentials, ...world.x.issue(account) };
    const { publication } = await drive(world, { ...clip, title: 'Edited meanwhile' }, begun.publication);
    expect(publication.state).toBe('published');
    expect(world.x.posts().map(({ text }) => text)).toEqual(['First words\n\nWhat they heard.\n\n#words']);
  });

  test('becomes a question when X does not take the video again, and goes on once it does', async () => {
    const world = new XWorld();
    losing(world, 'drop-before');
    const clip = clipOf();
    const begun = await drive(world, clip, claimed(), { until: ({ handle, state }) => state === 'uploading' && (handle?.['commit'] as { fixed?: boolean } | null)?.fixed === true });
    world.nowMs += 25 * 3_600_000;
    world.credentials = { ...world.credentials, ...world.x.issue(account) };
    world.script = ({ url }) => (url.pathname.startsWith('/2/media/') ? { kind: 'status', status: 400 } : undefined);
    const { publication, steps } = await drive(world, clip, begun.publication);
    expect(publication.state).toBe('unknown');
    expect(steps.at(-1)?.problem).toMatchObject({ code: 'PUBLICATION_UNKNOWN', question: expect.stringContaining('and the text "First words') });
    world.script = () => undefined;
    expect((await drive(world, clip, { ...publication, state: 'committing' })).publication.state).toBe('published');
    expect(world.x.posts()).toHaveLength(1);
  });

  test('leaves the question to a person where X does not let the app read', async () => {
    const world = new XWorld();
    world.x.readsTimelines = false;
    losing(world, 'drop-before');
    const { publication, undecided } = await drive(world, clipOf(), claimed());
    expect(publication.state).toBe('unknown');
    expect(undecided?.reason).toMatch(/does not let this login read/);
    expect(world.x.posts()).toEqual([]);
  });

  test('asks about a post with the same text and no video', async () => {
    const world = new XWorld();
    losing(world, 'drop-before');
    const clip = clipOf();
    const begun = await drive(world, clip, claimed(), { until: ({ state }) => state === 'committing' });
    const byHand = world.x.timelines.postByHand(account, 'First words\n\nWhat they heard.\n\n#words');
    const lookup = await xPublisher.lookup(begun.publication, world.context(clip));
    expect(lookup).toMatchObject({ undecided: { question: `Is ${byHand.url} the post of this clip (30 s of video)?` } });
  });
});

describe('a refused post', () => {
  test('of a text that another clip has is explained with its address, and goes out with another text', async () => {
    const world = new XWorld();
    await drive(world, clipOf({ bytes: randomBytes(10) }), claimed());
    world.nowMs += 3_600_000;
    const clip = clipOf({ bytes: randomBytes(10) });
    const second = await drive(world, clip, claimed({ lineage: 'm2' }));
    expect(second.fault).toMatchObject({ kind: 'refused', code: 'duplicateText', message: `The account has a post with the very same text: ${world.x.posts()[0]?.url}` });
    expect(world.x.posts()).toHaveLength(1);
    const third = await drive(world, { ...clip, title: 'Other words' }, { ...second.publication, state: 'prepared' });
    expect(third.publication).toMatchObject({ state: 'published', url: world.x.posts()[1]?.url });
  });

  test('of a request that arrived twice is our own post', async () => {
    for (const oauth1 of [false, true]) {
      const world = new XWorld({ oauth1 });
      world.script = ({ url }) => (url.pathname === '/2/tweets' ? { kind: 'duplicate' } : undefined);
      const { publication } = await drive(world, clipOf(), claimed());
      expect(publication).toMatchObject({ state: 'published', url: world.x.posts()[0]?.url });
      expect(world.x.posts()).toHaveLength(1);
    }
  });

  test.each([
    [401, 'auth'],
    [403, 'auth'],
    [409, 'retry'],
    [429, 'retry'],
  ] as const)('with %d is definite', async (status, kind) => {
    const world = new XWorld();
    const clip = clipOf();
    const begun = await drive(world, clip, claimed(), { until: ({ state }) => state === 'committing' });
    world.script = () => ({ kind: 'status', status });
    const fault = await xPublisher.advance(begun.publication, world.context(clip)).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(PlatformFault);
    expect(fault).toMatchObject({ kind });
    if (status === 429) expect((fault as PlatformFault).retryAtMs).toBeGreaterThan(world.nowMs);
    expect(world.x.posts()).toEqual([]);
  });

  test.each([
    [['tweet.read', 'tweet.write', 'users.read'], 'initialize'],
    [['tweet.read', 'users.read', 'media.write'], 'tweets'],
  ])('for lack of a scope (%j) names the login', async (scopes) => {
    const world = new XWorld({ scopes });
    const { fault } = await drive(world, clipOf(), claimed());
    expect(fault).toMatchObject({ kind: 'auth', code: 'forbidden' });
    expect(fault?.remedy).toMatch(/snvg auth login x/);
    expect(world.x.posts()).toEqual([]);
  });

  test('for the wrong account sends nothing', async () => {
    const world = new XWorld();
    const { fault } = await drive(world, clipOf(), claimed({ account: '7', accountName: 'other' }));
    expect(fault).toMatchObject({ kind: 'auth', code: 'wrongAccount' });
    expect(world.requests).toEqual([]);
  });

  test('beyond the limits of requests waits for the window', async () => {
    const world = new XWorld();
    for (let post = 0; post < 100; post += 1) await drive(world, clipOf({ title: `Words ${post}`, bytes: Buffer.from([post]) }), claimed());
    expect(world.x.posts()).toHaveLength(100);
    const clip = clipOf({ title: 'One more' });
    const begun = await drive(world, clip, claimed(), { until: ({ state }) => state === 'committing' });
    world.nowMs = world.x.posts()[99]?.createdMs ?? 0;
    for (const post of ['a', 'b']) await world.http.send({ method: 'POST', url: 'https://api.x.com/2/tweets', headers: { authorization: `Bearer ${world.credentials.accessToken}`, 'content-type': 'application/json' }, body: JSON.stringify({ text: post }), signal: new AbortController().signal });
    const { publication } = await drive(world, clip, begun.publication);
    expect(publication.state).toBe('published');
  });
});

describe('cancelling', () => {
  test('leaves nothing before the post, and refuses after it', async () => {
    const world = new XWorld();
    const clip = clipOf();
    const begun = await drive(world, clip, claimed(), { until: ({ state }) => state === 'uploading' });
    expect(await xPublisher.cancel(begun.publication, world.context(clip))).toEqual({ state: 'cancelled', handle: null });
    const { publication } = await drive(world, clip, begun.publication);
    await expect(xPublisher.cancel(publication, world.context(clip))).rejects.toMatchObject({ kind: 'refused', code: 'alreadyPublic' });
  });

  test('of a post whose answer was lost asks X first', async () => {
    const world = new XWorld();
    const clip = clipOf();
    const begun = await drive(world, clip, claimed(), { until: ({ state }) => state === 'committing' });
    let current = begun.publication;
    for (let turn = 0; turn < 2; turn += 1) {
      const step = await xPublisher.cancel(current, world.context(clip));
      expect(step.state).toBe('committing');
      current = { ...current, handle: step.handle ?? null };
      world.nowMs += 70_000;
    }
    expect(await xPublisher.cancel(current, world.context(clip))).toMatchObject({ state: 'cancelled' });
    await xPublisher.advance(begun.publication, world.context(clip));
    await expect(xPublisher.cancel(begun.publication, world.context(clip))).rejects.toMatchObject({ code: 'alreadyPublic' });
  });
});

test('what is kept of a publication is no secret and survives the ledger', async () => {
  const world = new XWorld();
  const { steps } = await drive(world, clipOf(), claimed());
  for (const { handle } of steps) {
    expect(JSON.parse(JSON.stringify(handle))).toEqual(handle);
    expect(JSON.stringify(handle)).not.toContain(world.credentials.accessToken);
  }
  expect(createHash('sha256').update('film').digest('hex')).toBe(world.x.posts()[0]?.videoSha256);
});
