import { z } from 'zod';
import { PlatformFault } from '../faults.js';
import type { PublicationStep } from '../publisher.js';
import { faultCode } from './answers.js';
import type { XAnswer } from './api.js';
import { initialized, readAs } from './bodies.js';
import { xClient } from './client.js';
import { segmentBytesFor } from './limits.js';
import { asHandle, type XMedia, type XMemory } from './memory.js';
import type { XSession } from './session.js';
import { hasTrack, stageAfterSubtitles, subtitlesStep } from './subtitles.js';

/** An upload with less left than this is begun again rather than posted. */
const expiryMarginMs = 5 * 60_000;
/** X names 24 hours in its answers; taken where one does not. A figure below an hour is not believed: X says so itself when it has forgotten an upload. */
const usualLifetimeMs = 24 * 3_600_000;
const leastLifetimeMs = 3_600_000;
/** Uploads that vanish over and over have a cause that sending again does not cure. */
const maxRestarts = 5;
/** Two hours and twenty looks for the making of X's own versions, which takes minutes; looks are counted as clocks can jump. */
const processingPatienceMs = 2 * 3_600_000;
const minPolls = 20;
const longestPollMs = 5 * 60_000;
/** A segment on a slow line, and X's own work on it. */
const segmentTimeoutMs = 180_000;

const processed = z.object({
  data: z.object({
    id: z.string(),
    expires_after_secs: z.number().optional(),
    processing_info: z
      .object({
        state: z.string(),
        check_after_secs: z.number().optional(),
        error: z.object({ code: z.number().optional(), name: z.string().optional(), message: z.string().optional() }).optional(),
      })
      .optional(),
  }),
});

/**
 * Brings the video to X, one request a step, and describes it. Nobody sees anything of it before a post names it. Undefined: it is
 * all there, ready for the post.
 */
export async function uploadStep(session: XSession, memory: XMemory): Promise<PublicationStep | undefined> {
  const { media } = memory;
  const { clip, nowMs } = session.context;
  if (!media || media.sha256 !== clip.sha256) return begin(session, memory);
  // An upload that ends before the post leaves nothing behind.
  if (nowMs() >= media.expiresAtMs - expiryMarginMs) return begin(session, memory);
  switch (media.stage) {
    case 'ready':
      return undefined;
    case 'append':
      return append(session, memory, media);
    case 'finalize':
      return finalize(session, memory, media);
    case 'processing':
      return poll(session, memory, media);
    case 'subtitles':
      return subtitlesStep(session, memory, media);
    case 'describe':
      return describe(session, memory, media);
  }
}

/** Forgets an upload that X no longer has. @throws {PlatformFault} when that happens again and again */
export function restarted(memory: XMemory): XMemory {
  if (memory.restarts >= maxRestarts) {
    throw new PlatformFault('refused', { code: 'uploadLost', message: `X has lost the upload ${maxRestarts} times`, remedy: 'See whether X is having trouble, then publish again.' });
  }
  return { ...memory, media: null, restarts: memory.restarts + 1 };
}

async function begin({ api, context }: XSession, memory: XMemory): Promise<PublicationStep> {
  const { clip, nowMs } = context;
  const answer = await api.send({
    what: 'beginning the upload',
    method: 'POST',
    path: '/2/media/upload/initialize',
    body: { media_type: 'video/mp4', total_bytes: clip.sizeBytes, media_category: 'tweet_video' },
  });
  const { data } = readAs(initialized, answer, 'the beginning of the upload');
  const media: XMedia = {
    id: data.id,
    key: data.media_key ?? null,
    expiresAtMs: nowMs() + (data.expires_after_secs === undefined ? usualLifetimeMs : Math.max(leastLifetimeMs, data.expires_after_secs * 1000)),
    seenMs: answer.answeredMs,
    sha256: clip.sha256,
    stage: 'append',
    segmentBytes: segmentBytesFor(clip.sizeBytes),
    nextSegment: 0,
    track: null,
    polls: 0,
    pollUntilMs: null,
  };
  return { state: 'prepared', handle: asHandle({ ...memory, media }) };
}

/** A segment whose answer is lost is sent again under its number, which replaces it. */
async function append({ api, context }: XSession, memory: XMemory, media: XMedia): Promise<PublicationStep> {
  const { clip } = context;
  const startByte = media.nextSegment * media.segmentBytes;
  const endByte = Math.min(clip.sizeBytes, startByte + media.segmentBytes);
  try {
    await api.send({
      what: 'sending the video',
      method: 'POST',
      path: `/2/media/upload/${media.id}/append`,
      body: {
        parts: [
          { name: 'segment_index', value: String(media.nextSegment) },
          { name: 'media', value: { path: clip.videoPath, startByte, endByte }, fileName: 'segment', contentType: 'application/octet-stream' },
        ],
      },
      timeoutMs: segmentTimeoutMs,
      sent: (bytes) => context.progress(Math.min(endByte, startByte + bytes) / clip.sizeBytes),
    });
  } catch (error) {
    if (isForgotten(error)) return { state: 'claimed', handle: asHandle(restarted(memory)) };
    throw error;
  }
  context.progress(endByte / clip.sizeBytes);
  return { state: 'uploading', handle: asHandle({ ...memory, media: { ...media, nextSegment: media.nextSegment + 1, stage: endByte < clip.sizeBytes ? 'append' : 'finalize' } }) };
}

async function finalize(session: XSession, memory: XMemory, media: XMedia): Promise<PublicationStep> {
  try {
    const answer = await session.api.send({ what: 'ending the upload', method: 'POST', path: `/2/media/upload/${media.id}/finalize` });
    return processing(session, memory, media, answer);
  } catch (error) {
    // An upload can be ended once. When the answer to that was lost, the second attempt is refused and the status tells.
    if (!(error instanceof PlatformFault) || error.kind !== 'refused') throw error;
    return poll(session, memory, media);
  }
}

async function poll(session: XSession, memory: XMemory, media: XMedia): Promise<PublicationStep> {
  try {
    const answer = await session.api.send({ what: 'asking how far the video is', method: 'GET', path: '/2/media/upload', query: { command: 'STATUS', media_id: media.id } });
    return processing(session, memory, media, answer);
  } catch (error) {
    if (isForgotten(error)) return { state: 'claimed', handle: asHandle(restarted(memory)) };
    throw error;
  }
}

function processing({ context, options }: XSession, memory: XMemory, before: XMedia, answer: XAnswer): PublicationStep {
  const media = { ...before, seenMs: answer.answeredMs };
  const { processing_info: info } = readAs(processed, answer, 'the state of the video').data;
  const nowMs = context.nowMs();
  if (!info || info.state === 'succeeded') {
    return { state: 'uploading', handle: asHandle({ ...memory, media: { ...media, stage: hasTrack(context.clip, options) ? 'subtitles' : stageAfterSubtitles(options) } }) };
  }
  if (info.state === 'failed') {
    // X's own trouble (InternalError) is over with another upload; anything else is about the film.
    if (info.error?.name === 'InternalError') return { state: 'claimed', handle: asHandle(restarted(memory)) };
    throw new PlatformFault('refused', {
      code: info.error?.name ?? 'processingFailed',
      message: `X cannot use the video${info.error?.message === undefined ? '' : `: ${info.error.message}`}`,
      remedy: 'Render the clip as H.264 and AAC with at most 60 frames a second, then publish again.',
    });
  }
  const pollUntilMs = media.pollUntilMs ?? nowMs + processingPatienceMs;
  if (media.polls >= minPolls && nowMs >= pollUntilMs) {
    throw new PlatformFault('refused', { code: 'processingTimeout', message: 'X has not finished with the video for two hours', remedy: 'See whether X is having trouble, then publish again.' });
  }
  return {
    state: 'uploading',
    handle: asHandle({ ...memory, media: { ...media, stage: 'processing', polls: media.polls + 1, pollUntilMs } }),
    notBeforeMs: nowMs + Math.min(longestPollMs, Math.max(1, info.check_after_secs ?? 5) * 1000),
  };
}

/** Nobody misses a post for its description: where X does not take one, the post goes without, and says so. */
async function describe({ api, options }: XSession, memory: XMemory, media: XMedia): Promise<PublicationStep> {
  const handle = asHandle({ ...memory, media: { ...media, stage: 'ready' } });
  try {
    await (await xClient(api, 'describing the video')).createMediaMetadata(media.id, { alt_text: { text: options.altText ?? '' } });
    return { state: 'uploading', handle };
  } catch (error) {
    if (!(error instanceof PlatformFault) || error.kind !== 'refused') throw error;
    return { state: 'uploading', handle, notice: { message: `X did not take the description of the video (${error.message})`, remedy: 'Add it by hand, or leave x.altText away.' } };
  }
}

function isForgotten(error: unknown): boolean {
  return error instanceof PlatformFault && error.kind === 'refused' && (error.code === 'notFound' || error.code === faultCode.unknownMedia);
}
