import { PlatformFault } from '../faults.js';
import type { PublicationStep, PublishContext } from '../publisher.js';
import { fetchStatus, type PostStatus } from './api.js';
import { receivedBytes } from './chunks.js';
import { failureOf } from './faults.js';
import { asHandle, nothingYet, type TikTokMemory, type UploadMemory } from './handle.js';

const minuteMs = 60_000;

/** Processing takes minutes, moderation at times hours: a day later a person has to look. */
const outcomeWithinMs = 24 * 60 * minuteMs;

/** Moderation, before which a public post has no address, usually takes a minute. */
const linkWithinMs = 3 * minuteMs;

/** A request that TikTok had begun to read when the address ended may still be taken: longer than any request lasts. */
export const stragglerMs = 3 * minuteMs;

/** A publish id may not be known at once everywhere. */
const idSettlesMs = 10 * minuteMs;

const maxAttempts = 5;

/**
 * What TikTok's status says of an upload. `there`: the step it has come to. `notThere`: nothing is posted, and the step says how to go
 * on: further bytes for the same publish id, or a new one. `open`: TikTok does not say, so a person has to look.
 */
export type Verdict = { there: PublicationStep } | { notThere: PublicationStep } | { open: { question: string; reason: string } };

/** Asks, and concludes. @throws {PlatformFault} auth, retry; {LostReply} */
export async function judge(memory: TikTokMemory, upload: UploadMemory, context: PublishContext): Promise<Verdict> {
  let status: PostStatus;
  try {
    status = await fetchStatus(context, upload.publishId);
  } catch (error) {
    if (error instanceof PlatformFault && error.code === 'invalid_publish_id') return unknownId(memory, upload, context.nowMs());
    // Once the last bytes were sent, that the question is refused says nothing about what became of them.
    if (error instanceof PlatformFault && error.kind === 'refused' && upload.lastTriedMs !== null) return { open: question(upload, `TikTok does not say what became of it (${error.message})`) };
    throw error;
  }
  return conclude(status, memory, upload, context.nowMs());
}

function conclude(status: PostStatus, memory: TikTokMemory, upload: UploadMemory, nowMs: number): Verdict {
  switch (status.status) {
    case 'PUBLISH_COMPLETE':
      return { there: complete(status.postId, memory, upload, nowMs) };
    case 'SEND_TO_USER_INBOX':
      return { there: draft(memory) };
    case 'FAILED':
      return failed(status.failReason, memory, upload, nowMs);
    default:
      return unfinished(status, memory, upload, nowMs);
  }
}

/** TikTok has not come to an end: it works on the clip, or waits for bytes. */
function unfinished(status: PostStatus, memory: TikTokMemory, upload: UploadMemory, nowMs: number): Verdict {
  const received = status.uploadedBytes === undefined ? undefined : receivedBytes(upload, status.uploadedBytes);
  if (upload.complete || received === upload.sizeBytes) return waiting(memory, { ...upload, complete: true, sentBytes: upload.sizeBytes }, nowMs);
  if (upload.endedMs === null) return { notThere: { state: 'uploading', handle: asHandle({ ...memory, upload: { ...upload, sentBytes: received ?? upload.sentBytes } }) } };
  // The address has ended. With bytes missing nothing more can come of it, once requests under way have had their time.
  if (nowMs < upload.endedMs + stragglerMs) return { there: { state: 'processing', handle: asHandle({ ...memory, upload }), notBeforeMs: upload.endedMs + stragglerMs } };
  if (received !== undefined) return { notThere: anew(memory, 'the upload address expired before every byte was there', nowMs) };
  return waiting(memory, upload, nowMs);
}

function waiting(memory: TikTokMemory, upload: UploadMemory, nowMs: number): Verdict {
  const pollUntilMs = upload.pollUntilMs ?? nowMs + outcomeWithinMs;
  if (nowMs >= pollUntilMs) return { open: question(upload, 'TikTok has been processing it for a day') };
  return { there: { state: 'processing', handle: asHandle({ ...memory, upload: { ...upload, pollUntilMs, polls: upload.polls + 1 } }), notBeforeMs: Math.min(nowMs + pollDelayMs(upload.polls), pollUntilMs) } };
}

/** Five seconds, growing to five minutes: far below the 30 requests a minute that TikTok allows. */
function pollDelayMs(polls: number): number {
  return Math.min(5000 * 1.5 ** Math.min(polls, 20), 5 * minuteMs);
}

function complete(postId: string | undefined, memory: TikTokMemory, upload: UploadMemory, nowMs: number): PublicationStep {
  if (postId !== undefined) return { state: 'published', url: urlOf(postId, upload.username) };
  if (upload.everyone && (upload.linkUntilMs === null || nowMs < upload.linkUntilMs)) {
    const linkUntilMs = upload.linkUntilMs ?? nowMs + linkWithinMs;
    const kept = { ...upload, complete: true, linkUntilMs, polls: upload.linkUntilMs === null ? 0 : upload.polls + 1 };
    return { state: 'processing', handle: asHandle({ ...memory, upload: kept }), notBeforeMs: Math.min(nowMs + pollDelayMs(kept.polls), linkUntilMs) };
  }
  const notice = upload.everyone
    ? { message: 'TikTok has posted it but not yet given its address: moderation still looks at it', remedy: 'Find it on the profile in the app; it can take hours until everybody sees it.' }
    : { message: 'TikTok has posted it; posts that not everybody may see have no address', remedy: 'Find it on the profile in the app.' };
  return { state: 'published', notice };
}

function draft(memory: TikTokMemory): PublicationStep {
  return {
    state: 'draft',
    handle: asHandle(memory),
    notice: { message: 'The clip waits as a draft in the account’s TikTok inbox, without its text', remedy: 'Open the notification in the TikTok app, paste title and hashtags, and post it there.' },
  };
}

function failed(reason: string, memory: TikTokMemory, upload: UploadMemory, nowMs: number): Verdict {
  const rule = failureOf(reason);
  const code = reason === '' ? 'failed' : reason;
  switch (rule.course) {
    case 'again':
      return { notThere: anew(memory, `TikTok failed to process it (${code})`, nowMs) };
    case 'later': {
      const attempt = memory.attempt + 1;
      if (attempt > maxAttempts) return { there: gaveUp(code, `TikTok counted too many posts ${maxAttempts} times`) };
      return { notThere: { state: 'claimed', handle: asHandle({ ...nothingYet, attempt, waitUntilMs: nowMs + rule.retryAfterMs, waitCode: code }) } };
    }
    case 'cancelled':
      return { there: { state: 'cancelled', handle: asHandle(nothingYet), problem: { code, message: `The upload ${upload.publishId} was cancelled at TikTok`, remedy: 'Publish it with --retry if it is wanted after all.' } } };
    case 'never':
      return { there: { state: 'failed', handle: asHandle(nothingYet), problem: { code, message: rule.message, remedy: rule.remedy } } };
  }
}

/**
 * Begins again with nothing but the number of tries: the upload before is certain to come to nothing. The tries end, since an upload
 * that does not fit into the hour of its address never will.
 */
export function anew(memory: TikTokMemory, why: string, nowMs: number): PublicationStep {
  if (memory.attempt >= maxAttempts) return gaveUp('attempts_exhausted', `Uploading to TikTok failed ${maxAttempts} times; the last time ${why}`);
  return { state: 'claimed', handle: asHandle({ ...nothingYet, attempt: memory.attempt + 1 }), notBeforeMs: nowMs + 15_000 * 2 ** memory.attempt };
}

function gaveUp(code: string, message: string): PublicationStep {
  return { state: 'failed', handle: asHandle(nothingYet), problem: { code, message, remedy: 'Nothing was posted. Try again later, with a smaller clip or a faster line: snvg publish --retry' } };
}

function unknownId(memory: TikTokMemory, upload: UploadMemory, nowMs: number): Verdict {
  if (upload.lastTriedMs === null) return { notThere: anew(memory, 'TikTok forgot the upload', nowMs) };
  if (nowMs < upload.lastTriedMs + idSettlesMs) return { there: { state: 'processing', handle: asHandle({ ...memory, upload }), notBeforeMs: nowMs + minuteMs } };
  return { open: question(upload, 'TikTok no longer knows this upload') };
}

function question(upload: UploadMemory, reason: string): { question: string; reason: string } {
  const where = upload.mode === 'inbox' ? 'in the inbox or among the posts' : `on the profile${upload.username === null ? '' : ` @${upload.username}`}`;
  const sent = new Date(upload.lastTriedMs ?? upload.expiresAtMs).toISOString();
  return { question: `Is the clip that was uploaded at ${sent} (publish id ${upload.publishId}) ${where} in the TikTok app?`, reason };
}

/** Without the creator's name (drafts) TikTok's own player shows the post. */
function urlOf(postId: string, username: string | null): string {
  return username === null || username === '' ? `https://www.tiktok.com/player/v1/${postId}` : `https://www.tiktok.com/@${username}/video/${postId}`;
}
