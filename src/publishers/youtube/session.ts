import { LostReply } from '../faults.js';
import type { FileSlice, HttpAnswer } from '../http.js';
import type { Caller } from './api.js';
import { explainAnswer } from './faults.js';

const uploadUrl = 'https://www.googleapis.com/upload/youtube/v3/videos';

/** A video resource's fields that are set at upload. */
export interface VideoMetadata {
  snippet: { title: string; description: string; tags?: string[]; categoryId: string; defaultLanguage?: string; defaultAudioLanguage?: string };
  status: { privacyStatus: 'public' | 'unlisted' | 'private'; publishAt?: string; selfDeclaredMadeForKids: boolean; containsSyntheticMedia: boolean; license: 'youtube' | 'creativeCommon'; embeddable: boolean };
}

/** `more`: YouTube holds the first `sentBytes`. `gone`: it does not know the session (any more). */
export type SessionState = { kind: 'more'; sentBytes: number } | { kind: 'done'; videoId: string; channelId: string | undefined } | { kind: 'gone' };

/**
 * Opens a resumable session; nothing is posted by it.
 * @returns where the bytes go, and YouTube's own time if it says so (milliseconds since the Unix epoch)
 * @throws {PlatformFault}; {LostReply}: a session may be open that nobody uses
 */
export async function openSession(caller: Caller, request: { metadata: VideoMetadata; totalBytes: number; notifySubscribers: boolean }): Promise<{ sessionUri: string; startedMs: number | undefined }> {
  const answer = await caller.http.send({
    method: 'POST',
    url: `${uploadUrl}?uploadType=resumable&part=snippet,status&notifySubscribers=${request.notifySubscribers}`,
    headers: {
      authorization: `Bearer ${caller.credentials.accessToken}`,
      'content-type': 'application/json; charset=UTF-8',
      'x-upload-content-length': String(request.totalBytes),
      'x-upload-content-type': 'video/mp4',
    },
    body: JSON.stringify(request.metadata),
    signal: caller.signal,
  });
  if (answer.status !== 200) throw explainAnswer(answer, { what: 'at the start of the upload', repeatable: true, nowMs: caller.nowMs() });
  const sessionUri = answer.headers['location'];
  if (sessionUri === undefined || !isGoogle(sessionUri)) throw new LostReply('YouTube did not say where to upload to');
  const dateMs = Date.parse(answer.headers['date'] ?? '');
  return { sessionUri, startedMs: Number.isNaN(dateMs) ? undefined : dateMs };
}

/** The access token goes there. */
function isGoogle(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return protocol === 'https:' && (hostname === 'www.googleapis.com' || hostname.endsWith('.googleapis.com'));
}

/**
 * Sends some of the film. The bytes that complete it are what makes the video: with `last`, a server's failure leaves the outcome open.
 * @throws {PlatformFault}: nothing of it was taken; {LostReply}
 */
export async function sendChunk(caller: Caller, chunk: { sessionUri: string; slice: FileSlice; totalBytes: number; last: boolean }, sent: (bytes: number) => void): Promise<SessionState> {
  const { slice, totalBytes } = chunk;
  const answer = await caller.http.send({
    method: 'PUT',
    url: chunk.sessionUri,
    headers: { authorization: `Bearer ${caller.credentials.accessToken}`, 'content-type': 'video/mp4', 'content-range': `bytes ${slice.startByte}-${slice.endByte - 1}/${totalBytes}` },
    body: slice,
    signal: caller.signal,
    sent,
  });
  return readState(answer, caller, { what: 'during the upload', repeatable: !chunk.last });
}

/** Asks how much of the film has arrived. A complete session gives its final answer again. @throws {PlatformFault}; {LostReply} */
export async function askSession(caller: Caller, session: { sessionUri: string; totalBytes: number }): Promise<SessionState> {
  const answer = await caller.http.send({
    method: 'PUT',
    url: session.sessionUri,
    headers: { authorization: `Bearer ${caller.credentials.accessToken}`, 'content-length': '0', 'content-range': `bytes */${session.totalBytes}` },
    body: '',
    signal: caller.signal,
  });
  return readState(answer, caller, { what: 'to say how much of the film has arrived', repeatable: true });
}

/** Ends a session that was not completed. Whatever the answer: an unused session posts nothing. */
export async function dropSession(caller: Caller, sessionUri: string): Promise<void> {
  try {
    await caller.http.send({ method: 'DELETE', url: sessionUri, headers: { authorization: `Bearer ${caller.credentials.accessToken}`, 'content-length': '0' }, signal: caller.signal });
  } catch (error) {
    if (!(error instanceof LostReply)) throw error;
  }
}

function readState(answer: HttpAnswer, caller: Caller, request: { what: string; repeatable: boolean }): SessionState {
  if (answer.status === 308) {
    const range = answer.headers['range'];
    if (range === undefined) return { kind: 'more', sentBytes: 0 };
    const end = /^bytes=0-(\d+)$/.exec(range)?.[1];
    if (end === undefined) throw new LostReply(`YouTube’s answer ${request.what} cannot be read`);
    return { kind: 'more', sentBytes: Number(end) + 1 };
  }
  if (answer.status === 200 || answer.status === 201) return { kind: 'done', ...readVideo(answer.text, request.what) };
  if (answer.status === 404 || answer.status === 410) return { kind: 'gone' };
  throw explainAnswer(answer, { ...request, nowMs: caller.nowMs() });
}

function readVideo(text: string, what: string): { videoId: string; channelId: string | undefined } {
  try {
    const video = JSON.parse(text) as { id?: unknown; snippet?: { channelId?: unknown } };
    const channelId = video.snippet?.channelId;
    if (typeof video.id === 'string' && video.id !== '') return { videoId: video.id, channelId: typeof channelId === 'string' ? channelId : undefined };
  } catch {
    // Falls through: half an answer is none.
  }
  throw new LostReply(`YouTube’s answer ${what} cannot be read`);
}
