import { beforeEach, describe, expect, it } from 'vitest';
import { LostReply, PlatformFault } from '../../src/publishers/faults.js';
import type { PublishableClip } from '../../src/publishers/publisher.js';
import { explainAnswer } from '../../src/publishers/youtube/faults.js';
import { youtubePublisher } from '../../src/publishers/youtube/index.js';
import { smallClip } from '../support/publish-context.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { channel, noonMs, YoutubeRun } from './support/youtube-run.js';

let clip: PublishableClip;
beforeEach(() => {
  clip = smallClip(temporaryFolder(), { bytes: Buffer.alloc(600_000, 'a film ') });
});

async function until(run: YoutubeRun, state: string): Promise<void> {
  run.options = { ...(run.options as object), chunkKib: 256 };
  while (run.publication.state !== state) await run.turn(clip, false);
}

async function cancel(run: YoutubeRun): Promise<void> {
  run.record(await youtubePublisher.cancel(run.publication, run.context(clip)));
}

describe('taking a post back', () => {
  it('before anything was sent asks nobody', async () => {
    const run = new YoutubeRun();
    await cancel(run);
    expect(run.publication).toMatchObject({ state: 'cancelled', handle: null });
    expect(run.requests).toEqual([]);
  });

  it.each(['prepared', 'uploading'])('ends an open session (%s)', async (state) => {
    const run = new YoutubeRun();
    await until(run, state);
    const { handle } = run.publication;
    await cancel(run);
    expect(run.publication.state).toBe('cancelled');
    expect(run.log.at(-1)).toBe('DELETE videos');
    const { http, signal } = run.context(clip);
    const probe = await http.send({ method: 'PUT', url: String(handle?.['sessionUri']), headers: { authorization: `Bearer ${run.accessToken}`, 'content-length': '0', 'content-range': `bytes */${clip.sizeBytes}` }, signal });
    expect(probe.status).toBe(404);
  });

  it('does not mind when ending the session fails: unused it posts nothing', async () => {
    const run = new YoutubeRun();
    await until(run, 'uploading');
    run.faults = () => ({ kind: 'drop-before' });
    await cancel(run);
    expect(run.publication.state).toBe('cancelled');
  });

  it('makes a scheduled video private, keeping everything else of it', async () => {
    const run = new YoutubeRun({}, { dueMs: noonMs + 3_600_000 });
    run.options = { nativeSchedule: true, madeForKids: true, syntheticMedia: true, embeddable: false, license: 'creativeCommon' };
    await run.finish(clip);
    const [post] = run.standIn.posts();
    expect(post?.visibility).toBe('scheduled');
    await cancel(run);
    expect(run.publication).toMatchObject({ state: 'cancelled', handle: null });
    expect(run.notices.at(-1)).toContain('stays at YouTube as a private one');
    run.nowMs += 7_200_000;
    expect(run.standIn.posts()).toMatchObject([{ visibility: 'private' }]);
    const { http, signal } = run.context(clip);
    const { accessToken } = run.standIn.issue(channel);
    const answer = await http.send({ method: 'GET', url: `https://www.googleapis.com/youtube/v3/videos?part=status&id=${post?.id}`, headers: { authorization: `Bearer ${accessToken}` }, signal });
    expect(JSON.parse(answer.text).items[0].status).toMatchObject({ privacyStatus: 'private', selfDeclaredMadeForKids: true, containsSyntheticMedia: true, embeddable: false, license: 'creativeCommon' });
  });

  it('is refused once people can see it', async () => {
    const run = new YoutubeRun();
    await run.finish(clip);
    await expect(cancel(run)).rejects.toMatchObject({ kind: 'refused', code: 'alreadyPublic', message: expect.stringContaining('https://youtube.com/shorts/') });
    expect(run.standIn.posts()).toMatchObject([{ visibility: 'public' }]);
  });

  it('is possible while YouTube still works on the film', async () => {
    const run = new YoutubeRun();
    await until(run, 'processing');
    await cancel(run);
    run.nowMs += 3_600_000;
    expect(run.standIn.posts()).toMatchObject([{ visibility: 'private' }]);
  });

  it('leaves a private draft where it is and says so', async () => {
    const run = new YoutubeRun({ audited: false });
    await run.finish(clip);
    run.requests.length = 0;
    await cancel(run);
    expect(run.publication.state).toBe('cancelled');
    expect(run.log).toEqual(['GET videos']);
    expect(run.notices.at(-1)).toContain('private');
  });

  it('looks first whether the last chunk has made a video', async () => {
    const run = new YoutubeRun();
    await until(run, 'committing');
    run.faults = () => ({ kind: 'drop-after' });
    await expect(run.turn(clip, false)).rejects.toBeInstanceOf(LostReply);
    run.faults = () => undefined;
    await cancel(run);
    run.nowMs += 3_600_000;
    expect(run.publication.state).toBe('cancelled');
    expect(run.standIn.posts()).toMatchObject([{ visibility: 'private' }]);
  });

  it('waits for the channel’s list when the session is gone', async () => {
    const run = new YoutubeRun();
    await until(run, 'committing');
    await expect(cancel(run)).rejects.toMatchObject({ kind: 'retry', code: 'undecidedYet' });
  });
});

const explain = (status: number, reason: string | undefined, headers: Record<string, string> = {}, repeatable = true): PlatformFault | LostReply =>
  explainAnswer({ status, headers, text: reason === undefined ? '<html>' : JSON.stringify({ error: { code: status, message: 'Words.', errors: [{ reason, domain: 'd', message: 'Words.' }] } }) }, { what: 'this', repeatable, nowMs: noonMs });

describe('what an answer means', () => {
  it.each([
    [400, 'uploadLimitExceeded', 'quota'],
    [403, 'quotaExceeded', 'quota'],
    [403, 'dailyLimitExceeded', 'quota'],
    [403, 'rateLimitExceeded', 'retry'],
    [403, 'userRateLimitExceeded', 'retry'],
    [429, 'rateLimitExceeded', 'retry'],
    [429, 'uploadRateLimitExceeded', 'retry'],
    [409, 'conflict', 'retry'],
    [401, 'authError', 'auth'],
    [401, 'required', 'auth'],
    [401, 'youtubeSignupRequired', 'auth'],
    [403, 'insufficientPermissions', 'auth'],
    [403, 'ACCESS_TOKEN_SCOPE_INSUFFICIENT', 'auth'],
    [403, 'accessNotConfigured', 'auth'],
    [403, 'authenticatedUserAccountSuspended', 'auth'],
    [403, 'channelClosed', 'auth'],
    [403, 'forbidden', 'auth'],
    [401, 'somethingNew', 'auth'],
    [403, 'somethingNew', 'auth'],
    [429, 'somethingNew', 'retry'],
    [400, 'invalidTitle', 'refused'],
    [400, 'invalidDescription', 'refused'],
    [400, 'invalidTags', 'refused'],
    [400, 'invalidCategoryId', 'refused'],
    [400, 'invalidPublishAt', 'refused'],
    [400, 'invalidVideoMetadata', 'refused'],
    [403, 'forbiddenPrivacySetting', 'refused'],
    [400, 'somethingNew', 'refused'],
  ])('%i %s: %s', (status, reason, kind) => {
    const fault = explain(status, reason);
    expect(fault).toBeInstanceOf(PlatformFault);
    expect(fault).toMatchObject({ kind, message: expect.stringContaining('Words.') });
    expect((fault as PlatformFault).remedy).not.toBe('');
  });

  it('heeds Retry-After in seconds and as a date', () => {
    expect(explain(503, 'backendError', { 'retry-after': '7' })).toMatchObject({ kind: 'retry', retryAtMs: noonMs + 7000 });
    expect(explain(429, 'rateLimitExceeded', { 'retry-after': new Date(noonMs + 60_000).toUTCString() })).toMatchObject({ retryAtMs: noonMs + 60_000 });
    expect(explain(503, 'backendError', { 'retry-after': 'soon' })).toMatchObject({ kind: 'retry', retryAtMs: undefined });
  });

  it('of a failing server or a stranger is no answer where it matters', () => {
    expect(explain(503, 'backendError', {}, false)).toBeInstanceOf(LostReply);
    expect(explain(502, undefined, {}, false)).toBeInstanceOf(LostReply);
    expect(explain(403, undefined, {}, false)).toBeInstanceOf(LostReply);
    expect(explain(400, undefined)).toBeInstanceOf(LostReply);
    expect(explain(502, undefined)).toMatchObject({ kind: 'retry', code: 'http502' });
    expect(explain(204, 'x')).toBeInstanceOf(LostReply);
  });
});
