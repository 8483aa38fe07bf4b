import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { LostReply, PlatformFault } from '../faults.js';
import type { PublicationStep, PublishContext } from '../publisher.js';
import { call, type Caller } from './api.js';
import { languageOf } from './check.js';
import { explainAnswer } from './faults.js';
import type { Extra } from './handle.js';
import type { YoutubeOptions } from './options.js';

/** The older of the two limits that YouTube's pages name. */
const maxThumbnailBytes = 2 * 1024 * 1024;
const uploadRoot = 'https://www.googleapis.com/upload/youtube/v3';

interface Done {
  spent: Record<string, number>;
  notice?: NonNullable<PublicationStep['notice']>;
}

interface Request {
  videoId: string;
  options: YoutubeOptions;
  caller: Caller;
  context: PublishContext;
}

/** What each extra is called in messages. */
export const extraNames: Readonly<Record<Extra, string>> = { thumbnail: 'cover', captions: 'caption track' };

/**
 * Adds something to a finished video. May be repeated: the cover replaces itself, a caption track is looked for first.
 * @throws {PlatformFault}; {LostReply}
 */
export const addExtra: Readonly<Record<Extra, (request: Request) => Promise<Done>>> = { thumbnail: setThumbnail, captions: addCaptions };

async function setThumbnail({ videoId, caller, context }: Request): Promise<Done> {
  const path = context.clip.coverPath;
  const sizeBytes = await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
  if (sizeBytes === 0 || sizeBytes > maxThumbnailBytes) {
    return { spent: {}, notice: { message: sizeBytes === 0 ? 'The clip has no cover to send' : 'The cover is larger than the 2 MB that YouTube takes', remedy: 'Set one in YouTube Studio.' } };
  }
  const answer = await caller.http.send({
    method: 'POST',
    url: `${uploadRoot}/thumbnails/set?uploadType=media&videoId=${encodeURIComponent(videoId)}`,
    headers: { authorization: `Bearer ${caller.credentials.accessToken}`, 'content-type': /\.png$/i.test(path) ? 'image/png' : 'image/jpeg' },
    body: { path, startByte: 0, endByte: sizeBytes },
    signal: caller.signal,
  });
  if (answer.status !== 200) throw explainAnswer(answer, { what: 'the cover', repeatable: true, nowMs: caller.nowMs() });
  return { spent: { units: 50 } };
}

async function addCaptions({ videoId, options, caller, context }: Request): Promise<Done> {
  const { captions } = context.clip;
  const language = languageOf(context.clip, options);
  // The check has said so already.
  if (captions === null || language === undefined) return { spent: {} };
  // YouTube asks for a name and shows it behind the language's.
  const name = language;
  const { items } = await call(caller, 'to list the caption tracks', (api) => api.captions.list({ part: ['snippet'], videoId }));
  const there = items?.some(({ snippet }) => snippet?.language === language && snippet.name === name && snippet.trackKind?.toLowerCase() !== 'asr');
  if (there) return { spent: { units: 50 } };

  const related = multipartRelated({ snippet: { videoId, language, name, isDraft: false } }, await readFile(captions.srt, 'utf8'));
  const answer = await caller.http.send({
    method: 'POST',
    url: `${uploadRoot}/captions?uploadType=multipart&part=snippet`,
    headers: { authorization: `Bearer ${caller.credentials.accessToken}`, 'content-type': related.contentType },
    body: related.body,
    signal: caller.signal,
  });
  const exists = answer.status === 409 && answer.text.includes('captionExists');
  if (answer.status !== 200 && !exists) throw explainAnswer(answer, { what: 'the caption track', repeatable: true, nowMs: caller.nowMs() });
  return { spent: { units: 450 } };
}

/** What Google calls a multipart upload: a JSON part, then the file. */
function multipartRelated(resource: object, text: string): { contentType: string; body: string } {
  const boundary = `snvg-${createHash('sha256').update(text).digest('hex')}`;
  const parts = [`Content-Type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify(resource)}`, `Content-Type: application/octet-stream\r\n\r\n${text}`];
  return { contentType: `multipart/related; boundary=${boundary}`, body: `${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n` };
}

/** The login itself, not a right of the account. */
const loginEnded: ReadonlySet<string> = new Set(['authError', 'authorizationRequired', 'required']);

/** Whether an extra that failed this way is given up at once, tried again, or means that nothing works without a person. */
export function judgeExtra(error: unknown): 'give-up' | 'again' | 'person' {
  if (error instanceof LostReply) return 'again';
  if (!(error instanceof PlatformFault)) return 'person';
  if (error.kind === 'retry') return 'again';
  return error.kind === 'auth' && loginEnded.has(error.code) ? 'person' : 'give-up';
}
