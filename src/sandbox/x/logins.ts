import { createHash, randomBytes } from 'node:crypto';
import type { StandInAnswer, StandInRequest } from '../stand-in.js';
import { type IssuedTokens, TokenDesk } from '../token-desk.js';
import { OAuth1Desk, type OAuth1Login } from './oauth1.js';

/** Access tokens live two hours, codes thirty seconds. */
const lifetimeMs = 2 * 3_600_000;
const codeLifetimeMs = 30_000;
/** Scopes that this stand-in knows of. */
export const allScopes = ['tweet.read', 'tweet.write', 'users.read', 'media.write', 'offline.access'] as const;

export interface Account {
  id: string;
  /** The name behind the @. */
  name: string;
}

interface Consent {
  account: Account;
  scopes: string[];
  clientId: string;
  redirectUri: string;
  challenge: string;
  endsMs: number;
}

/** Logins by OAuth 2.0 with PKCE (refresh tokens work once) and by OAuth 1.0a. */
export class XLogins {
  /** Who gives consent at the authorize page; undefined: the person declines. */
  person: Account | undefined;
  /** The app, when only one is to be accepted; by default any client id is. Confidential with a secret. */
  client: { clientId: string; clientSecret?: string } | undefined;
  readonly #desk: TokenDesk;
  readonly #oauth1: OAuth1Desk;
  readonly #codes = new Map<string, Consent>();
  /** Access token by refresh token, and back, so that revoking one ends both. */
  readonly #family = new Map<string, string>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#desk = new TokenDesk({ nowMs, rotates: true, lifetimeMs });
    this.#oauth1 = new OAuth1Desk(nowMs);
  }

  issue(account: Account, scopes: readonly string[]): IssuedTokens {
    const tokens = this.#desk.issue(account, scopes);
    this.#join(tokens.accessToken, tokens.refreshToken);
    return tokens;
  }

  issueOAuth1(account: Account): OAuth1Login {
    return this.#oauth1.issue(account);
  }

  expire(accessToken: string): void {
    this.#desk.expire(accessToken);
    this.#oauth1.revoke(accessToken);
  }

  revokeRefresh(refreshToken: string): void {
    this.#desk.revoke(refreshToken);
  }

  /** Whose request it is; a user's keys of OAuth 1.0a carry no scopes and may do everything. */
  check(request: StandInRequest): { account: Account; may(scope: string): boolean } | undefined {
    const header = request.headers['authorization'] ?? '';
    const bearer = /^Bearer (\S+)$/.exec(header)?.[1];
    if (bearer === undefined) {
      const account = this.#oauth1.check(request);
      return account && { account, may: () => true };
    }
    const grant = this.#desk.check(bearer);
    return grant === 'invalid' ? undefined : { account: grant.account, may: (scope) => grant.scopes.includes(scope) };
  }

  /** x.com/i/oauth2/authorize: the person's browser comes back with a code. */
  authorize({ url }: StandInRequest): StandInAnswer {
    const ask = (name: string): string => url.searchParams.get(name) ?? '';
    const scopes = ask('scope').split(' ');
    const wrong =
      ask('response_type') !== 'code' ||
      ask('client_id') === '' ||
      (this.client !== undefined && ask('client_id') !== this.client.clientId) ||
      !URL.canParse(ask('redirect_uri')) ||
      ask('state') === '' ||
      !['S256', 'plain'].includes(ask('code_challenge_method')) ||
      ask('code_challenge') === '' ||
      scopes.some((scope) => !(allScopes as readonly string[]).includes(scope));
    if (wrong) return { status: 400, headers: { 'content-type': 'text/html' }, body: '<p>Something went wrong. You weren’t able to give access to the App.</p>' };
    const back = new URL(ask('redirect_uri'));
    back.searchParams.set('state', ask('state'));
    if (this.person === undefined) {
      back.searchParams.set('error', 'access_denied');
    } else {
      const code = randomBytes(24).toString('base64url');
      const challenge = ask('code_challenge_method') === 'plain' ? hashed(ask('code_challenge')) : ask('code_challenge');
      this.#codes.set(code, { account: this.person, scopes, clientId: ask('client_id'), redirectUri: ask('redirect_uri'), challenge, endsMs: this.#nowMs() + codeLifetimeMs });
      back.searchParams.set('code', code);
    }
    return { status: 302, headers: { location: back.href } };
  }

  /** POST /2/oauth2/token */
  async token(request: StandInRequest): Promise<StandInAnswer> {
    const form = await readForm(request);
    if (!form) return refused(400, 'invalid_request', 'Missing required parameter [grant_type].');
    const clientId = this.#clientOf(request, form);
    if (clientId === undefined) return refused(401, 'unauthorized_client', 'Missing valid authorization header');
    const grantType = form.get('grant_type');
    if (grantType === 'refresh_token') return this.#refresh(form);
    if (grantType === 'authorization_code') return this.#exchange(form, clientId);
    return refused(400, 'unsupported_grant_type', 'Invalid grant_type parameter.');
  }

  /** POST /2/oauth2/revoke */
  async revoke(request: StandInRequest): Promise<StandInAnswer> {
    const form = await readForm(request);
    const token = form?.get('token') ?? '';
    if (!form || token === '') return refused(400, 'invalid_request', 'Missing required parameter [token].');
    if (this.#clientOf(request, form) === undefined) return refused(401, 'unauthorized_client', 'Missing valid authorization header');
    for (const member of [token, this.#family.get(token)]) {
      if (member === undefined) continue;
      this.#desk.expire(member);
      this.#desk.revoke(member);
    }
    return { status: 200, body: { revoked: true } };
  }

  #refresh(form: URLSearchParams): StandInAnswer {
    const refreshed = this.#desk.refresh(form.get('refresh_token') ?? '');
    if (!refreshed) return refused(400, 'invalid_request', 'Value passed for the token was invalid.');
    if (refreshed.refreshToken !== undefined) this.#join(refreshed.accessToken, refreshed.refreshToken);
    return granted(refreshed.accessToken, refreshed.refreshToken, refreshed.scopes);
  }

  #exchange(form: URLSearchParams, clientId: string): StandInAnswer {
    const code = form.get('code') ?? '';
    const consent = this.#codes.get(code);
    this.#codes.delete(code);
    if (!consent || consent.endsMs <= this.#nowMs() || consent.clientId !== clientId) return refused(400, 'invalid_request', 'Value passed for the authorization code was invalid.');
    if (form.get('redirect_uri') !== consent.redirectUri) return refused(400, 'invalid_request', 'Value passed for the redirect uri did not match the uri of the authorization code.');
    if (hashed(form.get('code_verifier') ?? '') !== consent.challenge) return refused(400, 'invalid_request', 'Value passed for the code verifier did not match the code challenge.');
    const tokens = this.issue(consent.account, consent.scopes);
    return granted(tokens.accessToken, consent.scopes.includes('offline.access') ? tokens.refreshToken : undefined, consent.scopes);
  }

  /** Confidential clients say who they are by HTTP Basic, public ones in the form. */
  #clientOf({ headers }: StandInRequest, form: URLSearchParams): string | undefined {
    const basic = /^Basic (\S+)$/.exec(headers['authorization'] ?? '')?.[1];
    const [id = '', secret] = basic === undefined ? [form.get('client_id') ?? ''] : Buffer.from(basic, 'base64').toString().split(':').map(decodeURIComponent);
    if (id === '' || (this.client && (id !== this.client.clientId || secret !== this.client.clientSecret))) return undefined;
    return id;
  }

  #join(accessToken: string, refreshToken: string): void {
    this.#family.set(accessToken, refreshToken);
    this.#family.set(refreshToken, accessToken);
  }
}

function granted(accessToken: string, refreshToken: string | undefined, scopes: readonly string[]): StandInAnswer {
  return { status: 200, body: { token_type: 'bearer', expires_in: lifetimeMs / 1000, access_token: accessToken, scope: scopes.join(' '), ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }) } };
}

function refused(status: number, error: string, description: string): StandInAnswer {
  return { status, body: { error, error_description: description } };
}

function hashed(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}

async function readForm(request: StandInRequest): Promise<URLSearchParams | undefined> {
  if (!(request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of request.body()) chunks.push(chunk);
  return new URLSearchParams(Buffer.concat(chunks).toString());
}
