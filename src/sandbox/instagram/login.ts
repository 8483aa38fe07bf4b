import { randomBytes } from 'node:crypto';
import type { StandInAnswer, StandInOptions } from '../stand-in.js';
import { type Grant, type IssuedTokens, TokenDesk } from '../token-desk.js';
import { graphError, invalidParameter } from './graph-answers.js';
import type { Parameters } from './parameters.js';

const hourMs = 60 * 60 * 1000;

/** Facebook's side of the login: codes, tokens of an hour, tokens of 60 days, permissions that may be refused singly. */
export class FacebookLogin {
  /** The app that is registered; any client is refused whose id and secret are not these. */
  readonly app = { id: '1000000000000001', secret: 'sandbox-app-secret' };
  /** Permissions that the person unticks in the dialog. */
  refusedScopes: readonly string[] = [];
  readonly #short: TokenDesk;
  readonly #long: TokenDesk;
  readonly #codes = new Map<string, { redirectUri: string; scopes: string[]; account: { id: string; name: string } }>();

  constructor({ nowMs }: StandInOptions) {
    this.#short = new TokenDesk({ nowMs, rotates: false, lifetimeMs: hourMs });
    this.#long = new TokenDesk({ nowMs, rotates: false, lifetimeMs: 60 * 24 * hourMs });
  }

  /** A token of 60 days, as after a login. */
  issue(account: { id: string; name: string }, scopes: readonly string[]): IssuedTokens {
    return this.#long.issue(account, scopes);
  }

  check(accessToken: string | undefined): Grant | 'invalid' {
    const long = this.#long.check(accessToken);
    return long === 'invalid' ? this.#short.check(accessToken) : long;
  }

  expire(accessToken: string): void {
    this.#long.expire(accessToken);
    this.#short.expire(accessToken);
  }

  /** The dialog, with a person who says yes at once. */
  dialog(parameters: URLSearchParams, account: { id: string; name: string } | undefined): StandInAnswer {
    const redirectUri = parameters.get('redirect_uri') ?? '';
    if (parameters.get('client_id') !== this.app.id) return { status: 400, body: 'Invalid App ID' };
    if (!URL.canParse(redirectUri)) return { status: 400, body: 'Invalid redirect_uri' };
    if ((parameters.get('response_type') ?? 'code') !== 'code') return { status: 400, body: 'Invalid response_type' };
    const back = new URL(redirectUri);
    const state = parameters.get('state');
    if (state !== null) back.searchParams.set('state', state);
    if (!account) {
      back.searchParams.set('error', 'access_denied');
      return { status: 302, headers: { location: back.href } };
    }
    const code = `sandbox-code-${randomBytes(12).toString('hex')}`;
    const scopes = (parameters.get('scope') ?? '').split(',').filter((scope) => scope !== '' && !this.refusedScopes.includes(scope));
    this.#codes.set(code, { redirectUri, scopes, account });
    back.searchParams.set('code', code);
    return { status: 302, headers: { location: back.href } };
  }

  /** `oauth/access_token`: a code for a token, or a token for a younger one. */
  token(parameters: Parameters): StandInAnswer {
    const text = (name: string): string => String(parameters.get(name) ?? '');
    if (text('client_id') !== this.app.id) return graphError(400, 101, 'The app could not be found.');
    if (text('client_secret') !== this.app.secret) return graphError(400, 1, 'The client secret is not valid.');
    if (text('grant_type') === 'fb_exchange_token') {
      const grant = this.check(text('fb_exchange_token'));
      if (grant === 'invalid') return graphError(400, 190, 'The access token has expired or is not valid.', { subcode: 463 });
      return given(this.#long.issue(grant.account, grant.scopes), 60 * 24 * hourMs);
    }
    if (parameters.has('grant_type') && text('grant_type') !== 'authorization_code') return invalidParameter('grant_type');
    const code = this.#codes.get(text('code'));
    this.#codes.delete(text('code'));
    if (!code) return graphError(400, 100, 'This authorization code has been used or has expired.', { subcode: 36009 });
    if (code.redirectUri !== text('redirect_uri')) return graphError(400, 100, 'The redirect_uri is not the one of the dialog.', { subcode: 36008 });
    return given(this.#short.issue(code.account, code.scopes), hourMs);
  }
}

function given(tokens: IssuedTokens, lifetimeMs: number): StandInAnswer {
  return { status: 200, body: { access_token: tokens.accessToken, token_type: 'bearer', expires_in: lifetimeMs / 1000 } };
}
