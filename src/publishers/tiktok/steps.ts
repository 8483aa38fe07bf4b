import { LostReply, PlatformFault } from '../faults.js';
import type { PublicationStep, PublishContext } from '../publisher.js';
import { initUpload, putChunk, queryCreator, type CreatorInfo } from './api.js';
import { captionOf } from './caption.js';
import { nextChunk, planChunks, receivedBytes } from './chunks.js';
import { waitingFault } from './faults.js';
import { asHandle, nothingYet, type CreatorMemory, type TikTokMemory, type UploadMemory } from './handle.js';
import type { TikTokOptions } from './options.js';
import { anew, judge } from './verdict.js';

/** How long an upload address is valid (media transfer guide). */
const addressLifetimeMs = 3_600_000;

/** What a creator may do changes; TikTok wants it asked before every post. */
const creatorFreshMs = 300_000;

/** Before anything is opened at TikTok: asks what the creator may do, then opens the upload. */
export async function begin(memory: TikTokMemory, options: TikTokOptions, context: PublishContext): Promise<PublicationStep> {
  const nowMs = context.nowMs();
  if (memory.waitUntilMs !== null && nowMs < memory.waitUntilMs) throw waitingFault(memory.waitCode ?? 'spam_risk_too_many_posts', memory.waitUntilMs);
  if (options.mode === 'inbox') return open(memory, null, options, context);
  const { creator } = memory;
  if (creator !== null && nowMs >= creator.queriedAtMs && nowMs < creator.queriedAtMs + creatorFreshMs) return open(memory, creator, options, context);
  const info = await queryCreator(context);
  mustSuit(info, options, context);
  const { queriedAtMs, username, commentDisabled, duetDisabled, stitchDisabled } = info;
  return { state: 'prepared', handle: asHandle({ ...nothingYet, attempt: memory.attempt, creator: { queriedAtMs, username, commentDisabled, duetDisabled, stitchDisabled } }) };
}

/** Refuses before anything is opened what TikTok would refuse, in words that name the choices. */
function mustSuit(info: CreatorInfo, options: TikTokOptions, context: PublishContext): void {
  if (!info.privacyOptions.includes(options.privacy)) {
    throw new PlatformFault('refused', {
      code: 'privacy_level_option_mismatch',
      message: `@${info.username} does not offer the privacy ${options.privacy}`,
      remedy: `Choose one of ${info.privacyOptions.join(', ')}: --set tiktok.privacy=<one>`,
    });
  }
  if (context.clip.durationUs > info.maxDurationSec * 1e6) {
    throw new PlatformFault('refused', {
      code: 'duration_check_failed',
      message: `The clip lasts ${Math.ceil(context.clip.durationUs / 1e6)} s; @${info.username} may post at most ${info.maxDurationSec} s`,
      remedy: 'Make it shorter (--max-duration), or send a draft and trim it in the app (--set tiktok.mode=inbox).',
    });
  }
}

async function open(memory: TikTokMemory, creator: CreatorMemory | null, options: TikTokOptions, context: PublishContext): Promise<PublicationStep> {
  const { clip } = context;
  const plan = planChunks(clip.sizeBytes, options.chunkBytes);
  const source = { source: 'FILE_UPLOAD', video_size: plan.sizeBytes, chunk_size: plan.chunkBytes, total_chunk_count: plan.totalChunks };
  const { publishId, uploadUrl } = await initUpload(context, options.mode, creator === null ? { source_info: source } : { post_info: postInfo(creator, options, context), source_info: source });
  const upload: UploadMemory = {
    ...plan,
    mode: options.mode,
    everyone: creator !== null && options.privacy === 'PUBLIC_TO_EVERYONE',
    username: creator?.username ?? null,
    publishId,
    uploadUrl,
    expiresAtMs: context.nowMs() + addressLifetimeMs,
    clipSha256: clip.sha256,
    sentBytes: 0,
    lastTriedMs: null,
    complete: false,
    endedMs: null,
    polls: 0,
    pollUntilMs: null,
    linkUntilMs: null,
  };
  const closed = creator === null ? [] : [creator.commentDisabled && !options.disableComment && 'comments', creator.duetDisabled && !options.disableDuet && 'duets', creator.stitchDisabled && !options.disableStitch && 'stitches'].filter((name) => name !== false);
  return {
    state: 'uploading',
    handle: asHandle({ ...nothingYet, attempt: memory.attempt, upload }),
    ...(closed.length === 0 ? {} : { notice: { message: `@${creator?.username ?? ''} allows no ${closed.join(', ')}: the post has none either`, remedy: 'Allow them in the privacy settings of the TikTok app if they are wanted.' } }),
  };
}

function postInfo(creator: CreatorMemory, options: TikTokOptions, context: PublishContext): object {
  return {
    title: captionOf(context.clip).text,
    privacy_level: options.privacy,
    disable_comment: options.disableComment || creator.commentDisabled,
    disable_duet: options.disableDuet || creator.duetDisabled,
    disable_stitch: options.disableStitch || creator.stitchDisabled,
    ...(options.coverAtMs === undefined ? {} : { video_cover_timestamp_ms: options.coverAtMs }),
    brand_content_toggle: options.brandContent,
    brand_organic_toggle: options.brandOrganic,
    is_aigc: options.isAigc,
  };
}

/** One chunk; before the last, whose arrival posts, the step that says so. */
export async function sendMore(memory: TikTokMemory, upload: UploadMemory, context: PublishContext): Promise<PublicationStep> {
  const nowMs = context.nowMs();
  const chunk = nextChunk(upload, upload.sentBytes);
  if (!chunk) return follow(memory, { ...upload, complete: true }, context);
  if (upload.clipSha256 !== context.clip.sha256) return changed(memory, upload, nowMs);
  // Without the last chunk nothing can have been posted: then there is no reason to try an old address.
  if (upload.lastTriedMs === null && nowMs >= upload.expiresAtMs) return anew(memory, 'the upload took longer than an hour', nowMs);
  if (chunk.last) return { state: 'committing', handle: asHandle({ ...memory, upload: { ...upload, lastTriedMs: nowMs } }) };
  const answer = await putChunk(context, upload, chunk);
  if (answer.kind === 'complete') return accepted(memory, upload, context.nowMs());
  if (answer.kind === 'ended') return ended(memory, upload, context.nowMs());
  const received = answer.reportedBytes === undefined ? undefined : receivedBytes(upload, answer.reportedBytes);
  const sentBytes = received ?? (answer.kind === 'more' ? chunk.endByte : chunk.startByte);
  mustMove(sentBytes, chunk.startByte);
  return { state: 'uploading', handle: asHandle({ ...memory, upload: { ...upload, sentBytes } }) };
}

/** The last chunk. Whatever TikTok answers, only its status tells whether a lost try before this one was taken. */
export async function sendLast(memory: TikTokMemory, upload: UploadMemory, context: PublishContext): Promise<PublicationStep> {
  const chunk = nextChunk(upload, upload.sentBytes);
  if (!chunk) return follow(memory, upload, context);
  const answer = await putChunk(context, upload, chunk);
  if (answer.kind === 'complete') return accepted(memory, upload, context.nowMs());
  if (answer.kind === 'ended') return ended(memory, upload, context.nowMs());
  if (answer.reportedBytes === undefined) return follow(memory, upload, context);
  const sentBytes = receivedBytes(upload, answer.reportedBytes);
  if (sentBytes >= upload.sizeBytes) return accepted(memory, upload, context.nowMs());
  mustMove(sentBytes, chunk.startByte);
  return { state: 'uploading', handle: asHandle({ ...memory, upload: { ...upload, sentBytes } }) };
}

/** An answer that asks for the very bytes it was given gets them again after a pause, not at once. @throws {LostReply} */
function mustMove(sentBytes: number, startByte: number): void {
  if (sentBytes === startByte) throw new LostReply(`TikTok wants the bytes from ${startByte} once more`);
}

/** Asks what has become of it. */
export async function follow(memory: TikTokMemory, upload: UploadMemory, context: PublishContext): Promise<PublicationStep> {
  const verdict = await judge(memory, upload, context);
  if ('there' in verdict) return verdict.there;
  if ('notThere' in verdict) return verdict.notThere;
  const { question, reason } = verdict.open;
  return { state: 'unknown', handle: asHandle({ ...memory, upload }), problem: { code: 'outcome_unknown', message: `${reason}: nobody but you can tell whether it is posted`, remedy: 'Look, then say so with snvg publish --resolve.', question } };
}

function accepted(memory: TikTokMemory, upload: UploadMemory, nowMs: number): PublicationStep {
  return { state: 'processing', handle: asHandle({ ...memory, upload: { ...upload, complete: true, sentBytes: upload.sizeBytes } }), notBeforeMs: nowMs + 3000 };
}

function ended(memory: TikTokMemory, upload: UploadMemory, nowMs: number): PublicationStep {
  if (upload.lastTriedMs === null) return anew(memory, 'TikTok ended the upload address', nowMs);
  return { state: 'processing', handle: asHandle({ ...memory, upload: { ...upload, endedMs: upload.endedMs ?? nowMs } }), notBeforeMs: nowMs + 3000 };
}

/** The clip was rendered again under way: two versions never go into one upload. */
function changed(memory: TikTokMemory, upload: UploadMemory, nowMs: number): PublicationStep {
  if (upload.lastTriedMs === null) return { state: 'claimed', handle: asHandle({ ...nothingYet, attempt: memory.attempt }) };
  if (nowMs < upload.expiresAtMs) {
    throw new PlatformFault('retry', { code: 'clip_changed', message: 'The clip has changed since its upload began: TikTok’s address for the version before has to expire first', remedy: 'It goes on by itself after at most an hour.', retryAtMs: upload.expiresAtMs });
  }
  return ended(memory, upload, nowMs);
}
