import { createHash } from 'node:crypto';
import { SnvgError } from '../errors.js';
import { isMedia } from './local/media-files.js';
import type { InputRef } from './source.js';
import { isIncomplete, isPlain, withoutSecrets } from './url-secrets.js';

const scheme = /^([a-z][a-z0-9+.-]+):\/\//i;
const pagePrefix = /^yt:(?=https?:\/\/)/i;
const s3Form = /^s3:\/\/([^/]+)\/(.+)$/is;

/** Whether a text names something that is not a path: `https://…`, `s3://…`, `yt:https://…`. */
export function isRemote(text: string): boolean {
  return (scheme.test(text) && !/^file:/i.test(text)) || pagePrefix.test(text);
}

/**
 * A remote input from what was typed.
 * @throws {SnvgError} USAGE for an address that cannot be one, or a scheme that is not fetched
 */
export function remoteInput(text: string): InputRef {
  if (/^s3:/i.test(text)) return s3Input(text);
  const url = parse(text.replace(pagePrefix, ''));
  const shown = withoutSecrets(url);
  const incomplete = isIncomplete(url);
  return {
    kind: pagePrefix.test(text) ? 'page' : 'http',
    given: incomplete ? url.href : shown,
    name: nameOf(url),
    ...(shown === url.href || incomplete ? {} : { secretUrl: url.href }),
    ...(incomplete ? { incomplete: true } : {}),
  };
}

/** A key may hold any character: it is taken as it stands, as the tools of AWS do. */
function s3Input(text: string): InputRef {
  const [, bucket, key] = s3Form.exec(text) ?? [];
  const name = key?.split('/').findLast((part) => part !== '');
  if (bucket === undefined || name === undefined) throw new SnvgError('USAGE', `${text} names no object`, 'Write it like s3://bucket/folder/talk.mp4.');
  return { kind: 's3', given: `s3://${bucket}/${key}`, name };
}

function parse(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url) throw new SnvgError('USAGE', `${JSON.stringify(withoutUserInfo(text))} is not an address`, 'Write it like https://example.org/talk.mp4.');
  if (!['http:', 'https:'].includes(url.protocol)) {
    throw new SnvgError('USAGE', `Inputs are not fetched by ${url.protocol.slice(0, -1)}`, 'Give an http(s):// or s3:// address, or download the file first.');
  }
  return url;
}

/** For a text that is no URL, and still may hold a password. */
function withoutUserInfo(text: string): string {
  return text.replace(/\/\/[^/@]*@/, '//…@');
}

/**
 * What outputs of an address are called after: the last part of its path. What is not a file's name is told apart by its host and
 * parameters too (`watch?v=…`), and has no dots, since what follows the last one would be taken for an ending.
 */
function nameOf(url: URL): string {
  const last = decoded(url.pathname.split('/').findLast((part) => part !== '') ?? '');
  if (isMedia(last)) return last;
  const values = [...url.searchParams].flatMap(([name, value]) => (isPlain(name, value) && value !== '' ? [value] : []));
  const parts = last === '' || values.length > 0 ? [url.hostname, ...(last === '' ? [] : [last]), ...values] : [last];
  return parts.join('-').replaceAll('.', '-').slice(0, 120);
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
