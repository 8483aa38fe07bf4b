import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { HttpAnswer, HttpRequest } from '../../src/publishers/http.js';
import { LostReply, PlatformFault } from '../../src/publishers/faults.js';
import { xAccounts } from '../../src/publishers/x/auth.js';
import { oauth1Header } from '../../src/publishers/x/oauth1.js';
import { account, XWorld } from '../support/x-platform.js';

const signal = new AbortController().signal;
const other = { id: '99', name: 'other' };

type Body = Record<string, unknown>;

/** Requests as somebody would write them by hand. */
class Hand {
  readonly world: XWorld;
  token: string;

  constructor(options: { scopes?: readonly string[] } = {}) {
    this.world = new XWorld();
    this.token = this.world.x.issue(account, options.scopes ?? ['tweet.read', 'tweet.write', 'users.read', 'media.write', 'offline.access']).accessToken;
  }

  async send(method: HttpRequest['method'], path: string, body?: object | HttpRequest['body'], headers: Record<string, string> = {}): Promise<HttpAnswer & { json: Body }> {
    const isJson = typeof body === 'object' && !('parts' in body) && !('path' in body);
    const answer = await this.world.http.send({
      method,
      url: `https://api.x.com${path}`,
      headers: { authorization: `Bearer ${this.token}`, ...(isJson ? { 'content-type': 'application/json' } : {}), ...headers },
      ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : (body as string) }),
      signal,
    });
    return { ...answer, json: answer.text.startsWith('{') ? (JSON.parse(answer.text) as Body) : {} };
  }

  form(path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<HttpAnswer & { json: Body }> {
    return this.send('POST', path, new URLSearchParams(fields).toString(), { authorization: '', 'content-type': 'application/x-www-form-urlencoded', ...headers });
  }

  async begin(totalBytes: number): Promise<string> {
    const { json } = await this.send('POST', '/2/media/upload/initialize', { media_type: 'video/mp4', total_bytes: totalBytes, media_category: 'tweet_video' });
    return (json['data'] as { id: string }).id;
  }

  /** A part's value as text goes out as a field; as a file where it has a name. */
  append(id: string, index: string, media: string, more: { name: string; value: string }[] = []): Promise<HttpAnswer & { json: Body }> {
    return this.send('POST', `/2/media/upload/${id}/append`, { parts: [{ name: 'segment_index', value: index }, { name: 'media', value: media, fileName: 'blob', contentType: 'application/octet-stream' }, ...more] });
  }

  async video(film = 'film'): Promise<string> {
    const id = await this.begin(film.length);
    await this.append(id, '0', film);
    await this.send('POST', `/2/media/upload/${id}/finalize`);
    this.world.nowMs += 10_000;
    return id;
  }
}

const messageOf = ({ json }: { json: Body }): string => `${String(json['detail'])} ${(json['errors'] as { message: string }[] | undefined)?.[0]?.message ?? ''}`;

describe('uploads', () => {
  test('are begun, filled in order, ended once, and worked on for a while', async () => {
    const hand = new Hand();
    const begun = await hand.send('POST', '/2/media/upload/initialize', { media_type: 'video/mp4', total_bytes: 6, media_category: 'tweet_video' });
    const { id, media_key: key, expires_after_secs: seconds } = begun.json['data'] as { id: string; media_key: string; expires_after_secs: number };
    expect([begun.status, key, seconds]).toEqual([200, `7_${id}`, 86_400]);
    expect((await hand.append(id, '1', 'abc')).status).toBe(400);
    expect((await hand.append(id, '0', 'xyz')).status).toBe(200);
    expect((await hand.append(id, '0', 'abc')).status).toBe(200);
    expect(messageOf(await hand.send('POST', `/2/media/upload/${id}/finalize`))).toMatch(/3 of 6 bytes/);
    expect((await hand.append(id, '1', 'defg')).status).toBe(400);
    expect((await hand.append(id, '1', 'def')).status).toBe(200);
    expect((await hand.send('GET', `/2/media/upload?command=STATUS&media_id=${id}`)).status).toBe(400);
    const ended = await hand.send('POST', `/2/media/upload/${id}/finalize`);
    expect(ended.json['data']).toMatchObject({ id, size: 6, processing_info: { state: 'pending', check_after_secs: 2 } });
    expect(messageOf(await hand.send('POST', `/2/media/upload/${id}/finalize`))).toMatch(/has been finalized/);
    expect((await hand.append(id, '2', 'x')).status).toBe(400);
    const states: unknown[] = [];
    for (let second = 0; second < 6; second += 1) {
      states.push(((await hand.send('GET', `/2/media/upload?command=STATUS&media_id=${id}`)).json['data'] as { processing_info: { state: string } }).processing_info.state);
      hand.world.nowMs += 1000;
    }
    expect([...new Set(states)]).toEqual(['pending', 'in_progress', 'succeeded']);
    const post = await hand.send('POST', '/2/tweets', { text: 'Hello', media: { media_ids: [id] } });
    expect(post.status).toBe(201);
    expect(hand.world.x.posts()[0]?.videoSha256).toBe(createHash('sha256').update('abcdef').digest('hex'));
  });

  test.each([
    ['an unknown field', { media_type: 'video/mp4', total_bytes: 6, media_category: 'tweet_video', colour: 'red' }],
    ['no size', { media_type: 'video/mp4', media_category: 'tweet_video' }],
    ['a size as text', { media_type: 'video/mp4', total_bytes: '6', media_category: 'tweet_video' }],
    ['another type', { media_type: 'video/avi', total_bytes: 6, media_category: 'tweet_video' }],
    ['too large a size', { media_type: 'video/mp4', total_bytes: 9 * 2 ** 30, media_category: 'tweet_video' }],
  ])('are not begun with %s', async (_, body) => {
    const answer = await new Hand().send('POST', '/2/media/upload/initialize', body);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ title: 'Invalid Request', type: 'https://api.x.com/2/problems/invalid-request' });
  });

  test('take the documented fields of a segment and no others', async () => {
    const hand = new Hand();
    const id = await hand.begin(6);
    expect((await hand.append(id, '1000', 'abc')).status).toBe(400);
    expect((await hand.append(id, '-1', 'abc')).status).toBe(400);
    expect((await hand.append(id, '0', '')).status).toBe(400);
    expect((await hand.append(id, '0', 'x'.repeat(5_000_001))).status).toBe(400);
    expect((await hand.append(id, '0', 'abc', [{ name: 'command', value: 'APPEND' }])).status).toBe(400);
    expect((await hand.send('POST', `/2/media/upload/${id}/append`, { media: 'YWJj', segment_index: 0 })).status).toBe(400);
    expect((await hand.append('123', '0', 'abc')).status).toBe(404);
  });

  test.each(['INIT', 'APPEND', 'FINALIZE'])('do not know command=%s any more', async (command) => {
    const answer = await new Hand().send('POST', '/2/media/upload', { parts: [{ name: 'command', value: command }] });
    expect(answer.status).toBe(400);
  });

  test('end after a day and belong to who made them', async () => {
    const hand = new Hand();
    const id = await hand.video();
    hand.token = hand.world.x.issue(other).accessToken;
    expect((await hand.send('GET', `/2/media/upload?command=STATUS&media_id=${id}`)).status).toBe(403);
    expect((await hand.send('POST', '/2/tweets', { text: 'Mine', media: { media_ids: [id] } })).status).toBe(400);
    hand.world.nowMs += 24 * 3_600_000;
    hand.token = hand.world.x.issue(account).accessToken;
    const late = await hand.send('POST', '/2/tweets', { text: 'Late', media: { media_ids: [id] } });
    expect([late.status, messageOf(late)]).toEqual([400, 'One or more parameters to your request was invalid. Your media IDs are invalid.']);
  });

  test('of subtitles are tied to videos in a language of two capitals, and posted by no one', async () => {
    const hand = new Hand();
    const id = await hand.video();
    const begun = await hand.send('POST', '/2/media/upload/initialize', { media_type: 'text/srt', total_bytes: 3, media_category: 'subtitles' });
    const track = (begun.json['data'] as { id: string }).id;
    const attach = (language: string, video = id): Promise<HttpAnswer> => hand.send('POST', '/2/media/subtitles', { id: video, media_category: 'TweetVideo', subtitles: { id: track, language_code: language, display_name: 'English' } });
    expect((await hand.send('POST', '/2/media/upload/initialize', { media_type: 'text/srt', total_bytes: 3, media_category: 'tweet_video' })).status).toBe(400);
    expect((await attach('EN')).status).toBe(400);
    await hand.append(track, '0', 'abc');
    expect((await hand.send('POST', `/2/media/upload/${track}/finalize`)).json['data']).not.toHaveProperty('processing_info');
    expect((await attach('en')).status).toBe(400);
    expect((await attach('EN', track)).status).toBe(400);
    expect((await attach('EN')).status).toBe(200);
    expect((await hand.send('POST', '/2/tweets', { text: 'Words', media: { media_ids: [track] } })).status).toBe(400);
  });

  test('can be described in up to 1000 characters', async () => {
    const hand = new Hand();
    const id = await hand.video();
    expect((await hand.send('POST', '/2/media/metadata', { id, metadata: { alt_text: { text: 'x'.repeat(1001) } } })).status).toBe(400);
    expect((await hand.send('POST', '/2/media/metadata', { media_id: id })).status).toBe(400);
    expect((await hand.send('POST', '/2/media/metadata', { id, metadata: { alt_text: { text: 'x' } } })).status).toBe(200);
  });
});

describe('posts', () => {
  test.each([
    ['an unknown field', { text: 'a', colour: 'red' }, 400],
    ['nothing', {}, 400],
    ['too long a text', { text: 'x'.repeat(281) }, 403],
    ['280 characters of which one is heavy', { text: `${'x'.repeat(279)}…` }, 403],
    ['an upload that does not exist', { text: 'a', media: { media_ids: ['1'] } }, 400],
    ['a number for an id', { text: 'a', media: { media_ids: [1] } }, 400],
    ['everyone for replies', { text: 'a', reply_settings: 'everyone' }, 400],
    ['two cashtags', { text: '$ABC $DEF' }, 403],
  ])('with %s are refused', async (_, body, status) => {
    const hand = new Hand();
    expect((await hand.send('POST', '/2/tweets', body)).status).toBe(status);
    expect(hand.world.x.posts()).toEqual([]);
  });

  test('are refused while the video is worked on', async () => {
    const hand = new Hand();
    const id = await hand.begin(4);
    await hand.append(id, '0', 'film');
    await hand.send('POST', `/2/media/upload/${id}/finalize`);
    expect((await hand.send('POST', '/2/tweets', { text: 'Early', media: { media_ids: [id] } })).status).toBe(400);
  });

  test('with the text of another are refused for a day, as X words it', async () => {
    const hand = new Hand();
    expect((await hand.send('POST', '/2/tweets', { text: 'Same' })).status).toBe(201);
    const again = await hand.send('POST', '/2/tweets', { text: ' Same ' });
    expect(again.status).toBe(403);
    expect(again.json).toEqual({ title: 'Forbidden', detail: 'You are not allowed to create a Tweet with duplicate content.', type: 'about:blank', status: 403 });
    hand.world.nowMs += 25 * 3_600_000;
    hand.token = hand.world.x.issue(account).accessToken;
    expect((await hand.send('POST', '/2/tweets', { text: 'Same' })).status).toBe(201);
  });

  test('are shown escaped, with shortened addresses, newest first, page by page, after a while', async () => {
    const hand = new Hand();
    const id = await hand.video();
    await hand.send('POST', '/2/tweets', { text: 'A & B <https://example.com/x>', media: { media_ids: [id] } });
    hand.world.x.timelines.timelineLagMs = 5000;
    for (const text of ['one', 'two', 'three', 'four', 'five', 'six']) await hand.send('POST', '/2/tweets', { text });
    const read = (query: string): Promise<HttpAnswer & { json: Body }> => hand.send('GET', `/2/users/${account.id}/tweets?${query}`);
    expect((await read('max_results=5')).json['meta']).toMatchObject({ result_count: 0 });
    hand.world.nowMs += 6000;
    const first = await read('max_results=5&tweet.fields=entities,attachments,created_at&exclude=retweets');
    expect((first.json['data'] as { text: string }[]).map(({ text }) => text)).toEqual(['six', 'five', 'four', 'three', 'two']);
    const second = await read(`max_results=5&tweet.fields=entities,attachments&pagination_token=${(first.json['meta'] as { next_token: string }).next_token}`);
    const posts = second.json['data'] as { text: string; attachments?: object; entities?: { urls: { expanded_url: string; media_key?: string }[] } }[];
    expect(posts).toHaveLength(2);
    expect(posts[1]?.text).toMatch(/^A &amp; B &lt;https:\/\/t\.co\/\w+&gt; https:\/\/t\.co\/\w+$/);
    expect(posts[1]?.attachments).toEqual({ media_keys: [`7_${id}`] });
    expect(posts[1]?.entities?.urls.map(({ expanded_url: expanded }) => expanded)).toEqual(['https://example.com/x', `${hand.world.x.posts()[0]?.url}/video/1`]);
    const since = new Date(hand.world.nowMs + 60_000).toISOString();
    for (const query of ['max_results=101', 'colour=red', 'tweet.fields=colour', 'start_time=yesterday', `start_time=${since}`, 'exclude=videos']) expect((await read(query)).status, query).toBe(400);
  });

  test('cannot be read where the plan does not include it', async () => {
    const hand = new Hand();
    hand.world.x.readsTimelines = false;
    expect((await hand.send('GET', `/2/users/${account.id}/tweets`)).json).toMatchObject({ status: 403, type: 'https://api.x.com/2/problems/client-forbidden' });
  });
});

describe('requests', () => {
  test('are counted in windows of a quarter of an hour', async () => {
    const hand = new Hand();
    let last = await hand.send('GET', '/2/users/me');
    expect(last.headers).toMatchObject({ 'x-rate-limit-limit': '75', 'x-rate-limit-remaining': '74', 'x-rate-limit-reset': String(hand.world.nowMs / 1000 + 900), date: new Date(hand.world.nowMs).toUTCString() });
    for (let more = 0; more < 75; more += 1) last = await hand.send('GET', '/2/users/me');
    expect([last.status, last.json['title']]).toEqual([429, 'Too Many Requests']);
    hand.world.nowMs += 900_000;
    expect((await hand.send('GET', '/2/users/me')).status).toBe(200);
  });

  test.each([
    ['POST', '/2/media/upload/initialize', 'media.write'],
    ['GET', '/2/media/upload?command=STATUS&media_id=1', 'media.write'],
    ['POST', '/2/tweets', 'tweet.write'],
    ['GET', '/2/users/me', 'users.read'],
    ['GET', `/2/users/${account.id}/tweets`, 'tweet.read'],
  ] as const)('%s %s need %s', async (method, path, scope) => {
    const hand = new Hand({ scopes: ['tweet.read', 'tweet.write', 'users.read', 'media.write'].filter((name) => name !== scope) });
    expect((await hand.send(method, path, method === 'POST' ? {} : undefined)).json).toMatchObject({ title: 'Forbidden', status: 403 });
  });

  test('are refused without a living token, at unknown addresses and by other methods', async () => {
    const hand = new Hand();
    expect((await hand.send('PUT', '/2/tweets')).status).toBe(405);
    expect((await hand.send('GET', '/2/nothing')).status).toBe(404);
    hand.world.nowMs += 2 * 3_600_000;
    expect((await hand.send('GET', '/2/users/me')).json).toEqual({ title: 'Unauthorized', detail: 'Unauthorized', type: 'about:blank', status: 401 });
  });
});

describe('logins', () => {
  test('with PKCE: consent, code, tokens, whose they are', async () => {
    const { world } = new Hand();
    const verifier = 'v'.repeat(43);
    const redirectUri = 'http://127.0.0.1:47813/callback';
    const authorize = new URL(xAccounts.authorizeUrl);
    const query = { response_type: 'code', client_id: 'app', redirect_uri: redirectUri, scope: xAccounts.scopes.join(' '), state: 's', code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' };
    for (const [name, value] of Object.entries(query)) authorize.searchParams.set(name, value);
    const hand = new Hand();
    const consent = async (): Promise<string> => {
      const answer = await hand.world.http.send({ method: 'GET', url: authorize.href, signal });
      const back = new URL(answer.headers['location'] ?? '');
      expect([answer.status, back.origin + back.pathname, back.searchParams.get('state')]).toEqual([302, redirectUri, 's']);
      return back.searchParams.get('code') ?? '';
    };
    const exchange = async (changes: Record<string, string> = {}): Promise<HttpAnswer & { json: Body }> =>
      hand.form('/2/oauth2/token', { grant_type: 'authorization_code', client_id: 'app', code: await consent(), redirect_uri: redirectUri, code_verifier: verifier, ...changes });
    const wrongs: Record<string, string>[] = [{ code_verifier: 'other' }, { redirect_uri: 'http://127.0.0.1/' }, { client_id: 'else' }, { code: 'none' }, { grant_type: 'password' }];
    for (const wrong of wrongs) expect((await exchange(wrong)).status, JSON.stringify(wrong)).toBe(400);
    const { status, json } = await exchange();
    expect([status, json['token_type'], json['expires_in'], json['scope']]).toEqual([200, 'bearer', 7200, xAccounts.scopes.join(' ')]);
    const who = await xAccounts.whoami({ accessToken: String(json['access_token']) }, { http: hand.world.http, signal, nowMs: hand.world.clock.nowMs });
    expect(who).toEqual(account);
    expect(world.x.posts()).toEqual([]);
  });

  test('have refresh tokens that work once, and end when they are revoked', async () => {
    const hand = new Hand();
    const { refreshToken } = hand.world.x.issue(account);
    const refresh = (token: string): Promise<HttpAnswer & { json: Body }> => hand.form('/2/oauth2/token', { grant_type: 'refresh_token', client_id: 'app', refresh_token: token });
    const first = await refresh(refreshToken);
    expect(first.status).toBe(200);
    expect((await refresh(refreshToken)).json).toEqual({ error: 'invalid_request', error_description: 'Value passed for the token was invalid.' });
    const next = String(first.json['refresh_token']);
    hand.token = String(first.json['access_token']);
    expect((await hand.send('GET', '/2/users/me')).status).toBe(200);
    expect((await hand.form('/2/oauth2/revoke', { token: next, client_id: 'app' })).json).toEqual({ revoked: true });
    expect((await refresh(next)).status).toBe(400);
    expect((await hand.send('GET', '/2/users/me')).status).toBe(401);
  });

  test('of confidential apps ask for their secret', async () => {
    const hand = new Hand();
    hand.world.x.logins.client = { clientId: 'app', clientSecret: 'secret' };
    const { refreshToken } = hand.world.x.issue(account);
    const refresh = (headers: Record<string, string>): Promise<HttpAnswer & { json: Body }> => hand.form('/2/oauth2/token', { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: 'app' }, headers);
    expect((await refresh({})).json).toEqual({ error: 'unauthorized_client', error_description: 'Missing valid authorization header' });
    expect((await refresh({ authorization: `Basic ${Buffer.from('app:other').toString('base64')}` })).status).toBe(401);
    expect((await refresh({ authorization: `Basic ${Buffer.from('app:secret').toString('base64')}` })).status).toBe(200);
  });

  test('by OAuth 1.0a are signed, for five minutes, once', async () => {
    const hand = new Hand();
    const keys = hand.world.x.issueOAuth1(account);
    const url = new URL(`https://api.x.com/2/users/${account.id}/tweets?max_results=5&tweet.fields=created_at,entities`);
    const send = async (header: string, at = url): Promise<number> => (await hand.world.http.send({ method: 'GET', url: at.href, headers: { authorization: header }, signal })).status;
    const header = oauth1Header('GET', url, keys, hand.world.nowMs);
    expect(await send(header)).toBe(200);
    expect(await send(header)).toBe(401);
    expect(await send(oauth1Header('POST', url, keys, hand.world.nowMs))).toBe(401);
    expect(await send(oauth1Header('GET', url, keys, hand.world.nowMs), new URL(`${url.href}&exclude=replies`))).toBe(401);
    expect(await send(oauth1Header('GET', url, { ...keys, tokenSecret: 'x' }, hand.world.nowMs))).toBe(401);
    expect(await send(oauth1Header('GET', url, keys, hand.world.nowMs - 400_000))).toBe(401);
    await expect(xAccounts.whoami(keys, { http: hand.world.http, signal, nowMs: hand.world.clock.nowMs })).resolves.toEqual(account);
  });

  test('that have ended are an end of the login, not of X', async () => {
    const { world } = new Hand();
    const ask = (): Promise<unknown> => xAccounts.whoami({ accessToken: 'nobody' }, { http: world.http, signal, nowMs: world.clock.nowMs }).catch((error: unknown) => error);
    expect(await ask()).toBeInstanceOf(PlatformFault);
    expect(await ask()).toMatchObject({ kind: 'auth', code: 'unauthorized' });
    world.script = () => ({ kind: 'half-body' });
    expect(await ask()).toBeInstanceOf(LostReply);
  });
});

test('the signature of the example in the documentation of X', () => {
  const header = oauth1Header(
    'POST',
    // The example's form field is signed like a part of the query.
    new URL('https://api.x.com/1.1/statuses/update.json?include_entities=true&status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OAuth%20request%21'),
    { consumerKey: 'xvz1evFS4wEEPTGEFPHBog', consumerSecret: 'kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw', accessToken: '370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb', tokenSecret: 'LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE' },
    1_318_622_958_000,
    'kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg',
  );
  expect(header).toContain('oauth_signature="Ls93hJiZbQ3akF3HF3x1Bz8%2FzU4%3D"');
});
