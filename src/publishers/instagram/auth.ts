import type { AccountPolicy, TokenRequest, TokenSet } from '../credentials.js';
import { PlatformFault } from '../faults.js';
import { understood, type GraphBody } from './graph.js';
import { GraphRefusal } from './graph-fault.js';
import { graphVersion } from './limits.js';

const graph = `https://graph.facebook.com/${graphVersion}`;

/** Needed to publish for an account whose Page one manages. Roles given in Meta's Business Manager also need ads_read or ads_management. */
const scopes = ['instagram_basic', 'instagram_content_publish', 'pages_show_list', 'pages_read_engagement'] as const;

/** Facebook compares redirect addresses exactly, and takes plain http for `localhost` alone while an app is in development. */
const loopbackPort = 47814;

type Asker = Pick<TokenRequest, 'http' | 'signal' | 'nowMs'>;

/**
 * Facebook Login for Business. There is no refresh token: the code gives a token of an hour or two, which is exchanged for one of about
 * 60 days, which is exchanged for a younger one as long as it lives. PKCE is offered for OpenID Connect only, and only as a test.
 */
export const instagramAuth: AccountPolicy = {
  authorizeUrl: `https://www.facebook.com/${graphVersion}/dialog/oauth`,
  tokenUrl: `${graph}/oauth/access_token`,
  scopes,
  scopeSeparator: ',',
  pkce: 'none',
  clientIdParameter: 'client_id',
  clientAuthentication: 'body',
  refreshTokens: 'exchanged',
  oauth1: false,
  loopback: { host: 'localhost', port: loopbackPort, path: '/callback' },
  registerHint: `Make an app of the type Business at developers.facebook.com, add the product Facebook Login for Business, and enter http://localhost:${loopbackPort}/callback as a valid OAuth redirect address. The Instagram account must be a professional one that is linked to a Facebook Page. While the app is used only by people with a role in it, Meta need not review it.`,

  async exchangeCode(code: string, _verifier: string, redirectUri: string, request: TokenRequest): Promise<TokenSet> {
    const short = await token({ client_id: request.client.clientId, client_secret: request.client.clientSecret ?? '', redirect_uri: redirectUri, code }, request);
    return exchanged(short.accessToken, request);
  },

  async refresh({ accessToken }: { accessToken: string }, request: TokenRequest): Promise<TokenSet> {
    return exchanged(accessToken, request);
  },

  async whoami({ accessToken }, request): Promise<{ id: string; name: string }> {
    const pages = await ask(`${graph}/me/accounts?fields=name,instagram_business_account%7Bid,username%7D&limit=100`, accessToken, request);
    const linked = (Array.isArray(pages['data']) ? (pages['data'] as GraphBody[]) : []).flatMap((page) => instagramOf(page));
    const accounts = [...new Map(linked.map((account) => [account.id, account])).values()];
    const [only, ...others] = accounts;
    if (!only) {
      throw new PlatformFault('auth', {
        code: 'no_professional_account',
        message: 'No Instagram account belongs to this login',
        remedy: 'Make the Instagram account a professional one and link it to a Facebook Page that you manage; then log in again, choose both in the dialog and allow everything it asks for.',
      });
    }
    if (others.length > 0) {
      throw new PlatformFault('auth', {
        code: 'several_accounts',
        message: `The login covers ${accounts.length} Instagram accounts: ${accounts.map(({ name }) => name).join(', ')}`,
        remedy: 'Log in once for each, and choose a single Page and Instagram account in the dialog (Edit previous settings).',
      });
    }
    return only;
  },
};

function instagramOf(page: GraphBody): { id: string; name: string }[] {
  const account = page['instagram_business_account'] as GraphBody | undefined;
  const id = account?.['id'];
  const name = account?.['username'];
  return typeof id === 'string' ? [{ id, name: typeof name === 'string' ? name : id }] : [];
}

/** A younger token for one that still lives, and what it may do: people can refuse single permissions. */
async function exchanged(accessToken: string, request: TokenRequest): Promise<TokenSet> {
  const long = await token({ grant_type: 'fb_exchange_token', client_id: request.client.clientId, client_secret: request.client.clientSecret ?? '', fb_exchange_token: accessToken }, request);
  const permissions = await ask(`${graph}/me/permissions`, long.accessToken, request);
  const granted = (Array.isArray(permissions['data']) ? (permissions['data'] as GraphBody[]) : []).filter((entry) => entry['status'] === 'granted').map((entry) => String(entry['permission']));
  return { accessToken: long.accessToken, expiresAtMs: long.expiresAtMs, scopes: granted };
}

/** By POST: the secret stays out of addresses, which are written down on the way. */
async function token(parameters: Record<string, string>, request: TokenRequest): Promise<{ accessToken: string; expiresAtMs: number | null }> {
  const answer = await request.http.send({
    method: 'POST',
    url: `${graph}/oauth/access_token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams(parameters).toString(),
    signal: request.signal,
  });
  const body = accepted(understood(answer, 'Facebook'), request);
  const { access_token: accessToken, expires_in: seconds } = body;
  if (typeof accessToken !== 'string') throw new PlatformFault('auth', { code: 'token', message: 'Facebook gave no token', remedy: 'Log in again: snvg auth login instagram' });
  return { accessToken, expiresAtMs: typeof seconds === 'number' && seconds > 0 ? request.nowMs() + seconds * 1000 : null };
}

async function ask(url: string, accessToken: string, request: Asker): Promise<GraphBody> {
  const answer = await request.http.send({ method: 'GET', url, headers: { authorization: `Bearer ${accessToken}`, accept: 'application/json' }, signal: request.signal });
  return accepted(understood(answer, 'Facebook'), request);
}

function accepted(outcome: GraphBody | GraphRefusal, request: Asker): GraphBody {
  if (!(outcome instanceof GraphRefusal)) return outcome;
  const fault = outcome.fault(request.nowMs());
  if (fault.kind === 'retry') throw fault;
  // What is refused here is the login: a code used twice, a wrong secret, a token that has ended.
  throw new PlatformFault('auth', { code: outcome.code, message: outcome.message, remedy: 'Log in again: snvg auth login instagram. If it fails again, check the app’s id, secret and redirect address.' });
}
