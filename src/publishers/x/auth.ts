import { LostReply } from '../faults.js';
import type { AccountPolicy } from '../credentials.js';
import { xApi } from './api.js';
import { xClient } from './client.js';

/** X compares redirect addresses exactly, so this port is registered with the app. */
const loopbackPort = 47813;

/** OAuth 2.0 with PKCE (access tokens of two hours, refresh tokens that work once), or OAuth 1.0a keys, which do not expire. */
export const xAccounts: AccountPolicy = {
  authorizeUrl: 'https://x.com/i/oauth2/authorize',
  tokenUrl: 'https://api.x.com/2/oauth2/token',
  revokeUrl: 'https://api.x.com/2/oauth2/revoke',
  scopes: ['tweet.read', 'tweet.write', 'users.read', 'media.write', 'offline.access'],
  scopeSeparator: ' ',
  pkce: 'S256',
  clientIdParameter: 'client_id',
  clientAuthentication: 'basic',
  refreshTokens: 'rotated',
  oauth1: true,
  loopback: { host: '127.0.0.1', port: loopbackPort, path: '/callback' },
  registerHint: `In the X developer console (console.x.com) give the app read and write permission, OAuth 2.0 as a native app, and the callback address http://127.0.0.1:${loopbackPort}/callback.`,

  async whoami(credentials, { http, signal, nowMs }) {
    const client = await xClient(xApi({ http, signal, nowMs, credentials }), 'asking whose login it is');
    const answer: unknown = await client.me();
    const { id, username } = ((answer ?? {}) as { data?: { id?: unknown; username?: unknown } }).data ?? {};
    if (typeof id !== 'string' || typeof username !== 'string') throw new LostReply('X did not say whose login it is');
    return { id, name: username };
  },
};
