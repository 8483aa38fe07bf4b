import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PlatformFault } from '../../src/publishers/faults.js';
import type { Publication, PublishableClip } from '../../src/publishers/publisher.js';
import { tiktokPublisher } from '../../src/publishers/tiktok/index.js';
import { freshPublication, smallClip } from '../support/publish-context.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { applied, TikTokWorld } from '../support/tiktok-world.js';

const fiveMiB = 5 * 2 ** 20;
let small: PublishableClip;
/** Three chunks of five MiB, the last with a remainder. */
let large: PublishableClip;

const dir = mkdtempSync(join(tmpdir(), 'snvg-test-'));
beforeAll(() => {
  small = smallClip(dir);
  large = smallClip(dir, { stem: '02-large', bytes: randomBytes(3 * fiveMiB + 1234) });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const direct = { mode: 'direct' };
const chunked = { chunkBytes: fiveMiB };
const postOf = (world: TikTokWorld): unknown => world.standIn.posts().map(({ visibility, videoSha256, text }) => ({ visibility, videoSha256, text }));

describe('a draft for the inbox', () => {
  test('is delivered with one upload and stays a draft', async () => {
    const world = new TikTokWorld();
    const publication = await world.run('a', small);
    expect(publication).toMatchObject({ state: 'draft', url: null });
    expect(world.sent.slice(0, 2)).toEqual(['POST /v2/post/publish/inbox/video/init/', 'PUT chunk']);
    expect(postOf(world)).toEqual([{ visibility: 'draft', videoSha256: small.sha256, text: '' }]);
  });

  test('needs neither creator information nor the right to post directly', async () => {
    const world = new TikTokWorld();
    const { accessToken } = world.standIn.issue({ id: 'a', name: 'a' }, ['video.upload']);
    const credentials = async () => ({ accountId: 'a', accountName: 'a', accessToken, scopes: ['video.upload'], expiresAtMs: null });
    const step = await tiktokPublisher.advance(freshPublication({ platform: 'tiktok', account: 'a' }), { ...world.context('a', small, {}), credentials });
    expect(step.state).toBe('uploading');
  });

  test('waits while the owner has five unfinished ones, and says so', async () => {
    const world = new TikTokWorld();
    for (let index = 0; index < 5; index += 1) await world.run('a', small);
    const sixth = tiktokPublisher.advance(freshPublication({ platform: 'tiktok', account: 'a' }), world.context('a', small, {}));
    await expect(sixth).rejects.toMatchObject({ kind: 'quota', code: 'spam_risk_too_many_pending_share', retryAtMs: world.nowMs + 3_600_000 });
  });

  test('that its owner posts before snvg has looked is published, with an address', async () => {
    const world = new TikTokWorld();
    const sent = await world.run('a', small, { until: ({ state }) => state === 'processing' });
    world.standIn.finishDraft(publishIdOf(sent));
    world.nowMs += 600_000;
    const done = await world.run('a', small, { from: sent });
    expect(done).toMatchObject({ state: 'published', url: expect.stringMatching(/^https:\/\/www\.tiktok\.com\/player\/v1\/\d{19}$/) });
  });
});

describe('a direct post', () => {
  test('is private unless something else is chosen, and has no address then', async () => {
    const world = new TikTokWorld();
    const publication = await world.run('a', small, { options: direct });
    expect(publication).toMatchObject({ state: 'published', url: null });
    expect(world.sent.slice(0, 3)).toEqual(['POST /v2/post/publish/creator_info/query/', 'POST /v2/post/publish/video/init/', 'PUT chunk']);
    expect(postOf(world)).toEqual([{ visibility: 'private', videoSha256: small.sha256, text: 'First words\n\nWhat they heard.\n\n#words' }]);
  });

  test('for everybody has the address that TikTok gives after moderation, with all digits of its id', async () => {
    const world = publicWorld();
    const publication = await world.run('a', small, { options: { mode: 'direct', privacy: 'PUBLIC_TO_EVERYONE' } });
    expect(publication.state).toBe('published');
    expect(publication.url).toBe(world.standIn.posts()[0]?.url);
  });

  test('whose moderation takes hours is published without an address, and says where to look', async () => {
    const world = publicWorld();
    world.standIn.house.moderationMs = 5 * 3_600_000;
    const before = await world.run('a', small, { options: { mode: 'direct', privacy: 'PUBLIC_TO_EVERYONE' } });
    expect(before).toMatchObject({ state: 'published', url: null });
    expect(world.standIn.posts()).toHaveLength(1);
  });

  test('is refused before anything is opened when the account does not offer the privacy, naming what it offers', async () => {
    const world = new TikTokWorld();
    const publication = await world.run('a', small, { options: { mode: 'direct', privacy: 'PUBLIC_TO_EVERYONE' } });
    expect(publication).toMatchObject({ state: 'failed', problem: { code: 'privacy_level_option_mismatch', remedy: expect.stringContaining('FOLLOWER_OF_CREATOR, MUTUAL_FOLLOW_FRIENDS, SELF_ONLY') } });
    expect(world.inits()).toBe(0);
  });

  test('is refused before anything is opened when the creator may not post as long a clip', async () => {
    const world = new TikTokWorld();
    world.standIn.creator('a').maxDurationSec = 20;
    const publication = await world.run('a', small, { options: direct });
    expect(publication).toMatchObject({ state: 'failed', problem: { code: 'duration_check_failed', message: expect.stringContaining('at most 20 s') } });
    expect(world.inits()).toBe(0);
  });

  test('of an app that is not audited, for more than oneself, is refused with what to do', async () => {
    const world = new TikTokWorld();
    world.standIn.creator('a').privateAccount = true;
    const publication = await world.run('a', small, { options: { mode: 'direct', privacy: 'FOLLOWER_OF_CREATOR' } });
    expect(publication).toMatchObject({ state: 'failed', problem: { code: 'unaudited_client_can_only_post_to_private_accounts', remedy: expect.stringContaining('tiktok.mode=inbox') } });
    expect(world.standIn.posts()).toEqual([]);
  });

  test('follows what the creator has switched off, and says so', async () => {
    const world = new TikTokWorld();
    Object.assign(world.standIn.creator('a'), { commentDisabled: true, stitchDisabled: true });
    const prepared = await world.run('a', small, { options: direct, until: ({ state }) => state === 'prepared' });
    const step = await tiktokPublisher.advance(prepared, world.context('a', small, direct));
    expect(step.notice?.message).toContain('comments, stitches');
    expect((await world.run('a', small, { options: direct, from: applied(prepared, step) })).state).toBe('published');
  });

  test('asks the creator again when the answer has grown old', async () => {
    const world = new TikTokWorld();
    const prepared = await world.run('a', small, { options: direct, until: ({ state }) => state === 'prepared' });
    world.nowMs += 3_600_000;
    expect((await world.run('a', small, { options: direct, from: prepared })).state).toBe('published');
    expect(world.sent.filter((line) => line.includes('creator_info'))).toHaveLength(2);
  });

  test('waits a day when TikTok counts too many', async () => {
    const world = new TikTokWorld();
    world.standIn.house.postsPerDay = 1;
    await world.run('a', small, { options: direct });
    const again = tiktokPublisher.advance(freshPublication({ platform: 'tiktok', account: 'a' }), world.context('a', small, direct));
    await expect(again).rejects.toMatchObject({ kind: 'quota', code: 'spam_risk_too_many_posts', retryAtMs: world.nowMs + 86_400_000 });
  });

  test('of a barred account asks for a person, not for patience', async () => {
    const world = new TikTokWorld();
    world.standIn.creator('a').banned = true;
    const step = tiktokPublisher.advance(freshPublication({ platform: 'tiktok', account: 'a' }), world.context('a', small, direct));
    await expect(step).rejects.toMatchObject({ kind: 'auth', code: 'spam_risk_user_banned_from_posting' });
  });
});

describe('chunks', () => {
  test('go one by one, and what was sent is kept after each', async () => {
    const world = new TikTokWorld();
    const kept: unknown[] = [];
    await world.run('a', large, { options: chunked, until: (publication) => (kept.push(sentBytesOf(publication)), false) });
    expect(kept.filter((value, index) => value !== kept[index - 1])).toEqual([0, fiveMiB, 2 * fiveMiB, large.sizeBytes]);
    expect(postOf(world)).toMatchObject([{ videoSha256: large.sha256 }]);
  });

  test('that the platform has already are not sent again: its offset counts', async () => {
    const world = new TikTokWorld();
    const afterFirst = await world.run('a', large, { options: chunked, until: (publication) => sentBytesOf(publication) === fiveMiB });
    // A kill before the second chunk's outcome was written.
    await tiktokPublisher.advance(afterFirst, world.context('a', large, chunked));
    const step = await tiktokPublisher.advance(afterFirst, world.context('a', large, chunked));
    expect(sentBytesOf(applied(afterFirst, step))).toBe(2 * fiveMiB);
    expect((await world.run('a', large, { options: chunked, from: afterFirst })).state).toBe('draft');
    expect(world.standIn.posts()).toHaveLength(1);
  });

  test('whose address has expired before the last was sent begin again', async () => {
    const world = new TikTokWorld();
    const afterFirst = await world.run('a', large, { options: chunked, until: (publication) => sentBytesOf(publication) === fiveMiB });
    world.nowMs += 3_600_001;
    const done = await world.run('a', large, { options: chunked, from: afterFirst });
    expect(done.state).toBe('draft');
    expect(world.inits()).toBe(2);
    expect(world.standIn.posts()).toHaveLength(1);
  });

  test('that never fit into the hour end as failed, with nothing posted', async () => {
    const world = new TikTokWorld();
    const done = await world.run('a', large, { options: chunked, until: (publication) => { if (sentBytesOf(publication) === fiveMiB) world.nowMs += 3_600_001; return false; } });
    expect(done).toMatchObject({ state: 'failed', problem: { code: 'attempts_exhausted' } });
    expect(world.standIn.posts()).toEqual([]);
    expect(world.inits()).toBe(5);
  });

  test('of a clip that was rendered again under way are never mixed', async () => {
    const world = new TikTokWorld();
    const afterFirst = await world.run('a', large, { options: chunked, until: (publication) => sentBytesOf(publication) === fiveMiB });
    const changed = smallClip(temporaryFolder(), { stem: '02-large', bytes: randomBytes(3 * fiveMiB + 99) });
    expect((await world.run('a', changed, { options: chunked, from: afterFirst })).state).toBe('draft');
    expect(postOf(world)).toMatchObject([{ videoSha256: changed.sha256 }]);
  });
});

describe('the committing step', () => {
  test('is written before the last chunk is sent, and sends it alone', async () => {
    const world = new TikTokWorld();
    const committing = await world.run('a', large, { options: chunked, until: ({ state }) => state === 'committing' });
    const sentBefore = world.sent.length;
    expect(world.standIn.posts()).toEqual([]);
    await tiktokPublisher.advance(committing, world.context('a', large, chunked));
    expect(world.sent.slice(sentBefore)).toEqual(['PUT chunk']);
    expect(world.standIn.posts()).toHaveLength(1);
  });

  test.each([
    ['before it took effect', 'drop-before'],
    ['after it took effect', 'drop-after'],
    ['after it took effect, half an answer', 'half-body'],
  ] as const)('whose reply is lost %s is looked up and goes on with the same upload', async (_, kind) => {
    let armed = true;
    const world = new TikTokWorld((request) => {
      const last = armed && request.method === 'PUT' && request.headers['content-range']?.endsWith(`-${large.sizeBytes - 1}/${large.sizeBytes}`);
      if (last) armed = false;
      return last ? { kind } : undefined;
    });
    const done = await world.run('a', large, { options: chunked });
    expect(done.state).toBe('draft');
    expect(world.inits()).toBe(1);
    expect(world.standIn.posts()).toHaveLength(1);
  });

  test('that is lost while the address expires is begun again only when the status shows missing bytes, and not at once', async () => {
    let armed = true;
    const world = new TikTokWorld((request) => (armed && request.method === 'PUT' ? { kind: 'drop-before' } : undefined));
    const committing = await world.run('a', small, { until: ({ state }) => state === 'committing' });
    await expect(tiktokPublisher.advance(committing, world.context('a', small, {}))).rejects.toMatchObject({ name: 'LostReply' });
    armed = false;
    world.nowMs += 3_600_001;
    const lostAtMs = world.nowMs;
    const second = await world.run('a', small, { from: committing, until: () => world.inits() === 2 });
    expect(second.state).toBe('uploading');
    expect(world.nowMs - lostAtMs).toBeGreaterThanOrEqual(180_000);
    expect((await world.run('a', small, { from: second })).state).toBe('draft');
    expect(world.standIn.posts()).toHaveLength(1);
  });

  test('of an upload that TikTok no longer knows becomes a question, never a second upload', async () => {
    const world = new TikTokWorld();
    const committing = await world.run('a', small, { until: ({ state }) => state === 'committing' });
    const handle = committing.handle as { upload: { publishId: string } };
    const forgotten: Publication = { ...committing, handle: { ...handle, upload: { ...handle.upload, publishId: 'v_inbox_file~v2.1' } } };
    world.nowMs += 20 * 60_000;
    const found = await tiktokPublisher.lookup(forgotten, world.context('a', small, {}));
    expect(found).toMatchObject({ undecided: { question: expect.stringContaining('v_inbox_file~v2.1'), reason: expect.stringContaining('no longer knows') } });
    expect(world.inits()).toBe(1);
  });
});

describe('a login that ends under way (postiz-app#1682, AiToEarn#586, trypost#281)', () => {
  test('after the upload: the status is asked again with the new login, one upload, one post', async () => {
    const world = publicWorld();
    const options = { mode: 'direct', privacy: 'PUBLIC_TO_EVERYONE' };
    const processing = await world.run('a', small, { options, until: ({ state }) => state === 'processing' });
    world.standIn.expireToken(world.tokenOf('a'));
    const refused = tiktokPublisher.advance(processing, world.context('a', small, options));
    await expect(refused).rejects.toMatchObject({ kind: 'auth', code: 'access_token_invalid' });
    world.login('a');
    const done = await world.run('a', small, { options, from: processing });
    expect(done.state).toBe('published');
    expect(world.inits()).toBe(1);
    expect(world.standIn.posts()).toHaveLength(1);
  });

  test('between announcement and bytes: the upload that was announced is used', async () => {
    const world = new TikTokWorld();
    const uploading = await world.run('a', small, { until: ({ state }) => state === 'uploading' });
    world.standIn.expireToken(world.tokenOf('a'));
    const done = await world.run('a', small, { from: uploading });
    expect(done.state).toBe('draft');
    expect(world.inits()).toBe(1);
  });

  test('with a lost last chunk: the look-up waits for the new login and finds the post', async () => {
    const world = new TikTokWorld((request) => (request.method === 'PUT' ? { kind: 'drop-after' } : undefined));
    const committing = await world.run('a', small, { until: ({ state }) => state === 'committing' });
    await expect(tiktokPublisher.advance(committing, world.context('a', small, {}))).rejects.toMatchObject({ name: 'LostReply' });
    world.standIn.expireToken(world.tokenOf('a'));
    await expect(tiktokPublisher.lookup(committing, world.context('a', small, {}))).rejects.toMatchObject({ kind: 'auth' });
    expect((await world.run('a', small, { from: committing })).state).toBe('draft');
    expect(world.inits()).toBe(1);
    expect(world.standIn.posts()).toHaveLength(1);
  });

  test('another account’s login cannot settle it', async () => {
    const world = new TikTokWorld();
    const processing = await world.run('a', small, { until: ({ state }) => state === 'processing' });
    const step = tiktokPublisher.advance(processing, { ...world.context('b', small, {}) });
    await expect(step).rejects.toMatchObject({ kind: 'auth', code: 'token_not_authorized_for_specified_publish_id' });
  });
});

describe('what TikTok gives up', () => {
  test('for reasons of its own is uploaded anew: nothing was posted', async () => {
    const world = new TikTokWorld();
    world.standIn.failNext('internal');
    const done = await world.run('a', small);
    expect(done.state).toBe('draft');
    expect(world.inits()).toBe(2);
    expect(world.standIn.posts()).toHaveLength(1);
  });

  test.each(['file_format_check_failed', 'duration_check_failed', 'frame_rate_check_failed', 'picture_size_check_failed', 'spam_risk', 'spam_risk_text', 'spam_risk_user_banned_from_posting', 'auth_removed', 'a_reason_of_tomorrow'])(
    'for %s ends as failed with a remedy, and can be begun again by a person',
    async (reason) => {
      const world = new TikTokWorld();
      world.standIn.failNext(reason);
      const done = await world.run('a', small);
      expect(done).toMatchObject({ state: 'failed', problem: { code: reason, remedy: expect.stringMatching(/\S/) } });
      expect(world.standIn.posts()).toEqual([]);
      const again = await world.run('a', small, { from: { ...done, state: 'prepared' } });
      expect(again.state).toBe('draft');
      expect(world.standIn.posts()).toHaveLength(1);
    },
  );

  test('for too many posts waits a day, then begins again', async () => {
    const world = new TikTokWorld();
    world.standIn.failNext('spam_risk_too_many_posts');
    const failedAt = await world.run('a', small, { until: ({ state, handle }) => state === 'claimed' && handle !== null });
    await expect(tiktokPublisher.advance(failedAt, world.context('a', small, {}))).rejects.toMatchObject({ kind: 'quota', code: 'spam_risk_too_many_posts' });
    expect((await world.run('a', small, { from: failedAt })).state).toBe('draft');
  });

  test('and a poll without an end becomes a question after a day', async () => {
    const world = new TikTokWorld();
    world.standIn.house.processingMs = 10 * 86_400_000;
    const beganMs = world.nowMs;
    const done = await world.run('a', small);
    expect(done).toMatchObject({ state: 'unknown', problem: { question: expect.stringContaining('in the inbox') } });
    expect(world.nowMs - beganMs).toBeLessThan(86_400_000 + 600_000);
    expect(world.sent.filter((line) => line.includes('status')).length).toBeLessThan(350);
    // It ends by itself when TikTok has come to an end meanwhile.
    world.standIn.house.processingMs = 0;
    world.nowMs += 10 * 86_400_000;
    expect((await world.run('a', small, { from: done })).state).toBe('draft');
  });
});

describe('cancelling', () => {
  test('abandons what has not got its last chunk', async () => {
    const world = new TikTokWorld();
    expect(await cancel(world, freshPublication({ platform: 'tiktok', account: 'a' }))).toMatchObject({ state: 'cancelled' });
    const uploading = await world.run('a', large, { options: chunked, until: (publication) => sentBytesOf(publication) === fiveMiB });
    expect(await cancel(world, uploading)).toMatchObject({ state: 'cancelled' });
    world.nowMs += 86_400_000;
    expect(world.standIn.posts()).toEqual([]);
  });

  test('of a lost last chunk waits until it can no longer arrive', async () => {
    const world = new TikTokWorld();
    const committing = await world.run('a', large, { options: chunked, until: ({ state }) => state === 'committing' });
    await expect(cancel(world, committing)).rejects.toMatchObject({ kind: 'retry', code: 'upload_unsettled' });
    world.nowMs += 3_500_000;
    await expect(cancel(world, committing)).rejects.toMatchObject({ code: 'upload_unsettled' });
    world.nowMs += 300_000;
    expect(await cancel(world, committing)).toMatchObject({ state: 'cancelled' });
  });

  test.each([
    ['publish_not_cancellable', 0],
    ['draft_delivered', 60_000],
  ])('is refused as %s once TikTok has the whole clip', async (code, laterMs) => {
    const world = new TikTokWorld();
    const processing = await world.run('a', large, { options: chunked, until: ({ state }) => state === 'processing' });
    world.nowMs += laterMs;
    const refusal = await cancel(world, processing).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refusal).toBeInstanceOf(PlatformFault);
    expect(refusal).toMatchObject({ kind: 'refused', code, remedy: expect.stringContaining('app') });
  });

  test('never deletes a post', async () => {
    const world = new TikTokWorld();
    const published = await world.run('a', small, { options: direct });
    await expect(cancel(world, published)).rejects.toMatchObject({ kind: 'refused', code: 'published' });
    expect(world.standIn.posts()).toHaveLength(1);
  });
});

function cancel(world: TikTokWorld, publication: Publication): Promise<{ state: string }> {
  return tiktokPublisher.cancel(publication, world.context('a', large, chunked));
}

function publicWorld(): TikTokWorld {
  const world = new TikTokWorld();
  world.standIn.house.audited = true;
  world.standIn.creator('a').privateAccount = false;
  return world;
}

function uploadOf(publication: Publication): { sentBytes: number; publishId: string } | null {
  return (publication.handle?.['upload'] ?? null) as { sentBytes: number; publishId: string } | null;
}

function sentBytesOf(publication: Publication): number | undefined {
  return uploadOf(publication)?.sentBytes;
}

function publishIdOf(publication: Publication): string {
  return uploadOf(publication)?.publishId ?? '';
}
