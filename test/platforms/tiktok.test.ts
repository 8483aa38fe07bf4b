import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { HttpAnswer, HttpRequest } from '../../src/publishers/http.js';
import { inProcessTransport } from '../../src/sandbox/in-process.js';
import { TikTokStandIn } from '../../src/sandbox/tiktok/index.js';

const api = 'https://open.tiktokapis.com';
const directInit = '/v2/post/publish/video/init/';
const inboxInit = '/v2/post/publish/inbox/video/init/';
const statusFetch = '/v2/post/publish/status/fetch/';
const creatorQuery = '/v2/post/publish/creator_info/query/';
const megabyte = 1_000_000;

const dir = mkdtempSync(join(tmpdir(), 'snvg-test-'));
const path = join(dir, 'film.mp4');
const bytes = randomBytes(11 * megabyte);
const whole = { source: 'FILE_UPLOAD', video_size: 100, chunk_size: 100, total_chunk_count: 1 };
const twoChunks = { source: 'FILE_UPLOAD', video_size: 11 * megabyte, chunk_size: 5 * megabyte, total_chunk_count: 2 };
const post = { title: 'Words', privacy_level: 'SELF_ONLY', brand_content_toggle: false };

beforeAll(() => writeFileSync(path, bytes));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let nowMs: number;
let standIn: TikTokStandIn;
let token: string;

beforeEach(() => {
  nowMs = 1_800_000_000_000;
  standIn = new TikTokStandIn({ nowMs: () => nowMs });
  token = standIn.issue({ id: 'a', name: 'Ann' }).accessToken;
});

function send(request: Omit<HttpRequest, 'signal'>): Promise<HttpAnswer> {
  return inProcessTransport([standIn]).send({ ...request, signal: new AbortController().signal });
}

async function call(route: string, body?: unknown, headers: Record<string, string> = {}): Promise<{ status: number; code: string; data: Record<string, unknown>; text: string }> {
  const { status, text } = await send({
    method: 'POST',
    url: `${api}${route}`,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json; charset=UTF-8', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = JSON.parse(text) as { data: Record<string, unknown>; error: { code: string; message: string; log_id: string } };
  expect(answer.error).toMatchObject({ message: expect.any(String), log_id: expect.stringMatching(/^[0-9A-F]{32}$/) });
  return { status, code: answer.error.code, data: answer.data, text };
}

async function opened(source: object = whole): Promise<{ publishId: string; uploadUrl: string }> {
  const { code, data } = await call(inboxInit, { source_info: source });
  expect(code).toBe('ok');
  return { publishId: String(data['publish_id']), uploadUrl: String(data['upload_url']) };
}

async function put(uploadUrl: string, startByte: number, endByte: number, changes: { total?: number; headers?: Record<string, string> } = {}): Promise<{ status: number; range: string | undefined }> {
  const headers = { 'content-type': 'video/mp4', 'content-range': `bytes ${startByte}-${endByte - 1}/${changes.total ?? 11 * megabyte}`, ...changes.headers };
  const answer = await send({ method: 'PUT', url: uploadUrl, headers, body: { path, startByte, endByte } });
  return { status: answer.status, range: answer.headers['content-range'] };
}

async function statusOf(publishId: string): Promise<Record<string, unknown>> {
  const { code, data } = await call(statusFetch, { publish_id: publishId });
  expect(code).toBe('ok');
  return data;
}

function init(info: object): ReturnType<typeof call> {
  return call(directInit, { post_info: info, source_info: whole });
}

function whoami(fields: string): Promise<HttpAnswer> {
  return send({ method: 'GET', url: `${api}/v2/user/info/?fields=${fields}`, headers: { authorization: `Bearer ${token}` } });
}

function tokenAnswer(body: string, type = 'application/x-www-form-urlencoded'): Promise<HttpAnswer> {
  return send({ method: 'POST', url: `${api}/v2/oauth/token/`, headers: { 'content-type': type }, body });
}

async function* cutBody(): AsyncIterable<Uint8Array> {
  yield bytes.subarray(0, 1000);
  throw new Error('cut');
}

describe('who may do what', () => {
  test.each([
    [creatorQuery, ['video.upload'], undefined],
    [directInit, ['video.upload'], { post_info: post, source_info: whole }],
    [inboxInit, ['video.publish'], { source_info: whole }],
    [statusFetch, ['user.info.basic'], { publish_id: 'x' }],
  ] as const)('%s needs its scope', async (route, scopes, body) => {
    token = standIn.issue({ id: 'a', name: 'Ann' }, scopes).accessToken;
    expect(await call(route, body)).toMatchObject({ status: 401, code: 'scope_not_authorized' });
  });

  test('a token that is missing, unknown or a day old is invalid', async () => {
    expect(await call(inboxInit, { source_info: whole }, { authorization: '' })).toMatchObject({ status: 401, code: 'access_token_invalid' });
    expect(await call(inboxInit, { source_info: whole }, { authorization: 'Bearer x' })).toMatchObject({ status: 401, code: 'access_token_invalid' });
    nowMs += 86_400_000;
    expect(await call(inboxInit, { source_info: whole })).toMatchObject({ status: 401, code: 'access_token_invalid' });
  });

  test('another account’s upload is neither shown nor unknown', async () => {
    const { publishId } = await opened();
    token = standIn.issue({ id: 'b', name: 'Bob' }).accessToken;
    expect(await call(statusFetch, { publish_id: publishId })).toMatchObject({ status: 400, code: 'token_not_authorized_for_specified_publish_id' });
    expect(await call(statusFetch, { publish_id: 'v_pub_file~v2.9' })).toMatchObject({ status: 400, code: 'invalid_publish_id' });
  });
});

describe('requests', () => {
  test.each([
    ['an unknown field', { source_info: { ...whole, chunks: 1 } }],
    ['an unknown object', { source_info: whole, post: {} }],
    ['a missing object', {}],
    ['a number as text', { source_info: { ...whole, video_size: '100' } }],
    ['a fraction', { source_info: { ...whole, video_size: 99.5 } }],
    ['another source', { source_info: { ...whole, source: 'FTP' } }],
    ['post_info for a draft', { source_info: whole, post_info: post }],
  ])('refuse %s', async (_, body) => {
    expect(await call(inboxInit, body)).toMatchObject({ status: 400, code: 'invalid_param' });
    expect(standIn.uploadsBegun).toBe(0);
  });

  test('must be JSON that says so', async () => {
    expect(await call(inboxInit, { source_info: whole }, { 'content-type': 'text/plain' })).toMatchObject({ status: 400, code: 'invalid_params' });
    const broken = await send({ method: 'POST', url: `${api}${inboxInit}`, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: '{"source_info"' });
    expect(JSON.parse(broken.text)).toMatchObject({ error: { code: 'invalid_params' } });
  });

  test('to unknown addresses and by other methods are answered in TikTok’s form', async () => {
    expect(await call('/v2/post/publish/video/')).toMatchObject({ status: 404, code: 'invalid_params' });
    const answer = await send({ method: 'GET', url: `${api}${statusFetch}`, headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(404);
  });

  test.each([
    ['a video of 5 MB and less is uploaded whole', { video_size: 4 * megabyte, chunk_size: 2 * megabyte, total_chunk_count: 2 }],
    ['a chunk has at least 5 MB', { video_size: 11 * megabyte, chunk_size: 4 * megabyte, total_chunk_count: 2 }],
    ['a chunk has at most 64 MB', { video_size: 100 * megabyte, chunk_size: 70 * megabyte, total_chunk_count: 1 }],
    ['the count is rounded down', { video_size: 11 * megabyte, chunk_size: 5 * megabyte, total_chunk_count: 3 }],
    ['a chunk is no larger than the video', { video_size: 6 * megabyte, chunk_size: 7 * megabyte, total_chunk_count: 1 }],
    ['a video has at most 4 GB', { video_size: 5000 * megabyte, chunk_size: 50 * megabyte, total_chunk_count: 100 }],
  ])('%s', async (_, source) => {
    expect(await call(inboxInit, { source_info: { source: 'FILE_UPLOAD', ...source } })).toMatchObject({ status: 400, code: 'invalid_param' });
  });

  test('are counted by the minute, token and endpoint', async () => {
    for (let index = 0; index < 6; index += 1) await opened();
    expect(await call(inboxInit, { source_info: whole })).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
    expect((await call(creatorQuery)).code).toBe('ok');
    nowMs += 60_000;
    const { publishId } = await opened();
    for (let index = 0; index < 30; index += 1) await statusOf(publishId);
    expect(await call(statusFetch, { publish_id: publishId })).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
  });
});

describe('a direct post', () => {
  test('needs creator information that is minutes old', async () => {
    expect(await init(post)).toMatchObject({ status: 400, code: 'invalid_param' });
    expect(await call(creatorQuery)).toMatchObject({ code: 'ok', data: { privacy_level_options: ['FOLLOWER_OF_CREATOR', 'MUTUAL_FOLLOW_FRIENDS', 'SELF_ONLY'], max_video_post_duration_sec: 600, comment_disabled: false } });
    expect((await init(post)).code).toBe('ok');
    nowMs += 15 * 60_000 + 1;
    expect((await init(post)).code).toBe('invalid_param');
  });

  test.each([
    ['a title of 2201 units', { title: `${'👩‍🚀'.repeat(440)}x` }, 'invalid_param', 400],
    ['a title that is no text', { title: 1 }, 'invalid_param', 400],
    ['no privacy', { privacy_level: undefined }, 'invalid_param', 400],
    ['an unknown field', { hashtags: [] }, 'invalid_param', 400],
    ['a flag that is none', { is_aigc: 'yes' }, 'invalid_param', 400],
    ['a cover before the beginning', { video_cover_timestamp_ms: -1 }, 'invalid_param', 400],
    ['private branded content', { brand_content_toggle: true }, 'invalid_param', 400],
    ['more than oneself before the audit', { privacy_level: 'FOLLOWER_OF_CREATOR' }, 'unaudited_client_can_only_post_to_private_accounts', 403],
  ])('is refused with %s', async (_, changes, code, status) => {
    await call(creatorQuery);
    expect(await init({ ...post, ...changes })).toMatchObject({ status, code });
  });

  test('of an audited app keeps to what the account offers', async () => {
    standIn.house.audited = true;
    await call(creatorQuery);
    expect(await init({ ...post, privacy_level: 'PUBLIC_TO_EVERYONE' })).toMatchObject({ status: 403, code: 'privacy_level_option_mismatch' });
    standIn.creator('a').privateAccount = false;
    expect((await init({ ...post, privacy_level: 'PUBLIC_TO_EVERYONE' })).code).toBe('ok');
  });

  test('before the audit needs a private account', async () => {
    standIn.creator('a').privateAccount = false;
    await call(creatorQuery);
    expect((await init(post)).code).toBe('unaudited_client_can_only_post_to_private_accounts');
  });

  test('switches nothing on that the creator has switched off', async () => {
    standIn.creator('a').duetDisabled = true;
    await call(creatorQuery);
    expect((await init(post)).code).toBe('invalid_param');
    expect((await init({ ...post, disable_duet: true })).code).toBe('ok');
  });

  test('is shown after processing, its id after moderation, with every digit', async () => {
    Object.assign(standIn.house, { audited: true });
    standIn.creator('a').privateAccount = false;
    await call(creatorQuery);
    const { data } = await call(directInit, { post_info: { ...post, privacy_level: 'PUBLIC_TO_EVERYONE' }, source_info: { ...whole, video_size: 11 * megabyte, chunk_size: 11 * megabyte } });
    expect((await put(String(data['upload_url']), 0, 11 * megabyte)).status).toBe(201);
    expect(await statusOf(String(data['publish_id']))).toMatchObject({ status: 'PROCESSING_UPLOAD', uploaded_bytes: 11 * megabyte });
    nowMs += 20_000;
    expect(await statusOf(String(data['publish_id']))).toMatchObject({ status: 'PUBLISH_COMPLETE', publicaly_available_post_id: [] });
    nowMs += 60_000;
    const [made] = standIn.posts();
    expect((await call(statusFetch, { publish_id: data['publish_id'] })).text).toContain(`"publicaly_available_post_id":[${made?.id}]`);
    expect(made).toMatchObject({ visibility: 'public', text: 'Words', videoSha256: createHash('sha256').update(bytes).digest('hex'), url: `https://www.tiktok.com/@usera/video/${made?.id}` });
  });
});

describe('an upload', () => {
  test('takes its chunks in order and whole, counts them, and posts when all are there', async () => {
    const { publishId, uploadUrl } = await opened(twoChunks);
    expect(await put(uploadUrl, 5 * megabyte, 11 * megabyte)).toEqual({ status: 416, range: 'bytes 0-0/11000000' });
    expect(await put(uploadUrl, 0, 5 * megabyte)).toEqual({ status: 206, range: 'bytes 0-5000000/11000000' });
    expect(await put(uploadUrl, 0, 5 * megabyte)).toEqual({ status: 416, range: 'bytes 0-5000000/11000000' });
    expect(await statusOf(publishId)).toMatchObject({ status: 'PROCESSING_UPLOAD', uploaded_bytes: 5 * megabyte });
    expect(standIn.posts()).toEqual([]);
    expect((await put(uploadUrl, 5 * megabyte, 11 * megabyte)).status).toBe(201);
    expect(await put(uploadUrl, 5 * megabyte, 11 * megabyte)).toEqual({ status: 416, range: 'bytes 0-11000000/11000000' });
    expect(standIn.posts()).toMatchObject([{ visibility: 'draft', videoSha256: createHash('sha256').update(bytes).digest('hex') }]);
    nowMs += 20_000;
    expect((await put(uploadUrl, 5 * megabyte, 11 * megabyte)).status).toBe(404);
    expect(await statusOf(publishId)).toMatchObject({ status: 'SEND_TO_USER_INBOX' });
    standIn.finishDraft(publishId);
    expect(standIn.posts()).toMatchObject([{ visibility: 'public' }]);
  });

  test.each([
    ['half a chunk', 0, 4 * megabyte, {}],
    ['another total', 0, 5 * megabyte, { total: 12 * megabyte }],
    ['a body that is shorter than its range', 0, 4 * megabyte, { headers: { 'content-range': 'bytes 0-4999999/11000000' } }],
    ['a length that does not fit its range', 0, 5 * megabyte, { headers: { 'content-length': '7' } }],
    ['no range', 0, 5 * megabyte, { headers: { 'content-range': '' } }],
    ['another kind of file', 0, 5 * megabyte, { headers: { 'content-type': 'application/octet-stream' } }],
  ])('refuses %s and keeps nothing of it', async (_, start, end, changes) => {
    const { publishId, uploadUrl } = await opened(twoChunks);
    expect((await put(uploadUrl, start, end, changes)).status).toBe(400);
    expect(await statusOf(publishId)).toMatchObject({ uploaded_bytes: 0 });
  });

  test('ends after an hour', async () => {
    const { publishId, uploadUrl } = await opened(twoChunks);
    await put(uploadUrl, 0, 5 * megabyte);
    nowMs += 3_600_000;
    expect((await put(uploadUrl, 5 * megabyte, 11 * megabyte)).status).toBe(403);
    expect(await statusOf(publishId)).toMatchObject({ status: 'PROCESSING_UPLOAD', uploaded_bytes: 5 * megabyte });
    expect(standIn.posts()).toEqual([]);
  });

  test('is found by its whole address only', async () => {
    const { uploadUrl } = await opened(twoChunks);
    expect((await put(uploadUrl.replace(/upload_token=\w+/, 'upload_token=0'), 0, 5 * megabyte)).status).toBe(404);
    expect((await put(uploadUrl.replace('/video/', '/'), 0, 5 * megabyte)).status).toBe(404);
  });

  test('of a clip that breaks off keeps nothing', async () => {
    const { publishId, uploadUrl } = await opened(twoChunks);
    const request = { method: 'PUT', url: new URL(uploadUrl), headers: { 'content-type': 'video/mp4', 'content-length': '5000000', 'content-range': 'bytes 0-4999999/11000000' }, body: cutBody };
    await expect(standIn.handle(request)).rejects.toThrow('cut');
    expect(await statusOf(publishId)).toMatchObject({ uploaded_bytes: 0 });
    expect((await put(uploadUrl, 0, 5 * megabyte)).status).toBe(206);
  });

  test('that TikTok gives up posts nothing and names the reason', async () => {
    standIn.failNext('frame_rate_check_failed');
    const { publishId, uploadUrl } = await opened(twoChunks);
    await put(uploadUrl, 0, 5 * megabyte);
    await put(uploadUrl, 5 * megabyte, 11 * megabyte);
    nowMs += 20_000;
    expect(await statusOf(publishId)).toMatchObject({ status: 'FAILED', fail_reason: 'frame_rate_check_failed' });
    expect(standIn.posts()).toEqual([]);
  });
});

test('asking who somebody is needs known fields', async () => {
  expect(JSON.parse((await whoami('open_id,display_name')).text)).toMatchObject({ data: { user: { open_id: 'a', display_name: 'Ann' } } });
  expect(JSON.parse((await whoami('email')).text)).toMatchObject({ error: { code: 'invalid_params' } });
});

test('the token endpoint takes forms, is flat, and refuses with status 200 as well', async () => {
  expect(JSON.parse((await tokenAnswer('{}', 'application/json')).text)).toMatchObject({ error: 'invalid_request', log_id: expect.any(String) });
  const refused = await tokenAnswer('client_key=k&client_secret=s&grant_type=refresh_token&refresh_token=x');
  expect([refused.status, (JSON.parse(refused.text) as { error: string }).error]).toEqual([200, 'invalid_grant']);
  const { refreshToken } = standIn.issue({ id: 'a', name: 'Ann' });
  const given = await tokenAnswer(`client_key=k&client_secret=s&grant_type=refresh_token&refresh_token=${refreshToken}`);
  expect(JSON.parse(given.text)).toMatchObject({ open_id: 'a', token_type: 'Bearer', expires_in: 86_400, scope: 'user.info.basic,video.upload,video.publish' });
});

test.each([401, 403, 409, 429, 500, 503])('an injected %i has TikTok’s form', (status) => {
  const answer = standIn.refusal(status);
  expect(answer.status).toBe(status);
  expect(JSON.parse(String(answer.body))).toMatchObject({ data: {}, error: { code: expect.stringMatching(/^[a-z_]+$/), log_id: expect.any(String) } });
});
