import type { AccountPolicy, TokenRequest, TokenSet } from '../credentials.js';
import { LostReply, PlatformFault } from '../faults.js';
import { manageScope, uploadScope } from './account.js';
import { call } from './api.js';

const tokenUrl = 'https://oauth2.googleapis.com/token';

/** developers.google.com/identity/protocols/oauth2#expiration, checked 2026-11-25. */
const endedHint =
  'Log in again: snvg auth login youtube. If it ends every week, the consent screen of your Google project is in “Testing”, where logins last 7 days: set it to “In production” in the Google Cloud console.';

/**
 * Google's desktop clients: loopback redirect and PKCE. The device flow is not offered, because Google gives none of the upload scopes
 * by it (developers.google.com/youtube/v3/guides/auth/devices).
 */
export const youtubeAuth: AccountPolicy = {
  authorizeUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
  tokenUrl,
  revokeUrl: 'https://oauth2.googleapis.com/revoke',
  scopes: [uploadScope, manageScope],
  scopeSeparator: ' ',
  pkce: 'S256',
  clientIdParameter: 'client_id',
  // Without `consent`, a second login gets no refresh token.
  extraAuthorizeParameters: { access_type: 'offline', prompt: 'consent select_account' },
  clientAuthentication: 'body',
  refreshTokens: 'kept',
  oauth1: false,
  testingLifetimeDays: 7,
  registerHint: 'Create an OAuth client of the type “Desktop app” at https://console.cloud.google.com/apis/credentials, in a project with the YouTube Data API v3 switched on (docs/platforms/youtube.md).',

  async refresh({ refreshToken }, request) {
    if (refreshToken === undefined) throw ended('The login has no refresh token');
    const nowMs = request.nowMs();
    const answer = await request.http.send({
      method: 'POST',
      url: tokenUrl,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form(request, { grant_type: 'refresh_token', refresh_token: refreshToken }),
      signal: request.signal,
    });
    return readTokens(answer, nowMs);
  },

  async whoami(credentials, request) {
    const { items } = await call({ ...request, credentials }, 'to say whose channel it is', (api) => api.channels.list({ part: ['id', 'snippet'], mine: true }));
    const channel = items?.[0];
    if (typeof channel?.id === 'string') return { id: channel.id, name: channel.snippet?.title ?? channel.id };
    throw new PlatformFault('auth', {
      code: 'youtubeSignupRequired',
      message: 'The Google account has no YouTube channel',
      remedy: 'Create one at https://www.youtube.com/create_channel, then log in again: snvg auth login youtube',
    });
  },
};

function form({ client }: TokenRequest, fields: Record<string, string>): string {
  const { clientId, clientSecret } = client;
  return new URLSearchParams({ ...fields, client_id: clientId, ...(clientSecret === undefined ? {} : { client_secret: clientSecret }) }).toString();
}

function ended(message: string): PlatformFault {
  return new PlatformFault('auth', { code: 'invalid_grant', message, remedy: endedHint });
}

function readTokens({ status, text }: { status: number; text: string }, nowMs: number): TokenSet {
  let body: Record<string, unknown>;
  try {
    body = JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new LostReply(`Google’s answer (${status}) to the refresh of the login cannot be read`);
  }
  const { access_token: accessToken, expires_in: expiresIn, scope, refresh_token: refreshToken, error, error_description: description } = body;
  if (status === 200 && typeof accessToken === 'string') {
    return {
      accessToken,
      expiresAtMs: typeof expiresIn === 'number' ? nowMs + expiresIn * 1000 : null,
      scopes: typeof scope === 'string' ? scope.split(' ') : [],
      ...(typeof refreshToken === 'string' ? { refreshToken } : {}),
    };
  }
  if (error === 'invalid_grant') throw ended(`Google has ended the login (${typeof description === 'string' ? description : 'invalid_grant'})`);
  if (status >= 500 || status === 429) throw new PlatformFault('retry', { code: `http${status}`, message: `Google failed (${status}) to refresh the login`, remedy: 'Nothing to do: it is tried again by itself.' });
  if (typeof error !== 'string') throw new LostReply(`Google’s answer (${status}) to the refresh of the login cannot be read`);
  throw new PlatformFault('auth', {
    code: error,
    message: `Google refuses to refresh the login: ${typeof description === 'string' ? `${description} (${error})` : error}`,
    remedy: error === 'invalid_client' || error === 'unauthorized_client' ? 'Check the client id and secret that the login was made with, then log in again: snvg auth login youtube' : endedHint,
  });
}
