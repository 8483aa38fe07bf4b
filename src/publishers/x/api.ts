import type { Credentials } from '../credentials.js';
import { LostReply } from '../faults.js';
import type { FormPart, HttpTransport } from '../http.js';
import { dateOf, faultOf } from './answers.js';
import { oauth1Header } from './oauth1.js';

/** X's interface; media goes to the same host. */
const origin = 'https://api.x.com';

/** One request. `what` completes "X refused …". */
export interface XRequest {
  what: string;
  method: 'GET' | 'POST';
  /** `/2/tweets` */
  path: string;
  query?: Readonly<Record<string, string>>;
  body?: object | { parts: readonly FormPart[] };
  timeoutMs?: number;
  sent?(bytes: number): void;
}

export interface XAnswer {
  /** Undefined: the answer was empty. */
  body: unknown;
  headers: Readonly<Record<string, string>>;
  /** By X's clock, or else by ours. */
  answeredMs: number;
}

/** Sends requests in an account's name. */
export interface XApi {
  /** @throws {PlatformFault}; {LostReply} */
  send(request: XRequest): Promise<XAnswer>;
}

/** With the secrets of OAuth 1.0a requests are signed; otherwise the token is a bearer's. */
export function xApi(access: { http: HttpTransport; signal: AbortSignal; nowMs(): number; credentials: Pick<Credentials, 'accessToken' | 'tokenSecret' | 'consumerKey' | 'consumerSecret'> }): XApi {
  return {
    async send({ what, method, path, query, body, timeoutMs, sent }) {
      const url = new URL(path, origin);
      for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
      const headers = { authorization: authorization(method, url, access.credentials, access.nowMs()), ...(body === undefined || 'parts' in body ? {} : { 'content-type': 'application/json' }) };
      const answer = await access.http.send({
        method,
        url: url.href,
        headers,
        signal: access.signal,
        ...(body === undefined ? {} : { body: 'parts' in body ? body : JSON.stringify(body) }),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        ...(sent ? { sent } : {}),
      });
      if (answer.status < 200 || answer.status > 299) throw faultOf(answer, what, access.nowMs());
      return { body: readBody(answer.text, what), headers: answer.headers, answeredMs: dateOf(answer) ?? access.nowMs() };
    },
  };
}

function authorization(method: string, url: URL, { accessToken, tokenSecret, consumerKey, consumerSecret }: Pick<Credentials, 'accessToken' | 'tokenSecret' | 'consumerKey' | 'consumerSecret'>, nowMs: number): string {
  if (tokenSecret === undefined || consumerKey === undefined || consumerSecret === undefined) return `Bearer ${accessToken}`;
  return oauth1Header(method, url, { accessToken, tokenSecret, consumerKey, consumerSecret }, nowMs);
}

function readBody(text: string, what: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new LostReply(`X gave an answer that cannot be read while ${what}`, { cause });
  }
}
