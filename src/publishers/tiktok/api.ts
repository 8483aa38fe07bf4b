import { LostReply } from '../faults.js';
import type { HttpAnswer } from '../http.js';
import type { PublishContext } from '../publisher.js';
import { retryAfterMs } from '../retry-after.js';
import type { Chunk } from './chunks.js';
import { faultOf, type TikTokError } from './faults.js';
import type { CreatorMemory, UploadMemory } from './handle.js';

const api = 'https://open.tiktokapis.com';

/** What the creator may do now, asked before every direct post. */
export interface CreatorInfo extends CreatorMemory {
  nickname: string;
  privacyOptions: readonly string[];
  /** Infinity when TikTok names no limit. */
  maxDurationSec: number;
}

/** @throws {PlatformFault} auth, quota, retry; {LostReply} */
export async function queryCreator(context: PublishContext): Promise<CreatorInfo> {
  const { data } = await call(context, '/v2/post/publish/creator_info/query/', undefined);
  const options = data['privacy_level_options'];
  return {
    queriedAtMs: context.nowMs(),
    username: text(data['creator_username']),
    nickname: text(data['creator_nickname']),
    privacyOptions: Array.isArray(options) ? options.map(String) : [],
    commentDisabled: data['comment_disabled'] === true,
    duetDisabled: data['duet_disabled'] === true,
    stitchDisabled: data['stitch_disabled'] === true,
    maxDurationSec: typeof data['max_video_post_duration_sec'] === 'number' ? data['max_video_post_duration_sec'] : Infinity,
  };
}

/**
 * Opens an upload. When its reply is lost, what it opened gets no bytes and comes to nothing.
 * @throws {PlatformFault} any kind; {LostReply}
 */
export async function initUpload(context: PublishContext, mode: 'inbox' | 'direct', body: object): Promise<{ publishId: string; uploadUrl: string }> {
  const { data } = await call(context, mode === 'inbox' ? '/v2/post/publish/inbox/video/init/' : '/v2/post/publish/video/init/', body);
  const publishId = text(data['publish_id']);
  const uploadUrl = text(data['upload_url']);
  if (publishId === '' || !URL.canParse(uploadUrl)) throw new LostReply('TikTok opened an upload without saying which');
  return { publishId, uploadUrl };
}

/** What TikTok knows of an upload. */
export interface PostStatus {
  /** TikTok's word: PROCESSING_UPLOAD, SEND_TO_USER_INBOX, PUBLISH_COMPLETE, FAILED, or one that is new. */
  status: string;
  failReason: string;
  /** Bytes that it has, as it counts them. */
  uploadedBytes: number | undefined;
  /** Of public posts after moderation. */
  postId: string | undefined;
}

/** @throws {PlatformFault} auth, retry, refused with code `invalid_publish_id`; {LostReply} */
export async function fetchStatus(context: PublishContext, publishId: string): Promise<PostStatus> {
  const { data, raw } = await call(context, '/v2/post/publish/status/fetch/', { publish_id: publishId });
  const uploaded = data['uploaded_bytes'];
  return {
    status: text(data['status']),
    failReason: text(data['fail_reason']),
    uploadedBytes: typeof uploaded === 'number' ? uploaded : undefined,
    // Post ids are 64-bit numbers, which JSON.parse would round; the field's spelling is TikTok's.
    postId: /"publical?l?y_available_post_id"\s*:\s*\[?\s*"?(\d+)/.exec(raw)?.[1],
  };
}

/** What became of one chunk. `ended`: the address takes no more. */
export type ChunkAnswer = { kind: 'more'; reportedBytes: number | undefined } | { kind: 'complete' } | { kind: 'elsewhere'; reportedBytes: number | undefined } | { kind: 'ended' };

/** @throws {PlatformFault} retry, auth, refused; {LostReply} */
export async function putChunk(context: PublishContext, upload: UploadMemory, chunk: Chunk): Promise<ChunkAnswer> {
  const { sizeBytes } = upload;
  const answer = await context.http.send({
    method: 'PUT',
    url: upload.uploadUrl,
    headers: { 'content-type': 'video/mp4', 'content-range': `bytes ${chunk.startByte}-${chunk.endByte - 1}/${sizeBytes}` },
    body: { path: context.clip.videoPath, startByte: chunk.startByte, endByte: chunk.endByte },
    signal: context.signal,
    sent: (bytes) => context.progress((chunk.startByte + bytes) / sizeBytes),
  });
  const reported = /^bytes 0-(\d+)\//.exec(answer.headers['content-range'] ?? '')?.[1];
  const reportedBytes = reported === undefined ? undefined : Number(reported);
  switch (answer.status) {
    case 201:
      return { kind: 'complete' };
    case 206:
      return { kind: 'more', reportedBytes };
    case 416:
      return { kind: 'elsewhere', reportedBytes };
    case 403:
    case 404:
      return { kind: 'ended' };
    default:
      throw refusalOf(answer, context.nowMs());
  }
}

async function call(context: PublishContext, path: string, body: object | undefined): Promise<{ data: Record<string, unknown>; raw: string }> {
  const { accessToken } = await context.credentials();
  const answer = await context.http.send({
    method: 'POST',
    url: `${api}${path}`,
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json; charset=UTF-8' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: context.signal,
  });
  const envelope = object(parsed(answer.text));
  const error = errorOf(envelope);
  if (answer.status !== 200 || error === undefined || error.code !== 'ok') throw refusalOf(answer, context.nowMs());
  return { data: object(envelope?.['data']) ?? {}, raw: answer.text };
}

/** A fault when TikTok has said in its own words what it refuses; otherwise nobody knows. */
function refusalOf(answer: HttpAnswer, nowMs: number): Error {
  const error = errorOf(object(parsed(answer.text)));
  const retryAtMs = retryAfterMs(answer.headers, nowMs);
  if (error === undefined && answer.status === 400) return faultOf({ code: 'invalid_file_upload', message: 'the upload’s size and headers do not agree', logId: '' }, 400, nowMs);
  if (error === undefined && answer.status === 429) return faultOf({ code: 'rate_limit_exceeded', message: '', logId: '' }, 429, nowMs, retryAtMs);
  if (error === undefined || error.code === 'ok') return new LostReply(`TikTok answered with status ${answer.status} and nothing that can be understood`);
  return faultOf(error, answer.status, nowMs, retryAtMs);
}

function errorOf(envelope: Record<string, unknown> | undefined): TikTokError | undefined {
  const error = object(envelope?.['error']);
  return typeof error?.['code'] === 'string' ? { code: error['code'], message: text(error['message']), logId: text(error['log_id']) } : undefined;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function object(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
