import type { AccountPolicy } from '../credentials.js';
import { PlatformFault } from '../faults.js';
import { manageScope, uploadScope } from './account.js';
import { call } from './api.js';

/**
 * Google's desktop clients: loopback redirect and PKCE. The device flow is not offered, because Google gives none of the upload scopes
 * by it (developers.google.com/youtube/v3/guides/auth/devices).
 */
export const youtubeAuth: AccountPolicy = {
  authorizeUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
  tokenUrl: 'https://oauth2.googleapis.com/token',
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
  // developers.google.com/identity/protocols/oauth2#expiration, checked 2026-11-25.
  testingLifetimeDays: 7,
  registerHint: 'Create an OAuth client of the type “Desktop app” at https://console.cloud.google.com/apis/credentials, in a project with the YouTube Data API v3 switched on (docs/platforms/youtube.md).',

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
