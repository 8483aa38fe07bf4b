import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { AccountPolicy, TokenRequest, TokenSet } from '../../src/publishers/credentials.js';
import { tiktokAccounts } from '../../src/publishers/tiktok/auth.js';
import type { FaultScript } from '../../src/sandbox/faults.js';
import { TikTokWorld } from '../support/tiktok-world.js';

type Own = Required<Pick<AccountPolicy, 'exchangeCode' | 'refresh' | 'revoke'>>;
const { exchangeCode, refresh, revoke } = tiktokAccounts as AccountPolicy & Own;
const verifier = 'v'.repeat(64);
const redirectUri = 'http://127.0.0.1:41234/callback/';

function request(world: TikTokWorld, client: TokenRequest['client'] = { clientId: 'key', clientSecret: 'secret' }): TokenRequest {
  return { client, http: world.http, signal: new AbortController().signal, nowMs: () => world.nowMs };
}

/** What the browser is sent to by the policy's own words, and what it comes back with. */
async function consent(world: TikTokWorld, changes: Record<string, string> = {}): Promise<URLSearchParams> {
  const url = new URL(tiktokAccounts.authorizeUrl);
  const fields = {
    [tiktokAccounts.clientIdParameter]: 'key',
    response_type: 'code',
    scope: tiktokAccounts.scopes.join(tiktokAccounts.scopeSeparator),
    redirect_uri: redirectUri,
    state: 'sesame',
    code_challenge: createHash('sha256').update(verifier).digest('hex'),
    code_challenge_method: 'S256',
    ...changes,
  };
  for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value);
  const answer = await world.http.send({ method: 'GET', url: url.href, signal: new AbortController().signal });
  expect(answer.status).toBe(302);
  const back = new URL(answer.headers['location'] ?? '');
  expect(`${back.origin}${back.pathname}`).toBe(redirectUri);
  expect(back.searchParams.get('state')).toBe('sesame');
  return back.searchParams;
}

async function login(world: TikTokWorld): Promise<TokenSet> {
  return exchangeCode((await consent(world)).get('code') ?? '', verifier, redirectUri, request(world));
}

describe('logging in', () => {
  test('gives a day’s token, a year’s refresh token, the scopes, and whose they are', async () => {
    const world = new TikTokWorld();
    world.standIn.loginAs({ id: 'open-1', name: 'Ann' });
    const tokens = await login(world);
    expect(tokens).toMatchObject({ expiresAtMs: world.nowMs + 86_400_000, refreshExpiresAtMs: world.nowMs + 365 * 86_400_000, scopes: ['user.info.basic', 'video.upload', 'video.publish'] });
    expect(await tiktokAccounts.whoami({ accessToken: tokens.accessToken }, request(world))).toEqual({ id: 'open-1', name: 'Ann' });
  });

  test('takes a code once, with its verifier, its redirect address and its app', async () => {
    const world = new TikTokWorld();
    const code = (await consent(world)).get('code') ?? '';
    await exchangeCode(code, verifier, redirectUri, request(world));
    await expect(exchangeCode(code, verifier, redirectUri, request(world))).rejects.toMatchObject({ kind: 'auth', code: 'invalid_grant' });
    const another = async (): Promise<string> => (await consent(world)).get('code') ?? '';
    await expect(exchangeCode(await another(), 'w'.repeat(64), redirectUri, request(world))).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(exchangeCode(await another(), verifier, 'http://127.0.0.1:1/callback/', request(world))).rejects.toMatchObject({ code: 'invalid_grant' });
    await expect(exchangeCode(await another(), verifier, redirectUri, request(world, { clientId: 'other', clientSecret: 's' }))).rejects.toMatchObject({ code: 'invalid_grant' });
    await expect(exchangeCode(await another(), verifier, redirectUri, request(world, { clientId: 'key' }))).rejects.toMatchObject({ code: 'invalid_client', remedy: expect.stringContaining('client key and secret') });
  });

  test.each([
    [{ code_challenge: createHash('sha256').update(verifier).digest('base64url') }, 'invalid_request'],
    [{ scope: 'user.info.basic video.upload' }, 'invalid_scope'],
    [{ response_type: 'token' }, 'unsupported_response_type'],
  ])('the page refuses %j', async (changes, error) => {
    expect((await consent(new TikTokWorld(), changes)).get('error')).toBe(error);
  });
});

describe('refreshing', () => {
  test('ends the refresh token it used, and keeps the year of the login', async () => {
    const world = new TikTokWorld();
    const first = await login(world);
    world.nowMs += 100 * 86_400_000;
    const second = await refresh(first, request(world));
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect(second.refreshExpiresAtMs).toBe(first.refreshExpiresAtMs);
    await expect(refresh(first, request(world))).rejects.toMatchObject({ kind: 'auth', code: 'invalid_grant', remedy: expect.stringContaining('snvg auth login tiktok') });
    world.nowMs += 266 * 86_400_000;
    await expect(refresh(second, request(world))).rejects.toMatchObject({ kind: 'auth', code: 'invalid_grant' });
    await expect(refresh({ accessToken: second.accessToken }, request(world))).rejects.toMatchObject({ kind: 'auth', code: 'refresh_token_missing' });
  });

  test.each([
    [{ kind: 'drop-after' }, { name: 'LostReply' }],
    [{ kind: 'status', status: 503 }, { name: 'LostReply' }],
    [{ kind: 'status', status: 429 }, { kind: 'retry', code: 'rate_limit_exceeded' }],
  ] as const)('tells %j from a refusal', async (fault, expected) => {
    let armed = false;
    const script: FaultScript = () => (armed ? fault : undefined);
    const world = new TikTokWorld(script);
    const tokens = await login(world);
    armed = true;
    await expect(refresh(tokens, request(world))).rejects.toMatchObject(expected);
  });
});

test('revoking ends access and refresh tokens', async () => {
  const world = new TikTokWorld();
  const tokens = await login(world);
  await revoke(tokens, request(world));
  await expect(tiktokAccounts.whoami({ accessToken: tokens.accessToken }, request(world))).rejects.toMatchObject({ kind: 'auth', code: 'access_token_invalid' });
  await expect(refresh(tokens, request(world))).rejects.toMatchObject({ code: 'invalid_grant' });
});

test('a token that may not read the account says which permission is missing', async () => {
  const world = new TikTokWorld();
  const { accessToken } = world.standIn.issue({ id: 'a', name: 'a' }, ['video.upload']);
  await expect(tiktokAccounts.whoami({ accessToken }, request(world))).rejects.toMatchObject({ kind: 'auth', code: 'scope_not_authorized' });
});
