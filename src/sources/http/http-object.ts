import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { SnvgError } from '../../errors.js';
import type { RemoteBody, RemoteObject, Validator } from '../remote-object.js';
import { isSameVersion } from '../download-folder.js';
import { Retryable } from '../remote-object.js';
import { decoded } from '../url-input.js';
import { ask, type HttpAccess } from './ask.js';

const mostRedirects = 5;
/** Wrong answers to a request for a part after which only the whole is asked for: one may come from a single bad machine of many. */
const mostWrongParts = 2;
const longestWaitMs = 120_000;

/** A file behind an http(s) address. */
export class HttpObject implements RemoteObject {
  readonly name: string;
  readonly #url: URL;
  readonly #access: HttpAccess;
  /** Requests for a part that were answered wrongly, one after the other. */
  #wrongParts = 0;

  /** @param name how the address is shown */
  constructor(url: URL, name: string, access: HttpAccess) {
    this.#url = url;
    this.name = name;
    this.#access = access;
  }

  async open(startByte: number, validator: Validator | undefined, signal: AbortSignal): Promise<RemoteBody | 'unchanged'> {
    const asPart = this.#wrongParts < mostWrongParts;
    const asked = asPart ? startByte : 0;
    // What is there already is worth nothing to a server that must send the whole: it is asked without conditions.
    const conditional = asPart || startByte === 0;
    const headers = { 'accept-encoding': 'identity', 'user-agent': 'snvg', ...(conditional ? conditions(asked, validator) : {}) };
    const { response, url } = await this.#follow(headers, signal);
    const { statusCode = 0 } = response;
    if (statusCode === 304) {
      discard(response);
      return 'unchanged';
    }
    if (statusCode !== 200 && statusCode !== 206) {
      discard(response);
      if (statusCode === 416 && asked > 0) throw this.#wrongPart('the server has no such part');
      throw refusal(statusCode, response.headers, this.name);
    }
    const body = this.#bodyOf(response, url);
    // A part of which the server does not say truly where it begins is worth nothing; the whole of the same version costs twice.
    const otherPart = statusCode === 206 && body.startByte !== asked;
    const needlessWhole = statusCode === 200 && asked > 0 && validator !== undefined && isSameVersion(validator, body.validator);
    if (otherPart || (needlessWhole && this.#wrongParts + 1 < mostWrongParts)) {
      discard(response);
      throw this.#wrongPart(otherPart ? 'the server sent another part than the one asked for' : 'the server sent the whole in place of a part');
    }
    if (statusCode === 206 && asked > 0) this.#wrongParts = 0;
    return body;
  }

  #wrongPart(what: string): Retryable {
    this.#wrongParts += 1;
    return new Retryable(what);
  }

  async #follow(headers: Record<string, string>, signal: AbortSignal): Promise<{ response: IncomingMessage; url: URL }> {
    let url = this.#url;
    for (let hop = 0; hop <= mostRedirects; hop += 1) {
      const response = await ask(url, this.#credentialsFor(url, headers), { access: this.#access, signal });
      const { location } = response.headers;
      if (![301, 302, 303, 307, 308].includes(response.statusCode ?? 0) || location === undefined) return { response, url };
      discard(response);
      const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
      if (!next || !['http:', 'https:'].includes(next.protocol)) throw new SnvgError('SOURCE_NOT_MEDIA', `${this.name} leads to an address that is not on the web`, 'Check the address in a browser.');
      if (url.protocol === 'https:' && next.protocol === 'http:') throw new SnvgError('REMOTE_REFUSED', `${this.name} leads from an encrypted address to a plain one (${next.host})`, 'Give the address it leads to, if you trust it.');
      url = next;
    }
    throw new SnvgError('SOURCE_NOT_MEDIA', `${this.name} leads on and on: more than ${mostRedirects} redirects`, 'Check the address in a browser.');
  }

  /** User name and password belong to the host they were given for, and to no other. */
  #credentialsFor(url: URL, headers: Record<string, string>): Record<string, string> {
    const { username, password, origin } = this.#url;
    if ((username === '' && password === '') || url.origin !== origin) return headers;
    return { ...headers, authorization: `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}` };
  }

  #bodyOf(response: IncomingMessage, url: URL): RemoteBody {
    const { headers, statusCode } = response;
    const encoding = text(headers['content-encoding']);
    if (encoding !== undefined && encoding !== 'identity') {
      discard(response);
      throw new SnvgError('SOURCE_NOT_MEDIA', `${this.name} is sent packed (${encoding}), which cannot be continued`, 'Download the file by other means and name it.');
    }
    const range = statusCode === 206 ? /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(text(headers['content-range']) ?? '') : null;
    const length = Number(text(headers['content-length']) ?? Number.NaN);
    const whole = statusCode === 206 ? Number(range?.[2]) : length;
    const etag = text(headers['etag']);
    return {
      startByte: statusCode === 206 ? Number(range?.[1] ?? -1) : 0,
      totalBytes: Number.isSafeInteger(whole) ? whole : undefined,
      // A weak tag does not promise the same bytes.
      validator: { etag: etag === undefined || etag.startsWith('W/') ? null : etag, lastModified: text(headers['last-modified']) ?? null },
      fileName: fileNameOf(text(headers['content-disposition'])) ?? lastPart(url),
      contentType: text(headers['content-type'])?.split(';')[0]?.trim().toLowerCase(),
      bytes: response,
    };
  }
}

function conditions(startByte: number, validator: Validator | undefined): Record<string, string> {
  const version = validator?.etag ?? validator?.lastModified ?? undefined;
  if (startByte > 0) return { range: `bytes=${startByte}-`, ...(version === undefined ? {} : { 'if-range': version }) };
  if (validator?.etag) return { 'if-none-match': validator.etag };
  return validator?.lastModified ? { 'if-modified-since': validator.lastModified } : {};
}

function refusal(statusCode: number, headers: IncomingHttpHeaders, name: string): Error {
  if (statusCode === 404 || statusCode === 410) return new SnvgError('SOURCE_NOT_FOUND', `There is nothing at ${name} (HTTP ${statusCode})`, 'Check the address.');
  if (statusCode === 408 || statusCode === 425 || statusCode === 429 || statusCode >= 500) {
    const seconds = Number(text(headers['retry-after']) ?? 0);
    return new Retryable(`HTTP ${statusCode}`, { afterMs: Number.isFinite(seconds) ? Math.min(longestWaitMs, seconds * 1000) : 0 });
  }
  return new SnvgError('REMOTE_REFUSED', `${name} was refused (HTTP ${statusCode})`, 'Check that you may read it: the address may need a login or may have expired.');
}

function text(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/** The name in a Content-Disposition header (RFC 6266): the encoded form before the plain one. */
function fileNameOf(disposition: string | undefined): string | undefined {
  if (disposition === undefined) return undefined;
  const encoded = /filename\*\s*=\s*UTF-8''([^;\s]+)/i.exec(disposition)?.[1];
  if (encoded !== undefined) {
    try {
      return decodeURIComponent(encoded);
    } catch {
      // The plain form then.
    }
  }
  return /filename\s*=\s*"([^"]*)"|filename\s*=\s*([^;\s]+)/i.exec(disposition)?.slice(1).find((name) => name !== undefined);
}

/** The last part of the address that was answered, when it looks like a file. */
function lastPart(url: URL): string | undefined {
  const part = url.pathname.split('/').at(-1) ?? '';
  return /\.[a-z0-9]{2,5}$/i.test(part) ? decoded(part) : undefined;
}

/** Ends an answer whose bytes are not wanted. */
function discard(response: IncomingMessage): void {
  // Ending it early is what it then complains about.
  response.on('error', () => {});
  response.destroy();
}
