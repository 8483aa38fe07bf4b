import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { StandInAnswer } from '../../src/sandbox/stand-in.js';
import { YoutubeStandIn } from '../../src/sandbox/youtube/index.js';
import { scopes } from '../../src/sandbox/youtube/oauth.js';

const maker = { id: 'UCmaker', name: 'Maker' };
const dataUrl = 'https://youtube.googleapis.com/youtube/v3';

let youtube: YoutubeStandIn;
beforeEach(() => {
  youtube = new YoutubeStandIn({ nowMs: () => Date.UTC(2026, 10, 25, 20) });
});

async function send(url: string, { method = 'GET', token, form }: { method?: string; token?: string; form?: Record<string, string> } = {}): Promise<StandInAnswer> {
  const bytes = Buffer.from(form ? new URLSearchParams(form).toString() : '');
  return youtube.handle({
    method,
    url: new URL(url),
    headers: { 'content-length': String(bytes.length), ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...(form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}) },
    body: async function* () {
      yield bytes;
    },
  });
}

const reason = ({ status, body }: StandInAnswer): string => `${status} ${(body as { error?: { errors?: { reason: string }[] } }).error?.errors?.[0]?.reason ?? ''}`.trim();

const redirectUri = 'http://127.0.0.1:5000/callback';
const verifier = 'v'.repeat(43);
const challenge = createHash('sha256').update(verifier).digest('base64url');
const asked = `${scopes.upload} ${scopes.manage}`;
const client = { client_id: 'app', client_secret: 'secret' };
const authorize = (changes: Record<string, string> = {}): Promise<StandInAnswer> =>
  send(`https://accounts.google.com/o/oauth2/v2/auth?${new URLSearchParams({ client_id: 'app', redirect_uri: redirectUri, response_type: 'code', scope: asked, state: 's', code_challenge: challenge, code_challenge_method: 'S256', access_type: 'offline', ...changes })}`);
const post = (path: string, form: Record<string, string>): Promise<StandInAnswer> => send(`https://oauth2.googleapis.com${path}`, { method: 'POST', form });
const codeOf = (answer: StandInAnswer): string => new URL(answer.headers?.['location'] ?? '').searchParams.get('code') ?? '';
const exchange = (code: string, changes: Record<string, string> = {}): Promise<StandInAnswer> => post('/token', { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier, ...client, ...changes });

describe('logging in', () => {
  it('gives a code for a login, once, to whoever knows the verifier', async () => {
    const answer = await authorize();
    expect(answer.status).toBe(302);
    expect(new URL(answer.headers?.['location'] ?? '').searchParams.get('state')).toBe('s');
    const code = codeOf(answer);
    expect(reason(await exchange(codeOf(await authorize()), { code_verifier: 'wrong' }))).toBe('400');
    const given = (await exchange(code)).body as { access_token: string; refresh_token: string; scope: string };
    expect(given).toMatchObject({ scope: asked, token_type: 'Bearer', expires_in: 3599 });
    expect((await exchange(code)).body).toMatchObject({ error: 'invalid_grant' });
    const channels = await send(`${dataUrl}/channels?part=snippet&mine=true`, { token: given.access_token });
    expect(channels.body).toMatchObject({ items: [{ snippet: { title: 'Rehearsal' } }] });
    const refreshed = (await post('/token', { grant_type: 'refresh_token', refresh_token: given.refresh_token, ...client })).body as { access_token: string };
    expect(refreshed).not.toHaveProperty('refresh_token');
    expect((await post('/revoke', { token: refreshed.access_token })).status).toBe(200);
    expect((await post('/token', { grant_type: 'refresh_token', refresh_token: given.refresh_token, ...client })).body).toMatchObject({ error: 'invalid_grant', error_description: 'Token has been expired or revoked.' });
    expect(reason(await send(`${dataUrl}/channels?part=snippet&mine=true`, { token: given.access_token }))).toBe('401 authError');
    expect((await post('/revoke', { token: given.refresh_token })).body).toMatchObject({ error: 'invalid_token' });
  });

  it('gives no refresh token that was not asked for, and only the rights that are ticked', async () => {
    youtube.login.consent = { account: maker, answer: [scopes.upload] };
    const given = (await exchange(codeOf(await authorize({ access_type: 'online' })))).body as { access_token: string };
    expect(given).toMatchObject({ scope: scopes.upload });
    expect(given).not.toHaveProperty('refresh_token');
    expect(reason(await send(`${dataUrl}/channels?part=snippet&mine=true`, { token: given.access_token }))).toBe('403 insufficientPermissions');
    youtube.login.consent = { account: maker, answer: 'denied' };
    expect((await authorize()).headers?.['location']).toContain('error=access_denied');
  });

  it('shows mistakes of the program in the browser', async () => {
    for (const changes of [['client_id', ''], ['redirect_uri', 'https://example.com/'], ['response_type', 'token'], ['scope', 'everything'], ['code_challenge_method', 'plain']] as const) {
      expect(await authorize({ [changes[0]]: changes[1] })).toMatchObject({ status: 400, headers: { 'content-type': 'text/html; charset=utf-8' } });
    }
  });

  it('refuses what is incomplete', async () => {
    const code = codeOf(await authorize());
    expect((await post('/token', { grant_type: 'authorization_code', code, client_id: 'app' })).body).toMatchObject({ error: 'invalid_request', error_description: 'client_secret is missing.' });
    expect((await post('/token', { grant_type: 'password', ...client })).body).toMatchObject({ error: 'unsupported_grant_type' });
    expect((await exchange(code, { redirect_uri: 'http://127.0.0.1:1/' })).body).toMatchObject({ error: 'redirect_uri_mismatch' });
    expect((await post('/device/code', { client_id: 'app', scope: scopes.upload })).body).toMatchObject({ error: 'invalid_scope' });
    expect((await post('/device/code', { client_id: 'app', scope: scopes.read })).body).toMatchObject({ error: 'invalid_client' });
  });
});
