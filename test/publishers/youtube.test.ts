import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PlatformFault } from '../../src/publishers/faults.js';
import { youtubeAuth } from '../../src/publishers/youtube/auth.js';
import { youtubePublisher } from '../../src/publishers/youtube/index.js';
import { inProcessTransport } from '../../src/sandbox/in-process.js';
import { withoutChannel } from '../../src/sandbox/youtube/index.js';
import { scopes } from '../../src/sandbox/youtube/oauth.js';
import { smallClip } from '../support/publish-context.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { channel, noonMs, YoutubeRun } from './support/youtube-run.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

describe('a post', () => {
  it('is one session, one film, its cover and its captions', async () => {
    const run = new YoutubeRun();
    run.options = { captions: 'both', madeForKids: false };
    const clip = smallClip(temporaryFolder());
    const done = await run.finish(clip);
    expect(done).toMatchObject({ state: 'published', url: expect.stringMatching(/^https:\/\/youtube\.com\/shorts\/[\w-]{11}$/) });
    expect(run.log).toEqual(['POST videos', 'PUT videos bytes 0-3/4', 'GET videos', 'GET videos', 'GET videos', 'POST thumbnails/set', 'GET captions', 'POST captions', 'GET videos']);
    const [post] = run.standIn.posts();
    expect(post).toMatchObject({ account: channel.id, text: 'First words', videoSha256: clip.sha256, visibility: 'public' });
    expect(run.standIn.extrasOf(post?.id ?? '')).toMatchObject({ thumbnailSha256: sha256(readFileSync(clip.coverPath)), captions: [{ language: 'en', name: 'en', text: 'srt' }] });
    expect(run.notices).toEqual([]);
  });

  it('accounts for all it uses', async () => {
    const run = new YoutubeRun();
    run.options = { captions: 'track' };
    await run.finish(smallClip(temporaryFolder()));
    const spent = { uploads: 0, units: 0 };
    for (const step of run.steps) for (const [id, amount] of Object.entries(step.spent ?? {})) spent[id as 'uploads' | 'units'] += amount;
    expect(spent).toEqual(run.standIn.used);
    expect(youtubePublisher.quotas.map(({ id }) => id)).toEqual(Object.keys(spent));
  });

  it('says what was set, and lets subscribers alone when asked to', async () => {
    const run = new YoutubeRun();
    run.options = { privacy: 'unlisted', categoryId: '27', tags: ['two words', 'one'], madeForKids: true, syntheticMedia: true, license: 'creativeCommon', embeddable: false, notifySubscribers: false, thumbnail: false, language: 'pt-BR' };
    const clip = smallClip(temporaryFolder(), { width: 1920, height: 1080, format: 'wide' });
    const done = await run.finish(clip);
    const id = run.standIn.posts()[0]?.id ?? '';
    expect(done).toMatchObject({ state: 'published', url: `https://www.youtube.com/watch?v=${id}` });
    expect(run.requests[0]?.url.search).toBe('?uploadType=resumable&part=snippet,status&notifySubscribers=false');
    const answer = await ask(run, `https://www.googleapis.com/youtube/v3/videos?part=snippet,status&id=${id}`);
    expect(answer.items[0]).toMatchObject({
      snippet: { title: 'First words', description: 'What they heard.\n\n#words', tags: ['two words', 'one', 'words'], categoryId: '27', defaultLanguage: 'pt-BR', defaultAudioLanguage: 'pt-BR' },
      status: { privacyStatus: 'unlisted', selfDeclaredMadeForKids: true, containsSyntheticMedia: true, license: 'creativeCommon', embeddable: false },
    });
  });

  it('asked to be private ends as a draft', async () => {
    const run = new YoutubeRun();
    run.options = { privacy: 'private' };
    expect(await run.finish(smallClip(temporaryFolder()))).toMatchObject({ state: 'draft' });
    expect(run.notices).toEqual([]);
  });

  it('of an unaudited project is reported as the draft it became', async () => {
    const run = new YoutubeRun({ audited: false });
    expect(await run.finish(smallClip(temporaryFolder()))).toMatchObject({ state: 'draft', url: expect.stringContaining('/shorts/') });
    expect(run.notices).toEqual(['YouTube made the video private, not public as asked']);
    expect(run.standIn.posts()).toMatchObject([{ visibility: 'private' }]);
  });

  it.each([
    [{ end: 'failed', reason: 'codec' } as const, 'failed:codec'],
    [{ end: 'rejected', reason: 'duplicate' } as const, 'rejected:duplicate'],
  ])('that YouTube does not keep has failed, with the reason (%o)', async (processing, code) => {
    const run = new YoutubeRun();
    run.standIn.facts(channel).processing = processing;
    expect(await run.finish(smallClip(temporaryFolder()))).toMatchObject({ state: 'failed', problem: { code } });
  });

  it('is waited for half an hour and then reported as it is', async () => {
    const run = new YoutubeRun();
    run.standIn.facts(channel).processing = { end: 'never' };
    expect(await run.finish(smallClip(temporaryFolder()))).toMatchObject({ state: 'published' });
    expect(run.notices).toEqual(['YouTube is still processing the video']);
    expect(run.nowMs - noonMs).toBeLessThan(hourMs);
    expect(run.requests.length).toBeLessThan(50);
  });

  it('that exists is never given up because a question about it is refused', async () => {
    const run = new YoutubeRun();
    const clip = smallClip(temporaryFolder());
    while (run.publication.state !== 'processing') await run.turn(clip, false);
    run.faults = () => ({ kind: 'status', status: 400 });
    expect(await refusal(() => run.turn(clip, false))).toMatchObject({ kind: 'retry', code: 'badRequest' });
    run.faults = () => undefined;
    expect(await run.finish(clip)).toMatchObject({ state: 'published' });
  });

  it('that somebody deletes meanwhile has failed', async () => {
    const run = new YoutubeRun();
    const clip = smallClip(temporaryFolder());
    while (run.publication.state !== 'processing') await run.turn(clip, false);
    run.standIn.deleteVideo(run.standIn.posts()[0]?.id ?? '');
    expect(await run.finish(clip)).toMatchObject({ state: 'failed', problem: { code: 'videoNotFound' } });
  });
});

describe('cover and captions', () => {
  it('that are refused cost a notice, never the post', async () => {
    const run = new YoutubeRun();
    run.options = { captions: 'both' };
    run.standIn.facts(channel).mayHaveThumbnails = false;
    run.faults = ({ method, url }) => (method === 'POST' && url.pathname.endsWith('/captions') ? { kind: 'status', status: 500 } : undefined);
    expect(await run.finish(smallClip(temporaryFolder()))).toMatchObject({ state: 'published' });
    expect(run.notices).toEqual([expect.stringContaining('without its cover'), expect.stringContaining('without its caption track')]);
  });

  it.each(['drop-after', 'half-body', 'duplicate'] as const)('are there once when the reply is lost (%s)', async (kind) => {
    const run = new YoutubeRun();
    run.options = { captions: 'both' };
    let faults = 0;
    run.faults = ({ method, url }) => (method === 'POST' && /captions|thumbnails/.test(url.pathname) && (faults += 1) <= 2 ? { kind } : undefined);
    await run.finish(smallClip(temporaryFolder()));
    expect(run.standIn.extrasOf(run.standIn.posts()[0]?.id ?? '')?.captions).toHaveLength(1);
    expect(run.notices).toEqual([]);
  });

  it('that are too large or missing are not sent', async () => {
    const run = new YoutubeRun();
    const clip = smallClip(temporaryFolder());
    writeFileSync(clip.coverPath, Buffer.alloc(2 * 1024 * 1024 + 1));
    await run.finish(clip);
    expect(run.notices).toEqual(['The cover is larger than the 2 MB that YouTube takes']);
    expect(run.log).not.toContain('POST thumbnails/set');
  });
});

describe('YouTube’s own schedule', () => {
  const dueMs = noonMs + 3 * hourMs;

  it('holds the film until its time', async () => {
    const run = new YoutubeRun({}, { dueMs });
    run.options = { nativeSchedule: true };
    const clip = smallClip(temporaryFolder());
    expect(await run.finish(clip)).toMatchObject({ state: 'scheduled' });
    expect(run.standIn.posts()).toMatchObject([{ visibility: 'scheduled', publishAtMs: dueMs }]);
    expect(run.publication.notBeforeMs).toBeGreaterThan(dueMs);
    run.nowMs = dueMs + 60_000;
    expect(await run.finish(clip)).toMatchObject({ state: 'published' });
    expect(run.standIn.posts()).toMatchObject([{ visibility: 'public' }]);
  });

  it('is not used for what is due now, nor when it is off, nor for unlisted films', async () => {
    for (const [options, atMs] of [[{ nativeSchedule: true }, noonMs + 1000], [{}, dueMs], [{ nativeSchedule: true, privacy: 'unlisted' }, dueMs]] as const) {
      const run = new YoutubeRun({}, { dueMs: atMs });
      run.options = options;
      expect(await run.finish(smallClip(temporaryFolder()))).toMatchObject({ state: 'published' });
    }
    expect(youtubePublisher.holdsUntilDue?.({ nativeSchedule: true })).toBe(true);
    expect(youtubePublisher.holdsUntilDue?.({ nativeSchedule: true, privacy: 'unlisted' })).toBe(false);
    expect(youtubePublisher.holdsUntilDue?.({})).toBe(false);
  });

  it('publishes at once what arrives after its time', async () => {
    const run = new YoutubeRun({}, { dueMs });
    run.options = { nativeSchedule: true };
    const clip = smallClip(temporaryFolder());
    await run.turn(clip, false);
    run.nowMs = dueMs + hourMs;
    expect(await run.finish(clip)).toMatchObject({ state: 'published' });
    expect(run.standIn.posts()).toHaveLength(1);
  });
});

describe('limits of the account', () => {
  it('stops a channel that has uploaded enough for a day', async () => {
    const run = new YoutubeRun();
    run.standIn.facts(channel).uploadLimitReached = true;
    const fault = await refusal(() => run.finish(smallClip(temporaryFolder())));
    expect(fault).toMatchObject({ kind: 'quota', code: 'uploadLimitExceeded', retryAtMs: noonMs + dayMs });
    expect(run.publication).toMatchObject({ state: 'claimed', handle: null });
  });

  it.each([
    ['in winter', noonMs, Date.UTC(2026, 10, 26, 8)],
    ['on the day of 23 hours', Date.UTC(2026, 2, 8, 9), Date.UTC(2026, 2, 9, 7)],
    ['on the day of 25 hours', Date.UTC(2026, 10, 1, 8), Date.UTC(2026, 10, 2, 8)],
    ['a moment before midnight', Date.UTC(2026, 6, 1, 7) - 1, Date.UTC(2026, 6, 1, 7)],
  ])('goes on at midnight in California: %s', async (_when, nowMs, midnightMs) => {
    const run = new YoutubeRun({ quota: { uploads: 0 } });
    run.nowMs = nowMs;
    const other = run.standIn.issue(channel);
    const fault = await refusal(() => youtubePublisher.advance(run.publication, { ...run.context(smallClip(temporaryFolder())), credentials: async () => ({ ...run.credentials, accessToken: other.accessToken }) }));
    expect(fault).toMatchObject({ kind: 'quota', code: 'quotaExceeded', retryAtMs: midnightMs });
  });

  it('waits as long as YouTube asks', async () => {
    const run = new YoutubeRun();
    run.faults = () => ({ kind: 'status', status: 429 });
    expect(await refusal(() => run.turn(smallClip(temporaryFolder()), false))).toMatchObject({ kind: 'retry', code: 'rateLimitExceeded', retryAtMs: noonMs + 30_000 });
  });
});

describe('logins', () => {
  it('goes on with the same session after a 401 in the middle (gitroomhq/postiz-app#1682, yikart/AiToEarn#586: a token dies after init, the retry posts twice)', async () => {
    const run = new YoutubeRun();
    run.options = { chunkKib: 256 };
    const clip = smallClip(temporaryFolder(), { bytes: Buffer.alloc(1_000_000, 'film') });
    for (const _ of [1, 2, 3]) await run.turn(clip, false);
    run.standIn.login.expire(run.accessToken);
    expect(await run.finish(clip)).toMatchObject({ state: 'published' });
    expect(run.refreshes).toBe(1);
    expect(run.log.filter((line) => line === 'POST videos')).toHaveLength(1);
    expect(run.standIn.posts()).toMatchObject([{ videoSha256: clip.sha256 }]);
  });

  it('sends nothing with the login of another channel, or with too few rights', async () => {
    const run = new YoutubeRun();
    const context = run.context(smallClip(temporaryFolder()));
    const advance = (changes: object): Promise<PlatformFault> => refusal(() => youtubePublisher.advance(run.publication, { ...context, credentials: async () => ({ ...run.credentials, ...changes }) }));
    expect(await advance({ accountId: 'UCother', accountName: 'Other' })).toMatchObject({ kind: 'auth', code: 'wrongAccount', message: expect.stringContaining('Other') });
    expect(await advance({ scopes: [scopes.upload] })).toMatchObject({ kind: 'auth', code: 'insufficientPermissions' });
    expect(run.requests).toEqual([]);
  });

  it('says whose channel a token is for, and what an account without one is missing', async () => {
    const run = new YoutubeRun();
    const http = inProcessTransport([run.standIn]);
    const { signal } = new AbortController();
    const whoami = (accessToken: string): Promise<unknown> => youtubeAuth.whoami({ accessToken }, { http, signal, nowMs: () => run.nowMs });
    expect(await whoami(run.accessToken)).toEqual({ id: channel.id, name: channel.name });
    expect(await refusal(() => whoami(run.standIn.issue(withoutChannel).accessToken))).toMatchObject({ kind: 'auth', code: 'youtubeSignupRequired' });
    expect(await refusal(() => whoami('nonsense'))).toMatchObject({ kind: 'auth', code: 'authError' });
    expect(await refusal(() => whoami(run.standIn.issue(channel, [scopes.upload]).accessToken))).toMatchObject({ kind: 'auth', code: 'insufficientPermissions' });
  });
});

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function refusal(run: () => Promise<unknown>): Promise<PlatformFault> {
  const error = await run().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof PlatformFault) return error;
  throw new Error('this should have been refused', { cause: error });
}

async function ask(run: YoutubeRun, url: string): Promise<{ items: object[] }> {
  const answer = await inProcessTransport([run.standIn]).send({ method: 'GET', url, headers: { authorization: `Bearer ${run.accessToken}` }, signal: new AbortController().signal });
  return JSON.parse(answer.text) as { items: object[] };
}
