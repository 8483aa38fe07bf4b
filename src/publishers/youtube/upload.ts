import { LostReply, PlatformFault } from '../faults.js';
import type { Publication, PublicationStep, PublishContext } from '../publisher.js';
import { caller as loggedIn } from './account.js';
import type { Caller } from './api.js';
import { videoUrl } from './check.js';
import { asHandle, type FreshHandle, type UploadHandle, type VideoHandle } from './handle.js';
import { planVideo } from './metadata.js';
import { type YoutubeOptions } from './options.js';
import { askSession, dropSession, openSession, sendChunk, type SessionState } from './session.js';

/** An upload that loses its session again and again has another trouble than a slow line. */
const maxRestarts = 5;
const hourMs = 3_600_000;
/** A short is processed in a minute or two, a long film in tens of them; after this it is reported as it is. */
const processingMs = 30 * 60_000;
const firstLookMs = 5_000;

/**
 * How much each session holds by its own last answer in this process: whoever was there for the answer need not ask for it again.
 * After a kill, a lost answer or a failure nothing is known here, and the session is asked before bytes are sent.
 */
const confirmed = new Map<string, number>();
const maxConfirmed = 64;

function confirm(sessionUri: string, bytes: number): void {
  confirmed.delete(sessionUri);
  confirmed.set(sessionUri, bytes);
  for (const oldest of confirmed.keys()) {
    if (confirmed.size <= maxConfirmed) break;
    confirmed.delete(oldest);
  }
}

/**
 * One step on the way to a video: a session, one chunk, or the last chunk, which makes the video and is announced by a step of its own.
 * @throws {PlatformFault}; {LostReply}
 */
export async function upload(publication: Publication, handle: UploadHandle | FreshHandle | undefined, options: YoutubeOptions, context: PublishContext): Promise<PublicationStep> {
  const planned = planVideo(publication, context.clip, options, context.nowMs());
  const caller = await loggedIn(publication, context);
  if (handle?.stage !== 'upload') return begin(publication, handle?.restarts ?? 0, options, caller, context);
  if (handle.commitMs === null && handle.contentKey !== planned.contentKey) {
    // Film or text were changed before anything could have been posted: the old session has the old ones.
    await dropSession(caller, handle.sessionUri);
    return begin(publication, handle.restarts, options, caller, context);
  }
  if (handle.clipSha256 !== context.clip.sha256 || handle.totalBytes !== context.clip.sizeBytes) return abandon(publication, handle, caller);
  return proceed(publication, handle, options, caller, context);
}

async function begin(publication: Publication, restarts: number, options: YoutubeOptions, caller: Caller, context: PublishContext): Promise<PublicationStep> {
  if (restarts > maxRestarts) {
    throw new PlatformFault('retry', { code: 'sessionLost', message: `YouTube has lost the upload ${restarts} times`, remedy: 'It is tried again in an hour; on an unsteady line, a smaller platforms.youtube.chunkKib helps.', retryAtMs: context.nowMs() + hourMs });
  }
  const { clip } = context;
  const { metadata, asked, publishAtMs, contentKey } = planVideo(publication, clip, options, context.nowMs());
  const { sessionUri, startedMs } = await openSession(caller, { metadata, totalBytes: clip.sizeBytes, notifySubscribers: options.notifySubscribers });
  confirm(sessionUri, 0);
  const handle: UploadHandle = {
    stage: 'upload',
    sessionUri,
    totalBytes: clip.sizeBytes,
    chunkBytes: options.chunkKib * 1024,
    sentBytes: 0,
    startedMs: startedMs ?? context.nowMs(),
    commitMs: null,
    clipSha256: clip.sha256,
    contentKey,
    title: metadata.snippet.title,
    asked,
    publishAtMs,
    restarts,
    asks: 0,
  };
  return { state: 'prepared', handle: asHandle(handle), spent: { uploads: 1 } };
}

/**
 * The last chunk of another film may be on its way into this session, so it is ended first, and then YouTube is asked what came of
 * it: by the lookup, which `committing` leads to.
 */
async function abandon(publication: Publication, handle: UploadHandle, caller: Caller): Promise<PublicationStep> {
  if (publication.state === 'committing') throw new LostReply('the film has changed since its upload was ended');
  await dropSession(caller, handle.sessionUri);
  return { state: 'committing', handle: asHandle(handle) };
}

async function proceed(publication: Publication, before: UploadHandle, options: YoutubeOptions, caller: Caller, context: PublishContext): Promise<PublicationStep> {
  const { sessionUri, totalBytes, chunkBytes } = before;
  const committing = publication.state === 'committing';
  let state: SessionState;
  try {
    state = confirmed.get(sessionUri) === before.sentBytes ? { kind: 'more', sentBytes: before.sentBytes } : await askSession(caller, before);
  } catch (error) {
    if (before.commitMs === null || !(error instanceof PlatformFault) || error.kind !== 'refused') throw error;
    // The last chunk may have been sent: that the question is refused says nothing about what became of it.
    if (committing) throw new LostReply(error.message, { cause: error });
    return { state: 'committing', handle: asHandle(before) };
  }
  if (state.kind !== 'more') return settled(state, before, { committing, options, context });
  const startByte = state.sentBytes;
  const handle: UploadHandle = { ...before, sentBytes: startByte };
  if (startByte >= totalBytes) throw new LostReply('YouTube holds the whole film and does not say yet what became of it');
  confirm(sessionUri, startByte);

  const last = startByte + chunkBytes >= totalBytes;
  if (last && !committing) return { state: 'committing', handle: asHandle({ ...handle, commitMs: handle.commitMs ?? context.nowMs() }) };
  // YouTube holds less than it said: there is more than the last chunk to send.
  if (!last && committing) return { state: 'uploading', handle: asHandle(handle) };
  const slice = { path: context.clip.videoPath, startByte, endByte: Math.min(startByte + chunkBytes, totalBytes) };
  confirmed.delete(sessionUri);
  const after = await sendChunk(caller, { sessionUri, slice, totalBytes, last }, (bytes) => context.progress((startByte + bytes) / totalBytes));
  if (after.kind !== 'more') return settled(after, handle, { committing, options, context });
  confirm(sessionUri, after.sentBytes);
  context.progress(after.sentBytes / totalBytes);
  return { state: 'uploading', handle: asHandle({ ...handle, sentBytes: after.sentBytes }) };
}

/** A session that takes no more bytes: complete, or not known any more. */
function settled(state: Exclude<SessionState, { kind: 'more' }>, handle: UploadHandle, step: { committing: boolean; options: YoutubeOptions; context: PublishContext }): PublicationStep {
  confirmed.delete(handle.sessionUri);
  if (state.kind === 'done') return madeVideo(handle, state, step.options, step.context);
  if (handle.commitMs === null) return beginAgain(handle);
  // A video may have been made: only the lookup may say that there is none.
  if (step.committing) throw new LostReply('YouTube does not know the upload any more');
  return { state: 'committing', handle: asHandle(handle) };
}

/** The step after which everything is sent anew. */
export function beginAgain(handle: UploadHandle): PublicationStep {
  return { state: 'claimed', handle: asHandle({ stage: 'fresh', restarts: handle.restarts + 1 }) };
}

/** The step that a new video begins with: the upload is forgotten. */
export function madeVideo(handle: UploadHandle, video: { videoId: string; channelId?: string | undefined }, options: YoutubeOptions, context: PublishContext): PublicationStep {
  const todo: VideoHandle['todo'] = [...(options.thumbnail ? (['thumbnail'] as const) : []), ...(options.captions === 'picture' ? [] : (['captions'] as const))];
  const next: VideoHandle = { stage: 'video', videoId: video.videoId, asked: handle.asked, publishAtMs: handle.publishAtMs, untilMs: context.nowMs() + processingMs, polls: 0, processed: false, todo, tries: 0 };
  return { state: 'processing', url: videoUrl(video.videoId, context.clip), handle: asHandle(next), notBeforeMs: context.nowMs() + firstLookMs };
}
