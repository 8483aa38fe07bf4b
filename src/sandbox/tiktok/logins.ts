import { createHash, randomBytes } from 'node:crypto';
import type { StandInAnswer, StandInRequest } from '../stand-in.js';
import { TokenDesk, type Grant, type IssuedTokens } from '../token-desk.js';
import { flat, oauthError } from './answers.js';

const accessLifetimeMs = 86_400_000;
const refreshLifetimeMs = 365 * accessLifetimeMs;
const codeLifetimeMs = 600_000;

interface PendingCode {
  account: { id: string; name: string };
  scopes: readonly string[];
  clientKey: string;
  redirectUri: string;
  challenge: string | null;
  issuedMs: number;
}

/** TikTok's login: the page (where the stand-in's person always agrees), tokens and their revocation. */
export class Logins {
  readonly #desk: TokenDesk;
  readonly #codes = new Map<string, PendingCode>();
  /** Issued when and beside which access tokens: refreshing does not prolong the year. */
  readonly #refreshTokens = new Map<string, { loginMs: number; accessTokens: string[] }>();
  readonly #nowMs: () => number;
  /** Who agrees on the page. */
  person: { id: string; name: string };

  constructor(nowMs: () => number, person: { id: string; name: string }) {
    this.#nowMs = nowMs;
    this.person = person;
    this.#desk = new TokenDesk({ nowMs, rotates: true, lifetimeMs: accessLifetimeMs });
  }

  issue(account: { id: string; name: string }, scopes: readonly string[]): IssuedTokens {
    const tokens = this.#desk.issue(account, scopes);
    this.#refreshTokens.set(tokens.refreshToken, { loginMs: this.#nowMs(), accessTokens: [tokens.accessToken] });
    return tokens;
  }

  expire(accessToken: string): void {
    this.#desk.expire(accessToken);
  }

  /** Undefined: unknown, expired or revoked. */
  grantOf(authorization: string | undefined): { token: string; grant: Grant } | undefined {
    const token = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1];
    const grant = this.#desk.check(token);
    return token === undefined || grant === 'invalid' ? undefined : { token, grant };
  }

  /** The authorization page: sends the browser back with a code. */
  authorize(request: StandInRequest): StandInAnswer {
    const query = request.url.searchParams;
    const redirectUri = query.get('redirect_uri') ?? '';
    const clientKey = query.get('client_key') ?? '';
    const challenge = query.get('code_challenge');
    if (!URL.canParse(redirectUri) || clientKey === '') return { status: 400, body: 'client_key and redirect_uri are required' };
    const back = new URL(redirectUri);
    const state = query.get('state');
    if (state !== null) back.searchParams.set('state', state);
    const known = ['user.info.basic', 'user.info.profile', 'user.info.stats', 'video.list', 'video.upload', 'video.publish'];
    const scopes = (query.get('scope') ?? '').split(',');
    const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(back.hostname);
    const problem =
      query.get('response_type') !== 'code'
        ? 'unsupported_response_type'
        : scopes.some((scope) => !known.includes(scope))
          ? 'invalid_scope'
          : (loopback && challenge === null) || (challenge !== null && (query.get('code_challenge_method') !== 'S256' || !/^[0-9a-f]{64}$/.test(challenge)))
            ? 'invalid_request'
            : undefined;
    if (problem !== undefined) {
      back.searchParams.set('error', problem);
    } else {
      const code = randomBytes(24).toString('base64url');
      this.#codes.set(code, { account: this.person, scopes, clientKey, redirectUri, challenge, issuedMs: this.#nowMs() });
      back.searchParams.set('code', code);
      back.searchParams.set('scopes', scopes.join(','));
    }
    return { status: 302, headers: { location: back.href } };
  }

  token(form: URLSearchParams): StandInAnswer {
    if (!form.get('client_key') || !form.get('client_secret')) return oauthError('invalid_client', 'Client key or secret is incorrect.', 401);
    switch (form.get('grant_type')) {
      case 'authorization_code':
        return this.#exchange(form);
      case 'refresh_token':
        return this.#refresh(form.get('refresh_token') ?? '');
      case null:
        return oauthError('invalid_request', 'The request parameters are malformed.');
      default:
        return oauthError('unsupported_grant_type', 'The grant type is not supported.');
    }
  }

  revoke(form: URLSearchParams): StandInAnswer {
    const token = form.get('token') ?? '';
    if (!form.get('client_key') || !form.get('client_secret') || token === '') return oauthError('invalid_request', 'The request parameters are malformed.');
    for (const [refreshToken, { accessTokens }] of this.#refreshTokens) {
      if (refreshToken !== token && !accessTokens.includes(token)) continue;
      for (const accessToken of accessTokens) this.#desk.expire(accessToken);
      this.#desk.revoke(refreshToken);
    }
    return { status: 200, body: '' };
  }

  #exchange(form: URLSearchParams): StandInAnswer {
    const code = form.get('code') ?? '';
    const pending = this.#codes.get(code);
    this.#codes.delete(code);
    if (!pending || this.#nowMs() >= pending.issuedMs + codeLifetimeMs) return oauthError('invalid_grant', 'Authorization code is expired.');
    if (pending.redirectUri !== form.get('redirect_uri')) return oauthError('invalid_grant', 'Redirect_uri is not matched with the uri when requesting code.');
    if (pending.clientKey !== form.get('client_key')) return oauthError('invalid_grant', 'The code was issued to another client.');
    const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('hex');
    if (pending.challenge !== null && pending.challenge !== challenge) return oauthError('invalid_request', 'Code verifier is invalid.');
    const tokens = this.issue(pending.account, pending.scopes);
    return this.#answer(tokens.accessToken, tokens.refreshToken, this.#nowMs(), pending.account.id, pending.scopes);
  }

  #refresh(refreshToken: string): StandInAnswer {
    const known = this.#refreshTokens.get(refreshToken);
    const next = known && this.#nowMs() < known.loginMs + refreshLifetimeMs ? this.#desk.refresh(refreshToken) : undefined;
    const grant = next === undefined ? 'invalid' : this.#desk.check(next.accessToken);
    // With status 200, as TikTok has been seen to do.
    if (!known || next?.refreshToken === undefined || grant === 'invalid') return oauthError('invalid_grant', 'Refresh token is invalid or expired.', 200);
    this.#refreshTokens.delete(refreshToken);
    this.#refreshTokens.set(next.refreshToken, { loginMs: known.loginMs, accessTokens: [...known.accessTokens, next.accessToken] });
    return this.#answer(next.accessToken, next.refreshToken, known.loginMs, grant.account.id, next.scopes);
  }

  #answer(accessToken: string, refreshToken: string, loginMs: number, openId: string, scopes: readonly string[]): StandInAnswer {
    return flat(200, {
      access_token: accessToken,
      expires_in: accessLifetimeMs / 1000,
      open_id: openId,
      refresh_expires_in: Math.floor((loginMs + refreshLifetimeMs - this.#nowMs()) / 1000),
      refresh_token: refreshToken,
      scope: scopes.join(','),
      token_type: 'Bearer',
    });
  }
}
