import type { AccountPolicy, TokenRequest, TokenSet } from '../credentials.js';
import { LostReply, PlatformFault } from '../faults.js';
import { faultOf } from './faults.js';

const tokenUrl = 'https://open.tiktokapis.com/v2/oauth/token/';
const revokeUrl = 'https://open.tiktokapis.com/v2/oauth/revoke/';
const userUrl = 'https://open.tiktokapis.com/v2/user/info/?fields=open_id,display_name';
const loginAgain = 'Log in again: snvg auth login tiktok';

/**
 * TikTok's Login Kit, API v2 (checked 2026-11-25): near RFC 6749, but the app is called `client_key`, scopes are separated by commas,
 * desktop apps send PKCE's challenge in hexadecimal, and errors may come with status 200. An access token lasts a day, a refresh token
 * a year from the login; each refresh may give another one, after which only that one is good.
 */
export const tiktokAccounts: AccountPolicy = {
  authorizeUrl: 'https://www.tiktok.com/v2/auth/authorize/',
  tokenUrl,
  revokeUrl,
  scopes: ['user.info.basic', 'video.upload', 'video.publish'],
  scopeSeparator: ',',
  pkce: 'S256-hex',
  clientIdParameter: 'client_key',
  clientAuthentication: 'body',
  refreshTokens: 'rotated',
  oauth1: false,
  loopback: { host: '127.0.0.1', path: '/callback/' },
  registerHint:
    'Register an app at developers.tiktok.com (Manage apps): add Login Kit for Desktop with the redirect http://127.0.0.1:*/callback/ and the Content Posting API with Direct Post, ask for user.info.basic, video.upload and video.publish, and use its client key and secret. A sandbox of the app works without review.',

  async exchangeCode(code: string, verifier: string, redirectUri: string, request: TokenRequest): Promise<TokenSet> {
    return tokens({ code, grant_type: 'authorization_code', redirect_uri: redirectUri, code_verifier: verifier }, request);
  },

  async refresh(token: { accessToken: string; refreshToken?: string }, request: TokenRequest): Promise<TokenSet> {
    if (token.refreshToken === undefined) throw new PlatformFault('auth', { code: 'refresh_token_missing', message: 'There is no refresh token for this TikTok account', remedy: loginAgain });
    return tokens({ grant_type: 'refresh_token', refresh_token: token.refreshToken }, request);
  },

  async revoke(token: { accessToken: string }, { client, http, signal, nowMs }: TokenRequest): Promise<void> {
    const form = new URLSearchParams({ client_key: client.clientId, ...(client.clientSecret === undefined ? {} : { client_secret: client.clientSecret }), token: token.accessToken });
    const answer = await http.send({ method: 'POST', url: revokeUrl, headers: formHeaders, body: form.toString(), signal });
    const reply = record(answer.text);
    if (answer.status !== 200 || text(reply['error']) !== '') throw refusal(reply, answer.status, nowMs());
  },

  async whoami({ accessToken }, { http, signal, nowMs }): Promise<{ id: string; name: string }> {
    const answer = await http.send({ method: 'GET', url: userUrl, headers: { authorization: `Bearer ${accessToken}` }, signal });
    const envelope = record(answer.text);
    const error = envelope['error'] as { code?: unknown; message?: unknown; log_id?: unknown } | undefined;
    const code = text(error?.code);
    if (code !== 'ok' && code !== '') throw faultOf({ code, message: text(error?.message), logId: text(error?.log_id) }, answer.status, nowMs());
    const user = (envelope['data'] as { user?: { open_id?: unknown; display_name?: unknown } } | undefined)?.user;
    const id = text(user?.open_id);
    if (answer.status !== 200 || id === '') throw new LostReply(`TikTok did not say whose token it is (status ${answer.status})`);
    const name = text(user?.display_name);
    return { id, name: name === '' ? id : name };
  },
};

const formHeaders = { 'content-type': 'application/x-www-form-urlencoded', 'cache-control': 'no-cache' };

/** The answer is flat, unlike those of the rest of the API. @throws {PlatformFault} auth, retry; {LostReply} */
async function tokens(fields: Record<string, string>, { client, http, signal, nowMs }: TokenRequest): Promise<TokenSet> {
  const form = new URLSearchParams({ client_key: client.clientId, ...(client.clientSecret === undefined ? {} : { client_secret: client.clientSecret }), ...fields });
  const answer = await http.send({
    method: 'POST',
    url: tokenUrl,
    headers: formHeaders,
    body: form.toString(),
    signal,
  });
  const atMs = nowMs();
  const reply = record(answer.text);
  const accessToken = text(reply['access_token']);
  if (answer.status === 200 && accessToken !== '') {
    const refreshToken = text(reply['refresh_token']);
    return {
      accessToken,
      ...(refreshToken === '' ? {} : { refreshToken }),
      expiresAtMs: after(reply['expires_in'], atMs),
      refreshExpiresAtMs: after(reply['refresh_expires_in'], atMs),
      scopes: text(reply['scope']).split(',').map((scope) => scope.trim()).filter((scope) => scope !== ''),
    };
  }
  throw refusal(reply, answer.status, atMs);
}

function refusal(reply: Record<string, unknown>, status: number, nowMs: number): Error {
  const nested = reply['error'];
  if (typeof nested === 'object' && nested !== null) {
    const { code, message, log_id: logId } = nested as { code?: unknown; message?: unknown; log_id?: unknown };
    return faultOf({ code: text(code), message: text(message), logId: text(logId) }, status, nowMs);
  }
  const code = text(nested);
  if (code === '' || status >= 500) return new LostReply(`TikTok’s login answered without a reason (status ${status})`);
  if (status === 429) return faultOf({ code: 'rate_limit_exceeded', message: text(reply['error_description']), logId: text(reply['log_id']) }, status, nowMs);
  const remedy = code === 'invalid_client' ? 'Check the client key and secret of your app (developers.tiktok.com, Manage apps), then log in again: snvg auth login tiktok' : loginAgain;
  return new PlatformFault('auth', { code, message: `TikTok’s login refused: ${text(reply['error_description']) || code}`, remedy });
}

/** Seconds from now. Null when TikTok does not say. */
function after(seconds: unknown, nowMs: number): number | null {
  return typeof seconds === 'number' ? nowMs + seconds * 1000 : null;
}

function record(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
