import { createHash } from 'node:crypto';
import { SnvgError } from '../errors.js';
import type { InputRef } from './source.js';

const scheme = /^([a-z][a-z0-9+.-]+):\/\//i;
const pagePrefix = /^yt:(?=https?:\/\/)/i;
/** Names of query parameters whose values let their holder in. */
const secretName = /sig|token|key|auth|secret|pass|credential|session/i;
/** Identifiers of films are short; what is longer was made by a machine for one use. */
const longestPlainValue = 64;

/** Whether a text names something that is not a path: `https://…`, `s3://…`, `yt:https://…`. */
export function isRemote(text: string): boolean {
  return (scheme.test(text) && !/^file:/i.test(text)) || pagePrefix.test(text);
}

/**
 * A remote input from what was typed.
 * @throws {SnvgError} USAGE for an address that cannot be one, or a scheme that is not fetched
 */
export function remoteInput(text: string): InputRef {
  const url = parse(text.replace(pagePrefix, ''));
  const kind = url.protocol === 's3:' ? 's3' : pagePrefix.test(text) ? 'page' : 'http';
  if (kind === 's3' && (url.hostname === '' || url.pathname.length < 2)) {
    throw new SnvgError('USAGE', `${text} names no object`, 'Write it like s3://bucket/folder/talk.mp4.');
  }
  const shown = withoutSecrets(url);
  return { kind, given: shown, name: nameOf(url), ...(shown === url.href ? {} : { secretUrl: url.href }) };
}

function parse(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url) throw new SnvgError('USAGE', `${JSON.stringify(withoutUserInfo(text))} is not an address`, 'Write it like https://example.org/talk.mp4.');
  if (!['http:', 'https:', 's3:'].includes(url.protocol)) {
    throw new SnvgError('USAGE', `Inputs are not fetched by ${url.protocol.slice(0, -1)}`, 'Give an http(s):// or s3:// address, or download the file first.');
  }
  return url;
}

/** For a text that is no URL, and still may hold a password. */
function withoutUserInfo(text: string): string {
  return text.replace(/\/\/[^/@]*@/, '//…@');
}

/**
 * An address as it may be shown and stored: without user name, password and fragment, and with the values of signatures and the
 * like left out. A link signed anew is thereby the same input.
 */
function withoutSecrets(url: URL): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  shown.hash = '';
  for (const [name, value] of url.searchParams) {
    if (secretName.test(name) || value.length > longestPlainValue) shown.searchParams.set(name, '~');
  }
  return shown.href;
}

/** The last part of the path, as a name outputs may be called after; of a page without one, its host. */
function nameOf(url: URL): string {
  const last = url.pathname.split('/').findLast((part) => part !== '');
  const plain = last === undefined ? '' : decoded(last);
  // A page is not named by its script: `watch?v=…` says nothing, its parameters do.
  const [id] = [...url.searchParams].flatMap(([name, value]) => (/^(v|id|video)$/i.test(name) && value.length <= longestPlainValue ? [value] : []));
  if (/\.[a-z0-9]{2,5}$/i.test(plain) || id === undefined) return plain === '' ? url.hostname : plain;
  return `${url.hostname}-${id}`;
}

/** Percent signs of an address resolved; a text whose signs mean nothing stays as it is. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The folder of an input among the downloads. */
export function folderNameOf(given: string): string {
  return createHash('sha256').update(given).digest('hex').slice(0, 32);
}

/** The folder of a page's film among the downloads: the same address may also be a file. */
export function pageFolderNameOf(given: string): string {
  return `page-${folderNameOf(given)}`;
}
