import { expect, test } from 'vitest';
import { instagramAuth } from '../../src/publishers/instagram/auth.js';
import { inProcessTransport } from '../../src/sandbox/in-process.js';
import { InstagramStandIn } from '../../src/sandbox/instagram/index.js';
import type { StandInAnswer } from '../../src/sandbox/stand-in.js';
import { HandClock } from '../support/drive-publication.js';
import { allScopes } from '../support/instagram-stage.js';

const graph = 'https://graph.facebook.com/v25.0/';

function setUp(scopes: readonly string[] = allScopes) {
  const clock = new HandClock();
  const standIn = new InstagramStandIn(clock);
  const account = standIn.addAccount('clips.of.anna');
  const { accessToken } = standIn.issue(account, scopes);
  const send = (method: string, url: string, more: { headers?: Record<string, string>; body?: Uint8Array | string } = {}): Promise<StandInAnswer> => {
    const bytes = Buffer.from(more.body ?? '');
    return standIn.handle({ method, url: new URL(url), headers: { host: new URL(url).host, 'content-length': String(bytes.length), ...more.headers }, body: async function* () { yield bytes; } });
  };
  const bearer = { authorization: `Bearer ${accessToken}` };
  const get = (path: string): Promise<StandInAnswer> => send('GET', `${graph}${path}`, { headers: bearer });
  const post = (path: string, json: object): Promise<StandInAnswer> => send('POST', `${graph}${path}`, { headers: { ...bearer, 'content-type': 'application/json' }, body: JSON.stringify(json) });
  const upload = (id: string, headers: Record<string, string>, body: string): Promise<StandInAnswer> => send('POST', `https://rupload.facebook.com/ig-api-upload/v25.0/${id}`, { headers: { authorization: `OAuth ${accessToken}`, ...headers }, body });
  const open = async (caption = 'text'): Promise<string> => (bodyOf(await post(`${account.id}/media`, { media_type: 'REELS', upload_type: 'resumable', caption })) as { id: string }).id;
  return { clock, standIn, account, accessToken, send, get, post, upload, open };
}

function bodyOf(answer: StandInAnswer): Record<string, unknown> {
  return answer.body as Record<string, unknown>;
}

function errorOf(answer: StandInAnswer): string {
  const { code, error_subcode: subcode } = (bodyOf(answer)['error'] ?? {}) as { code?: number; error_subcode?: number };
  return `${answer.status} ${code}${subcode === undefined ? '' : `/${subcode}`}`;
}

test('unknown parameters and fields, other versions and strange paths are refused', async () => {
  const { account, get, post, send, accessToken } = setUp();
  expect(errorOf(await post(`${account.id}/media`, { media_type: 'REELS', upload_type: 'resumable', title: 'x' }))).toBe('400 100');
  expect(errorOf(await post(`${account.id}/media_publish`, { creation_id: '1', caption: 'x' }))).toBe('400 100');
  expect(errorOf(await get(`${account.id}/content_publishing_limit?fields=quota_left`))).toBe('400 100');
  expect(errorOf(await get(`${account.id}/media?fields=id&sort=asc`))).toBe('400 100');
  expect(errorOf(await get(`${account.id}/stories`))).toBe('400 2500');
  expect(errorOf(await send('GET', `https://graph.facebook.com/v1.0/${account.id}/media`, { headers: { authorization: `Bearer ${accessToken}` } }))).toBe('400 2500');
  expect(errorOf(await send('POST', `${graph}${account.id}/media`, { headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'text/plain' }, body: 'x' }))).toBe('400 100');
});

test('what a Reel may be made with is held to', async () => {
  const { account, post } = setUp();
  const open = (changes: object): Promise<StandInAnswer> => post(`${account.id}/media`, { media_type: 'REELS', upload_type: 'resumable', ...changes });
  expect(errorOf(await open({ media_type: 'VIDEO' }))).toBe('400 100/2207023');
  expect(errorOf(await open({ upload_type: undefined }))).toBe('400 9004/2207052');
  expect(errorOf(await open({ caption: 'x'.repeat(2201) }))).toBe('400 36004/2207010');
  expect(errorOf(await open({ caption: '#a '.repeat(31) }))).toBe('400 36004/2207010');
  expect(errorOf(await open({ caption: '@a '.repeat(21) }))).toBe('400 100/2207040');
  expect(errorOf(await open({ thumb_offset: -1 }))).toBe('400 1/2207057');
  expect(errorOf(await open({ share_to_feed: 'maybe' }))).toBe('400 100');
  expect(errorOf(await open({ collaborators: 'anna' }))).toBe('400 100');
  expect(errorOf(await open({ location_id: 'Rome' }))).toBe('400 100');
  expect((await open({ caption: 'x'.repeat(2200), thumb_offset: 1, share_to_feed: true, collaborators: ['a', 'b'] })).status).toBe(200);
});

test('without a valid token, the right permission and the right account there is nothing', async () => {
  const { account, standIn, get, post, send, upload, open, accessToken } = setUp();
  expect(errorOf(await send('GET', `${graph}${account.id}/media`))).toBe('401 190/463');
  const poor = setUp(['instagram_basic', 'pages_read_engagement']);
  expect(errorOf(await poor.post(`${poor.account.id}/media`, { media_type: 'REELS', upload_type: 'resumable' }))).toBe('403 10');
  expect((await poor.get(`${poor.account.id}/media`)).status).toBe(200);
  const other = standIn.addAccount('somebody.else');
  expect(errorOf(await get(`${other.id}/media`))).toBe('400 100/33');
  const container = await open();
  const stranger = standIn.issue(other, allScopes).accessToken;
  expect(errorOf(await send('GET', `${graph}${container}?fields=status_code`, { headers: { authorization: `Bearer ${stranger}` } }))).toBe('400 100/33');
  expect(bodyOf(await upload(container, { authorization: `Bearer ${accessToken}`, offset: '0', file_size: '4' }, 'film'))).toMatchObject({ debug_info: { retriable: false, message: expect.stringContaining('unauthorized') } });
  standIn.login.expire(accessToken);
  expect(errorOf(await post(`${account.id}/media_publish`, { creation_id: container }))).toBe('401 190/463');
});

test('the film goes on where it stopped, and nowhere else', async () => {
  const { upload, open, get } = setUp();
  const id = await open();
  const part = (offset: string, body: string, size = '8'): Promise<StandInAnswer> => upload(id, { offset, file_size: size }, body);
  expect(bodyOf(await upload(id, {}, 'film'))).toMatchObject({ debug_info: { retriable: false } });
  expect(bodyOf(await part('4', 'film'))).toMatchObject({ debug_info: { type: 'OffsetInvalidError' } });
  const first = await part('0', 'film');
  expect([first.status, bodyOf(first)]).toMatchObject([206, { debug_info: { retriable: true, type: 'PartialRequestError' } }]);
  expect(bodyOf(await get(`${id}?fields=video_status,status_code`))).toMatchObject({ status_code: 'IN_PROGRESS', video_status: { uploading_phase: { status: 'in_progress', bytes_transferred: 4 } } });
  expect(bodyOf(await part('0', 'film'))).toMatchObject({ debug_info: { type: 'OffsetInvalidError' } });
  expect(bodyOf(await part('4', 'reel', '9'))).toMatchObject({ debug_info: { retriable: false } });
  expect(bodyOf(await part('4', 'reel'))).toMatchObject({ success: true });
  expect(bodyOf(await part('0', 'filmreel'))).toMatchObject({ debug_info: { type: 'OffsetInvalidError' } });
});

test('a body that breaks off in the middle is kept as far as it came', async () => {
  const { standIn, open, accessToken, get } = setUp();
  const id = await open();
  await standIn.handle({
    method: 'POST',
    url: new URL(`https://rupload.facebook.com/ig-api-upload/v25.0/${id}`),
    headers: { authorization: `OAuth ${accessToken}`, offset: '0', file_size: '100' },
    body: async function* () {
      yield Buffer.from('half');
      throw new Error('aborted');
    },
  });
  expect(bodyOf(await get(`${id}?fields=video_status`))).toMatchObject({ video_status: { uploading_phase: { bytes_transferred: 4 } } });
});

test('a container is published once, when it is ready, before it is a day old', async () => {
  const { clock, account, post, upload, open, get, standIn } = setUp();
  const publish = (id: string): Promise<StandInAnswer> => post(`${account.id}/media_publish`, { creation_id: id });
  const id = await open();
  expect(errorOf(await publish(id))).toBe('400 9007/2207027');
  await upload(id, { offset: '0', file_size: '4' }, 'film');
  expect(errorOf(await publish(id))).toBe('400 9007/2207027');
  clock.advance(60_000);
  const published = await publish(id);
  expect(published.status).toBe(200);
  expect(errorOf(await publish(id))).toBe('400 24/2207008');
  expect(bodyOf(await get(`${id}?fields=status_code`))).toEqual({ status_code: 'PUBLISHED', id });
  const old = await open();
  await upload(old, { offset: '0', file_size: '4' }, 'film');
  clock.advance(24 * 3_600_000);
  expect(bodyOf(await get(`${old}?fields=status_code`))).toMatchObject({ status_code: 'EXPIRED' });
  expect(errorOf(await publish(old))).toBe('400 -2/2207020');
  expect(bodyOf(await get(`${String(bodyOf(published)['id'])}?fields=permalink,media_product_type`))).toMatchObject({ permalink: standIn.posts()[0]?.url, media_product_type: 'REELS' });
});

test('posts of 24 hours are counted, and the list of posts has pages, newest first', async () => {
  const { clock, account, standIn, post, upload, open, get } = setUp();
  standIn.quotaTotal = 3;
  const publishOne = async (caption: string): Promise<StandInAnswer> => {
    const id = await open(caption);
    await upload(id, { offset: '0', file_size: '4' }, 'film');
    clock.advance(60_000);
    return post(`${account.id}/media_publish`, { creation_id: id });
  };
  for (const caption of ['one', 'two', 'three']) expect((await publishOne(caption)).status).toBe(200);
  expect(bodyOf(await get(`${account.id}/content_publishing_limit?fields=quota_usage,config`))['data']).toMatchObject([{ quota_usage: 3, config: { quota_total: 3, quota_duration: 86_400 } }]);
  expect(errorOf(await publishOne('four'))).toBe('400 9/2207042');
  const first = bodyOf(await get(`${account.id}/media?fields=id,caption&limit=2`)) as { data: { caption: string }[]; paging: { cursors: { after: string } } };
  expect(first.data.map(({ caption }) => caption)).toEqual(['three', 'two']);
  expect(bodyOf(await get(`${account.id}/media?fields=caption&limit=2&after=${first.paging.cursors.after}`))['data']).toMatchObject([{ caption: 'one' }]);
  clock.advance(24 * 3_600_000);
  expect((await publishOne('four')).status).toBe(200);
});

test('logging in: dialog, code, a token of 60 days, whose it is, and a younger one', async () => {
  const { clock, standIn, send } = setUp();
  const http = inProcessTransport([standIn]);
  const request = { client: { clientId: standIn.login.app.id, clientSecret: standIn.login.app.secret }, http, signal: new AbortController().signal, nowMs: clock.nowMs };
  const dialog = new URL(instagramAuth.authorizeUrl);
  const redirectUri = 'http://localhost:8080/callback';
  for (const [name, value] of Object.entries({ client_id: standIn.login.app.id, redirect_uri: redirectUri, state: 's', response_type: 'code', scope: instagramAuth.scopes.join(instagramAuth.scopeSeparator) })) dialog.searchParams.set(name, value);
  const codeOf = async (): Promise<string> => {
    const answer = await send('GET', dialog.href);
    const back = new URL(answer.headers?.['location'] ?? '');
    expect([answer.status, back.searchParams.get('state')]).toEqual([302, 's']);
    return back.searchParams.get('code') ?? '';
  };
  const code = await codeOf();
  const tokens = await instagramAuth.exchangeCode?.(code, '', redirectUri, request);
  if (!tokens) throw new Error('no tokens');
  expect(tokens).toMatchObject({ scopes: allScopes, expiresAtMs: clock.nowMs() + 60 * 24 * 3_600_000 });
  expect(await instagramAuth.whoami(tokens, request)).toEqual({ id: expect.stringMatching(/^178414/), name: 'clips.of.anna' });
  clock.advance(50 * 24 * 3_600_000);
  const younger = await instagramAuth.refresh?.(tokens, request);
  expect(younger?.accessToken).not.toBe(tokens.accessToken);
  expect(younger?.expiresAtMs).toBe(clock.nowMs() + 60 * 24 * 3_600_000);
  // A code works once; a token that has ended gives no other.
  await expect(instagramAuth.exchangeCode?.(code, '', redirectUri, request)).rejects.toMatchObject({ kind: 'auth' });
  clock.advance(61 * 24 * 3_600_000);
  await expect(instagramAuth.refresh?.(tokens, request)).rejects.toMatchObject({ kind: 'auth', code: '190/463' });
  standIn.login.refusedScopes = ['instagram_content_publish'];
  expect((await instagramAuth.exchangeCode?.(await codeOf(), '', redirectUri, request))?.scopes).not.toContain('instagram_content_publish');
});

test('a login without a professional account, or with several, says what to do', async () => {
  const clock = new HandClock();
  const standIn = new InstagramStandIn(clock);
  const request = { http: inProcessTransport([standIn]), signal: new AbortController().signal, nowMs: clock.nowMs };
  const nobody = standIn.login.issue({ id: '0', name: 'nobody' }, allScopes);
  await expect(instagramAuth.whoami(nobody, request)).rejects.toMatchObject({ kind: 'auth', code: 'no_professional_account', remedy: expect.stringContaining('professional') });
  const one = standIn.addAccount('one');
  standIn.addAccount('two');
  standIn.sharedLogin = true;
  await expect(instagramAuth.whoami(standIn.login.issue(one, allScopes), request)).rejects.toMatchObject({ kind: 'auth', code: 'several_accounts', message: expect.stringContaining('one, two') });
});

test('injected faults look like the Graph API', () => {
  const { standIn } = setUp();
  expect([401, 403, 409, 429, 500, 503].map((status) => errorOf(standIn.refusal(status)))).toEqual(['401 190/463', '403 4', '409 2', '429 4', '500 1', '503 2']);
  expect(standIn.refusal(429).headers).toHaveProperty('x-business-use-case-usage');
});
