import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LostReply } from '../../src/publishers/faults.js';
import { instagramPublisher as publisher } from '../../src/publishers/instagram/index.js';
import type { Publication } from '../../src/publishers/publisher.js';
import { uploadError } from '../../src/sandbox/instagram/graph-answers.js';
import { applied, drive } from '../support/drive-publication.js';
import { allScopes, instagramStage, type InstagramStage } from '../support/instagram-stage.js';

function run(stage: InstagramStage, start: Publication = stage.publication, more: Partial<Parameters<typeof drive>[1]> = {}): Promise<Publication> {
  return drive(start, { publisher, context: stage.context, clock: stage.clock, ...more });
}

async function advanceTo(stage: InstagramStage, state: Publication['state'], start: Publication = stage.publication): Promise<Publication> {
  let current = start;
  for (let step = 0; step < 10 && current.state !== state; step += 1) {
    current = applied(current, await publisher.advance(current, stage.context));
    stage.clock.advance(60_000);
  }
  expect(current.state).toBe(state);
  return current;
}

const oneReel = (stage: InstagramStage): void => {
  expect(stage.standIn.posts().map(({ videoSha256 }) => videoSha256)).toEqual([stage.clip.sha256]);
};

test('a clip becomes a Reel, step by step, with its text, its cover and its address', async () => {
  const stage = instagramStage({ options: { shareToFeed: false, thumbOffsetMs: 1500, collaborators: ['@anna'], locationId: '76', audioName: 'Talk' } });
  const states: string[] = [];
  const done = await run(stage, stage.publication, { seen: ({ state }) => states.push(state) });
  expect(states).toEqual(['uploading', 'processing', 'processing', 'committing', 'processing', 'published']);
  expect(done.url).toMatch(/^https:\/\/www\.instagram\.com\/reel\/\w+\/$/);
  const [post] = stage.standIn.posts();
  expect(post).toMatchObject({ url: done.url, text: 'First words\n\nWhat they heard.\n\n#words', videoSha256: stage.clip.sha256, visibility: 'public' });
  oneReel(stage);
});

test('no token is ever part of an address', async () => {
  const stage = instagramStage();
  await run(stage);
  expect(stage.asked.filter((line) => line.includes(stage.accessToken))).toEqual([]);
});

test('the container is remembered before a byte of the film is sent', async () => {
  const stage = instagramStage();
  const first = applied(stage.publication, await publisher.advance(stage.publication, stage.context));
  expect(first).toMatchObject({ state: 'uploading', handle: { containerId: expect.stringMatching(/^\d+$/), createdMs: expect.any(Number), uri: expect.stringContaining('rupload.facebook.com') } });
  expect(stage.asked.some((line) => line.includes('rupload'))).toBe(false);
});

test('an upload that breaks off goes on where it broke, with no byte sent twice', async () => {
  const bytes = new Uint8Array(500_000).map((_, index) => index % 251);
  const stage = instagramStage({ bytes });
  const offsets: string[] = [];
  let sent = 0;
  const { http } = stage.context;
  const context = {
    ...stage.context,
    http: {
      send: async (request: Parameters<typeof http.send>[0]) => {
        if (!request.url.includes('rupload') || typeof request.body !== 'object' || !('path' in request.body)) return http.send(request);
        offsets.push(request.headers?.['offset'] ?? '');
        // The connection breaks after part of what was to come; Meta counts what arrived.
        const cut = offsets.length < 3 ? { ...request.body, endByte: request.body.startByte + 123_456 } : request.body;
        sent += cut.endByte - cut.startByte;
        const answer = await http.send({ ...request, body: cut });
        if (offsets.length < 3) throw new LostReply('the connection broke');
        return answer;
      },
    },
  };
  const done = await drive(stage.publication, { publisher, context, clock: stage.clock });
  expect(done.state).toBe('published');
  expect(offsets).toEqual(['0', '123456', '246912']);
  expect(sent).toBe(bytes.length);
  oneReel(stage);
});

test('where Instagram does not tell how much has arrived, a broken upload begins again in another container', async () => {
  const stage = instagramStage();
  stage.standIn.hidesVideoStatus = true;
  const { http } = stage.context;
  let broken = false;
  const breaking = {
    send: async (request: Parameters<typeof http.send>[0]) => {
      if (broken || !request.url.includes('rupload') || typeof request.body !== 'object' || !('path' in request.body)) return http.send(request);
      broken = true;
      await http.send({ ...request, body: { ...request.body, endByte: 2 } });
      throw new LostReply('the connection broke');
    },
  };
  expect(await drive(stage.publication, { publisher, context: { ...stage.context, http: breaking }, clock: stage.clock })).toMatchObject({ state: 'published' });
  expect(stage.asked.filter((line) => line.startsWith('POST') && line.endsWith('/media'))).toHaveLength(2);
  oneReel(stage);
});

test('a login that ends between upload and publishing leads to one container and one post (the kind of postiz#1682, trypost#281)', async () => {
  const stage = instagramStage();
  const uploaded = await advanceTo(stage, 'processing');
  stage.standIn.login.expire(stage.accessToken);
  await expect(publisher.advance(uploaded, stage.context)).rejects.toMatchObject({ kind: 'auth', code: '190/463' });
  const { accessToken } = stage.standIn.issue({ id: stage.publication.account, name: 'clips.of.anna' }, allScopes);
  const renewed = { ...stage.context, credentials: async () => ({ ...(await stage.context.credentials()), accessToken }) };
  expect(await drive(uploaded, { publisher, context: renewed, clock: stage.clock })).toMatchObject({ state: 'published' });
  expect(stage.asked.filter((line) => line.startsWith('POST') && line.endsWith('/media'))).toHaveLength(1);
  oneReel(stage);
});

test('a clip made anew while its upload lay half done is uploaded from the start', async () => {
  const stage = instagramStage();
  const uploading = await advanceTo(stage, 'uploading');
  writeFileSync(stage.clip.videoPath, 'another film');
  const sha256 = createHash('sha256').update('another film').digest('hex');
  const context = { ...stage.context, clip: { ...stage.clip, sha256, sizeBytes: 12 } };
  const done = await drive(uploading, { publisher, context, clock: stage.clock });
  expect(done.state).toBe('published');
  expect(stage.standIn.posts().map(({ videoSha256 }) => videoSha256)).toEqual([sha256]);
});

test('a container that ran out of time is replaced, however often', async () => {
  const stage = instagramStage();
  let current = stage.publication;
  for (let day = 0; day < 4; day += 1) {
    current = await advanceTo(stage, 'uploading', current);
    stage.clock.advance(25 * 60 * 60_000);
    current = applied(current, await publisher.advance(current, stage.context));
    expect(current.state).toBe('claimed');
  }
  expect((await run(stage, current)).state).toBe('published');
  oneReel(stage);
});

test.each([
  ['2207053 (new container)', 2207053],
  ['2207020 (new container)', 2207020],
])('a film that Instagram fails on once is uploaded again: %s', async (_name, subcode) => {
  const stage = instagramStage();
  stage.standIn.spoilNext(subcode);
  expect((await run(stage)).state).toBe('published');
  oneReel(stage);
});

test('a film that Instagram fails on three times, or cannot read, ends as failed with the reason', async () => {
  const stage = instagramStage();
  for (let index = 0; index < 3; index += 1) stage.standIn.spoilNext(2207053);
  expect(await run(stage)).toMatchObject({ state: 'failed', handle: null, problem: { code: 'REMOTE_REFUSED', message: expect.stringContaining('2207053') } });
  const unreadable = instagramStage();
  unreadable.standIn.spoilNext(2207026);
  expect(await run(unreadable)).toMatchObject({ state: 'failed', problem: { message: expect.stringContaining('2207026') } });
  expect(unreadable.asked.filter((line) => line.startsWith('POST') && line.endsWith('/media'))).toHaveLength(1);
  expect([...stage.standIn.posts(), ...unreadable.standIn.posts()]).toEqual([]);
});

test('looking at a film that is never ready has an end, about half an hour later', async () => {
  const stage = instagramStage();
  stage.standIn.processingMs = Number.MAX_SAFE_INTEGER;
  const before = stage.clock.nowMs();
  expect(await run(stage)).toMatchObject({ state: 'failed', handle: null, problem: { code: 'REMOTE_UNAVAILABLE', remedy: expect.stringContaining('--retry') } });
  const looks = stage.asked.filter((line) => line.startsWith('GET') && line.includes('status_code')).length;
  expect(looks).toBeLessThanOrEqual(31);
  expect((stage.clock.nowMs() - before) / 60_000).toBeCloseTo(29, 0);
});

test('Meta is asked about a container no more than once a minute, after the first look', async () => {
  const stage = instagramStage();
  stage.standIn.processingMs = 5 * 60_000;
  const times: number[] = [];
  await run(stage, stage.publication, { seen: ({ state }) => state === 'processing' && times.push(stage.clock.nowMs()) });
  const gaps = times.slice(2, -1).map((time, index) => time - (times[index + 1] ?? 0));
  expect(gaps.length).toBeGreaterThan(2);
  expect(gaps.every((gap) => gap >= 60_000)).toBe(true);
});

test('when the posts of 24 hours are used up nothing is uploaded, and it is tried again later', async () => {
  const stage = instagramStage();
  stage.standIn.quotaTotal = 0;
  await expect(publisher.advance(stage.publication, stage.context)).rejects.toMatchObject({ kind: 'quota', code: 'content_publishing_limit', retryAtMs: stage.clock.nowMs() + 3_600_000 });
  expect(stage.asked.some((line) => line.startsWith('POST'))).toBe(false);
});

test.each([
  [{ status: 400, code: 9, subcode: 2207042 }, 'quota', '9/2207042'],
  [{ status: 400, code: 4, subcode: 2207051 }, 'refused', '4/2207051'],
  [{ status: 400, code: 1, subcode: 2207057 }, 'refused', '1/2207057'],
  [{ status: 401, code: 190, subcode: 463 }, 'auth', '190/463'],
  [{ status: 403, code: 10 }, 'auth', '10'],
  [{ status: 403, code: 200 }, 'auth', '200'],
  [{ status: 400, code: 25, subcode: 2207050 }, 'auth', '25/2207050'],
  [{ status: 403, code: 4 }, 'retry', '4'],
  [{ status: 400, code: 17 }, 'retry', '17'],
  [{ status: 400, code: 32 }, 'retry', '32'],
  [{ status: 400, code: 613 }, 'retry', '613'],
] as const)('publishing that is refused with %o is a %s, and nothing is public', async (error, kind, code) => {
  const stage = instagramStage();
  const committing = await advanceTo(stage, 'committing');
  stage.standIn.answerNextPublish(error);
  const nowMs = stage.clock.nowMs();
  const retryAtMs = { quota: nowMs + 24 * 3_600_000, retry: nowMs + 10 * 60_000, auth: undefined, refused: undefined }[kind];
  await expect(publisher.advance(committing, stage.context)).rejects.toMatchObject({ name: 'PlatformFault', kind, code, retryAtMs });
  expect(stage.standIn.posts()).toEqual([]);
});

test.each([
  ['-1/2207001', { status: 400, code: -1, subcode: 2207001 }],
  ['-1/2207032', { status: 400, code: -1, subcode: 2207032 }],
  ['-2/2207003', { status: 400, code: -2, subcode: 2207003 }],
  ['24/2207008', { status: 400, code: 24, subcode: 2207008 }],
  ['9007/2207027', { status: 400, code: 9007, subcode: 2207027 }],
  ['-2/2207020', { status: 400, code: -2, subcode: 2207020 }],
] as const)('publishing that fails for a while (%s) is tried again, then with another container, and posts once', async (_name, error) => {
  const stage = instagramStage();
  for (let index = 0; index < 4; index += 1) stage.standIn.answerNextPublish(error);
  expect((await run(stage)).state).toBe('published');
  expect(stage.asked.filter((line) => line.startsWith('POST') && line.endsWith('/media'))).toHaveLength(2);
  oneReel(stage);
});

test.each([
  ['4/2207051', { status: 400, code: 4, subcode: 2207051 }],
  ['-1/2207001', { status: 400, code: -1, subcode: 2207001 }],
  ['4', { status: 403, code: 4 }],
  ['500', { status: 500, code: 1 }],
] as const)('a post that went online although the answer was %s is noticed, and not posted again', async (_name, error) => {
  const stage = instagramStage();
  stage.standIn.answerNextPublish(error, true);
  const done = await run(stage);
  expect(done).toMatchObject({ state: 'published', url: stage.standIn.posts()[0]?.url });
  oneReel(stage);
});

test('the usage header says when calls are allowed again', async () => {
  const stage = instagramStage();
  stage.faults(() => ({ kind: 'status', status: 429 }));
  await expect(publisher.advance(stage.publication, stage.context)).rejects.toMatchObject({ kind: 'retry', code: '4', retryAtMs: stage.clock.nowMs() + 60_000 });
});

test.each([
  ['retriable, under 200', uploadError(200, 'ProcessingFailedError', true, 'try later'), 'published', 1],
  ['a part only, under 206', uploadError(206, 'PartialRequestError', true, 'Partial request'), 'published', 1],
  ['a wrong offset', uploadError(400, 'OffsetInvalidError', true, 'Request starting offset is invalid'), 'published', 1],
  ['not retriable, under 200', uploadError(200, 'ProcessingFailedError', false, 'Request processing failed'), 'published', 2],
  ['neither success nor reason', { status: 200, body: { success: false } }, 'published', 1],
  ['a server error', { status: 503, body: 'upstream' }, 'published', 1],
] as const)('the upload server answers: %s', async (_name, answer, state, containers) => {
  const stage = instagramStage();
  stage.standIn.answerNextUpload(answer);
  expect((await run(stage)).state).toBe(state);
  expect(stage.asked.filter((line) => line.startsWith('POST') && line.endsWith('/media'))).toHaveLength(containers);
  oneReel(stage);
});

test('a login that ends during the upload is told apart from a broken upload', async () => {
  const stage = instagramStage();
  const uploading = await advanceTo(stage, 'uploading');
  stage.standIn.answerNextUpload(uploadError(200, 'ProcessingFailedError', false, '{"success":false,"error":{"message":"unauthorized user request"}}'));
  await expect(publisher.advance(uploading, stage.context)).rejects.toMatchObject({ kind: 'auth' });
});

test('a lost answer to publishing is looked up: the container says what became of it', async () => {
  const stage = instagramStage();
  const committing = await advanceTo(stage, 'committing');
  expect(await publisher.lookup(committing, stage.context)).toMatchObject({ absent: { state: 'processing' } });
  stage.faults((request) => (request.url.pathname.endsWith('/media_publish') ? { kind: 'drop-after' } : undefined));
  await expect(publisher.advance(committing, stage.context)).rejects.toBeInstanceOf(LostReply);
  stage.faults(() => undefined);
  const lookup = await publisher.lookup(committing, stage.context);
  expect(lookup).toMatchObject({ found: { state: 'processing', spent: { posts: 1 } } });
  if (!('found' in lookup)) throw new Error('it was not found');
  expect(await run(stage, applied(committing, lookup.found))).toMatchObject({ state: 'published', url: stage.standIn.posts()[0]?.url });
});

test('lookup after a day in which nothing was published begins again with another container', async () => {
  const stage = instagramStage();
  const committing = await advanceTo(stage, 'committing');
  stage.clock.advance(25 * 3_600_000);
  const lookup = await publisher.lookup(committing, stage.context);
  expect(lookup).toMatchObject({ absent: { state: 'claimed' } });
  if (!('absent' in lookup)) throw new Error('it was not absent');
  expect(lookup.absent.handle).not.toHaveProperty('containerId');
});

test('when the container cannot be seen any more the list of posts decides, or a person', async () => {
  const stage = instagramStage();
  const committing = await advanceTo(stage, 'committing');
  const { handle } = committing;
  await publisher.advance(committing, stage.context);
  stage.standIn.forget(String(handle?.['containerId']));
  expect(await publisher.lookup(committing, stage.context)).toMatchObject({ found: { state: 'published', url: stage.standIn.posts()[0]?.url } });

  const other = instagramStage();
  const waiting = await advanceTo(other, 'committing');
  other.standIn.forget(String(waiting.handle?.['containerId']));
  other.standIn.postByHand({ id: other.publication.account }, 'something else');
  expect(await publisher.lookup(waiting, other.context)).toMatchObject({ undecided: { question: expect.stringContaining('“First words” on the Instagram profile clips.of.anna since 2027-01-15') } });
});

test('after publishing was asked for, neither a refused question nor the end of looking says that nothing is public', async () => {
  const stage = instagramStage();
  const committing = await advanceTo(stage, 'committing');
  stage.standIn.answerNextPublish({ status: 400, code: -1, subcode: 2207001 });
  const waiting = applied(committing, await publisher.advance(committing, stage.context));
  expect(waiting).toMatchObject({ state: 'processing', handle: { committed: true } });

  stage.faults(() => ({ kind: 'status', status: 400 }));
  expect(await publisher.advance(waiting, stage.context)).toMatchObject({ state: 'unknown', problem: { code: 'PUBLICATION_UNKNOWN', question: expect.stringContaining('“First words”'), message: expect.stringContaining('100') } });
  stage.faults(() => undefined);
  const at = { ...waiting, handle: { ...waiting.handle, polls: 29 } };
  const busy = { ...stage.context, http: { send: async () => ({ status: 200, headers: {}, text: '{"id":"1","status_code":"IN_PROGRESS"}' }) } };
  expect(await publisher.advance(at, busy)).toMatchObject({ state: 'unknown', problem: { message: expect.stringContaining('still at work') } });

  // Before, a refusal is one: nothing is public.
  const { publication } = instagramStage();
  const before = { ...publication, state: 'processing' as const, handle: { ...waiting.handle, committed: false } };
  stage.faults(() => ({ kind: 'status', status: 400 }));
  await expect(publisher.advance(before, stage.context)).rejects.toMatchObject({ kind: 'refused' });
});

test('a container that vanishes after publishing was asked for is looked for among the posts', async () => {
  const stage = instagramStage();
  const committing = await advanceTo(stage, 'committing');
  await publisher.advance(committing, stage.context);
  stage.standIn.forget(String(committing.handle?.['containerId']));
  expect(await publisher.advance({ ...committing, state: 'processing' }, stage.context)).toMatchObject({ state: 'published', url: stage.standIn.posts()[0]?.url });
});

test('an older post with the same text is never taken for this one', async () => {
  const stage = instagramStage();
  stage.standIn.postByHand({ id: stage.publication.account }, 'First words\n\nWhat they heard.\n\n#words');
  const committing = await advanceTo(stage, 'committing');
  stage.standIn.forget(String(committing.handle?.['containerId']));
  expect(await publisher.lookup(committing, stage.context)).toHaveProperty('undecided');
});

test('a post whose address Instagram does not tell is published all the same', async () => {
  const stage = instagramStage();
  const committing = await advanceTo(stage, 'committing');
  const isPublic = applied(committing, await publisher.advance(committing, stage.context));
  stage.faults((request) => (request.method === 'GET' ? { kind: 'status', status: 503 } : undefined));
  expect(await run(stage, isPublic)).toMatchObject({ state: 'published', url: null });
  oneReel(stage);
});

test('what is not public can be taken back, what is public cannot', async () => {
  const stage = instagramStage();
  expect(await publisher.cancel(stage.publication, stage.context)).toEqual({ state: 'cancelled', handle: null });
  const committing = await advanceTo(stage, 'committing');
  expect(await publisher.cancel(committing, stage.context)).toEqual({ state: 'cancelled', handle: null });
  const isPublic = applied(committing, await publisher.advance(committing, stage.context));
  await expect(publisher.cancel(isPublic, stage.context)).rejects.toMatchObject({ kind: 'refused' });
  await expect(publisher.cancel(committing, stage.context)).rejects.toMatchObject({ kind: 'refused' });
});

test('a missing permission is said before anything is uploaded', async () => {
  const stage = instagramStage({ scopes: ['instagram_basic', 'pages_read_engagement'] });
  await expect(publisher.advance(stage.publication, stage.context)).rejects.toMatchObject({ kind: 'auth', message: expect.stringContaining('instagram_content_publish') });
});

test('a token is sent to no other host than the upload server, whatever the container names', async () => {
  const stage = instagramStage();
  const uploading = await advanceTo(stage, 'uploading');
  await publisher.advance({ ...uploading, handle: { ...uploading.handle, uri: 'https://rupload.facebook.com.evil.example/x' } }, stage.context);
  expect(stage.asked.at(-1)).toBe(`POST https://rupload.facebook.com/ig-api-upload/v25.0/${String(uploading.handle?.['containerId'])}`);
});
