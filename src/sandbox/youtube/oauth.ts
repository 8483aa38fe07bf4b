import { createHash, randomBytes } from 'node:crypto';
import type { StandInAnswer, StandInRequest } from '../stand-in.js';
import { type IssuedTokens, TokenDesk } from '../token-desk.js';
import { wholeBody } from './body.js';

const lifetimeMs = 3_600_000;
const codeLifetimeMs = 600_000;
/** Logins of apps whose consent screen is in testing end then. */
const testingLifetimeMs = 7 * 86_400_000;
const maxFormBytes = 64 * 1024;

const scopePrefix = 'https://www.googleapis.com/auth/';
/** What each scope allows here. */
export const scopes = { upload: `${scopePrefix}youtube.upload`, manage: `${scopePrefix}youtube.force-ssl`, all: `${scopePrefix}youtube`, partner: `${scopePrefix}youtubepartner`, read: `${scopePrefix}youtube.readonly` } as const;
const knownScopes = new Set<string>([...Object.values(scopes), 'openid', 'email', 'profile']);

/** Who sits at the browser, and what they tick. */
export interface Consent {
  account: { id: string; name: string };
  /** `denied`: the person refuses; a list: only these of what is asked for. */
  answer: 'granted' | 'denied' | readonly string[];
}

interface Code {
  clientId: string;
  redirectUri: string;
  challenge: string;
  offline: boolean;
  scopes: readonly string[];
  account: { id: string; name: string };
  expiresAtMs: number;
}

/** Google's authorization server for desktop clients. */
export class GoogleLogin {
  readonly #desk: TokenDesk;
  readonly #nowMs: () => number;
  readonly #codes = new Map<string, Code>();
  /** Which access tokens stem from which refresh token, so that revoking ends both. */
  readonly #family = new Map<string, string>();
  /** When each login was given, by its refresh token. */
  readonly #grantedMs = new Map<string, number>();
  consent: Consent;
  /** The consent screen is in testing. */
  testing = false;

  constructor(nowMs: () => number, consent: Consent) {
    this.#nowMs = nowMs;
    this.#desk = new TokenDesk({ nowMs, rotates: false, lifetimeMs });
    this.consent = consent;
  }

  check(accessToken: string | undefined): ReturnType<TokenDesk['check']> {
    return this.#desk.check(accessToken);
  }

  issue(account: { id: string; name: string }, granted: readonly string[]): IssuedTokens {
    const issued = this.#desk.issue(account, granted);
    this.#family.set(issued.accessToken, issued.refreshToken);
    this.#grantedMs.set(issued.refreshToken, this.#nowMs());
    return issued;
  }

  expire(accessToken: string): void {
    this.#desk.expire(accessToken);
  }

  /** Ends a login by either of its tokens. False: neither is known. */
  revoke(token: string): boolean {
    const refreshToken = this.#family.get(token) ?? token;
    const accessTokens = Array.from(this.#family).flatMap(([access, refresh]) => (refresh === refreshToken ? [access] : []));
    for (const access of accessTokens) {
      this.#desk.expire(access);
      this.#family.delete(access);
    }
    this.#desk.revoke(refreshToken);
    return accessTokens.length > 0;
  }

  /** GET accounts.google.com/o/oauth2/v2/auth, with a person who answers at once. */
  authorize(url: URL): StandInAnswer {
    const given = (name: string): string => url.searchParams.get(name) ?? '';
    const redirectUri = given('redirect_uri');
    const asked = given('scope').split(' ').filter((scope) => scope !== '');
    if (given('client_id') === '') return page('invalid_request', 'Missing required parameter: client_id');
    if (!isLoopback(redirectUri)) return page('redirect_uri_mismatch', 'A desktop client is answered on a loopback address.');
    if (given('response_type') !== 'code') return page('unsupported_response_type', 'response_type must be code');
    const unknown = asked.filter((scope) => !knownScopes.has(scope));
    if (asked.length === 0 || unknown.length > 0) return page('invalid_scope', `Some requested scopes were invalid: ${unknown.join(' ')}`);
    if (given('code_challenge_method') !== 'S256' || !/^[A-Za-z0-9_-]{43}$/.test(given('code_challenge'))) return page('invalid_request', 'code_challenge must be given as S256');
    const back = new URL(redirectUri);
    if (url.searchParams.has('state')) back.searchParams.set('state', given('state'));
    const { account, answer } = this.consent;
    if (answer === 'denied') back.searchParams.set('error', 'access_denied');
    else {
      const granted = answer === 'granted' ? asked : asked.filter((scope) => answer.includes(scope));
      const code = `4/${randomBytes(24).toString('base64url')}`;
      this.#codes.set(code, { clientId: given('client_id'), redirectUri, challenge: given('code_challenge'), offline: given('access_type') === 'offline', scopes: granted, account, expiresAtMs: this.#nowMs() + codeLifetimeMs });
      back.searchParams.set('code', code);
      back.searchParams.set('scope', granted.join(' '));
    }
    return { status: 302, headers: { location: back.href }, body: '' };
  }

  /** POST oauth2.googleapis.com/token */
  async token(request: StandInRequest): Promise<StandInAnswer> {
    const form = await readForm(request);
    if (!form) return flat(400, 'invalid_request', 'The body must be form-encoded.');
    if (!form.has('client_id')) return flat(400, 'invalid_request', 'Could not determine client ID from request.');
    if (!form.has('client_secret')) return flat(400, 'invalid_request', 'client_secret is missing.');
    switch (form.get('grant_type')) {
      case 'authorization_code':
        return this.#exchange(form);
      case 'refresh_token':
        return this.#refresh(form);
      default:
        return flat(400, 'unsupported_grant_type', `Invalid grant_type: ${form.get('grant_type') ?? ''}`);
    }
  }

  /** POST oauth2.googleapis.com/revoke */
  async revocation(request: StandInRequest): Promise<StandInAnswer> {
    const form = await readForm(request);
    const token = form?.get('token') ?? request.url.searchParams.get('token');
    if (token === null || !this.revoke(token)) return flat(400, 'invalid_token', 'Token expired or revoked');
    return { status: 200, body: {} };
  }

  /** POST oauth2.googleapis.com/device/code: these clients are of another type, and the upload scopes are not given this way. */
  async device(request: StandInRequest): Promise<StandInAnswer> {
    const form = await readForm(request);
    const asked = (form?.get('scope') ?? '').split(' ');
    const allowed = new Set<string>([scopes.all, scopes.read, 'openid', 'email', 'profile']);
    if (asked.some((scope) => !allowed.has(scope))) return flat(400, 'invalid_scope', 'Invalid device flow scope');
    return flat(401, 'invalid_client', 'Invalid client type.');
  }

  #exchange(form: URLSearchParams): StandInAnswer {
    const code = this.#codes.get(form.get('code') ?? '');
    this.#codes.delete(form.get('code') ?? '');
    const verifier = form.get('code_verifier') ?? '';
    if (!code || code.expiresAtMs <= this.#nowMs() || code.clientId !== form.get('client_id')) return flat(400, 'invalid_grant', 'Malformed auth code.');
    if (code.redirectUri !== form.get('redirect_uri')) return flat(400, 'redirect_uri_mismatch', 'Bad Request');
    if (createHash('sha256').update(verifier).digest('base64url') !== code.challenge) return flat(400, 'invalid_grant', verifier === '' ? 'Missing code verifier.' : 'Invalid code verifier.');
    const issued = this.issue(code.account, code.scopes);
    return { status: 200, body: { access_token: issued.accessToken, expires_in: lifetimeMs / 1000 - 1, scope: code.scopes.join(' '), token_type: 'Bearer', ...(code.offline ? { refresh_token: issued.refreshToken, ...this.#lifetime(issued.refreshToken) } : {}) } };
  }

  #refresh(form: URLSearchParams): StandInAnswer {
    const refreshToken = form.get('refresh_token') ?? '';
    if ((this.#lifetime(refreshToken).refresh_token_expires_in ?? 1) <= 0) this.revoke(refreshToken);
    const refreshed = this.#desk.refresh(refreshToken);
    if (!refreshed) return flat(400, 'invalid_grant', 'Token has been expired or revoked.');
    this.#family.set(refreshed.accessToken, refreshToken);
    return { status: 200, body: { access_token: refreshed.accessToken, expires_in: lifetimeMs / 1000 - 1, scope: refreshed.scopes.join(' '), token_type: 'Bearer', ...this.#lifetime(refreshToken) } };
  }

  /** Named only when it ends by itself. */
  #lifetime(refreshToken: string): { refresh_token_expires_in?: number } {
    const grantedMs = this.#grantedMs.get(refreshToken);
    return this.testing && grantedMs !== undefined ? { refresh_token_expires_in: Math.floor((grantedMs + testingLifetimeMs - this.#nowMs()) / 1000) } : {};
  }
}

function isLoopback(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return protocol === 'http:' && (hostname === '127.0.0.1' || hostname === '[::1]' || hostname === 'localhost');
}

async function readForm(request: StandInRequest): Promise<URLSearchParams | undefined> {
  const text = (await wholeBody(request, maxFormBytes)).toString('utf8');
  if (text !== '' && !/^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '')) return undefined;
  return new URLSearchParams(text);
}

/** The token endpoint's errors are flat. */
function flat(status: number, error: string, description: string): StandInAnswer {
  return { status, body: { error, error_description: description } };
}

/** The authorization page's errors are shown to the person; nothing comes back to the program. */
function page(error: string, description: string): StandInAnswer {
  return { status: 400, headers: { 'content-type': 'text/html; charset=utf-8' }, body: `<!doctype html><title>Error 400: ${error}</title><p>Access blocked: Error 400: ${error}<p>${description.replace(/[&<>]/g, '')}` };
}
