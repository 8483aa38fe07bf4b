import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { StandInRequest } from '../stand-in.js';

/** Keys of an app and of a user's consent. */
export interface OAuth1Login {
  consumerKey: string;
  consumerSecret: string;
  accessToken: string;
  tokenSecret: string;
}

/** A request may be signed so much earlier or later. */
const toleranceSeconds = 300;

/** Checks signatures by RFC 5849 (HMAC-SHA1); every nonce is taken once. */
export class OAuth1Desk {
  readonly #logins = new Map<string, { login: OAuth1Login; account: { id: string; name: string } }>();
  readonly #nonces = new Map<string, number>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  issue(account: { id: string; name: string }): OAuth1Login {
    const login = { consumerKey: `sandbox-consumer-${secret()}`, consumerSecret: secret(), accessToken: `${account.id}-${secret()}`, tokenSecret: secret() };
    this.#logins.set(login.accessToken, { login, account });
    return login;
  }

  revoke(accessToken: string): void {
    this.#logins.delete(accessToken);
  }

  /** Undefined: the request is not signed by anybody we know. */
  check(request: StandInRequest): { id: string; name: string } | undefined {
    const fields = readHeader(request.headers['authorization'] ?? '');
    if (!fields || fields.get('oauth_signature_method') !== 'HMAC-SHA1' || (fields.get('oauth_version') ?? '1.0') !== '1.0') return undefined;
    const known = this.#logins.get(fields.get('oauth_token') ?? '');
    if (!known || fields.get('oauth_consumer_key') !== known.login.consumerKey) return undefined;
    const signed = Number(fields.get('oauth_timestamp'));
    const nowSeconds = this.#nowMs() / 1000;
    if (!Number.isInteger(signed) || Math.abs(signed - nowSeconds) > toleranceSeconds) return undefined;
    const expected = Buffer.from(sign(request, fields, known.login));
    const given = Buffer.from(fields.get('oauth_signature') ?? '');
    if (expected.length !== given.length || !timingSafeEqual(expected, given)) return undefined;
    const nonce = fields.get('oauth_nonce') ?? '';
    if (nonce === '' || this.#nonces.has(nonce)) return undefined;
    this.#nonces.set(nonce, signed);
    for (const [old, seconds] of this.#nonces) {
      if (seconds >= nowSeconds - 2 * toleranceSeconds) break;
      this.#nonces.delete(old);
    }
    return known.account;
  }
}

function secret(): string {
  return randomBytes(24).toString('base64url');
}

function readHeader(header: string): Map<string, string> | undefined {
  const rest = /^OAuth\s+(.*)$/is.exec(header)?.[1];
  if (rest === undefined) return undefined;
  const fields = new Map<string, string>();
  for (const part of rest.split(',')) {
    const [, name, value] = /^\s*([^=]+)="([^"]*)"\s*$/.exec(part) ?? [];
    if (name === undefined || value === undefined || fields.has(decodeURIComponent(name))) return undefined;
    fields.set(decodeURIComponent(name), decodeURIComponent(value));
  }
  return fields;
}

function sign(request: StandInRequest, fields: ReadonlyMap<string, string>, login: OAuth1Login): string {
  const parameters: [string, string][] = [...request.url.searchParams];
  for (const [name, value] of fields) if (name !== 'oauth_signature' && name !== 'realm') parameters.push([name, value]);
  const list = parameters
    .map(([name, value]): [string, string] => [escape3986(name), escape3986(value)])
    .toSorted(([first, one], [second, other]) => (first === second ? (one < other ? -1 : 1) : first < second ? -1 : 1))
    .map((pair) => pair.join('='))
    .join('&');
  const base = `${request.method}&${escape3986(`${request.url.protocol}//${request.url.host}${request.url.pathname}`)}&${escape3986(list)}`;
  return createHmac('sha1', `${escape3986(login.consumerSecret)}&${escape3986(login.tokenSecret)}`).update(base).digest('base64');
}

function escape3986(text: string): string {
  return [...Buffer.from(text)].map((byte) => (/[A-Za-z0-9\-._~]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)).join('');
}
