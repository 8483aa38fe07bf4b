import type { Lookup, Publication, PublishContext } from '../publisher.js';
import { caller as loggedIn } from './account.js';
import { findVideo } from './find-video.js';
import { asHandle, readHandle, type UploadHandle } from './handle.js';
import type { YoutubeOptions } from './options.js';
import { askSession } from './session.js';
import { beginAgain, madeVideo } from './upload.js';

/** Waits before each further look at what YouTube has not decided yet: a new video is listed within some minutes. */
const waitsMs = [30_000, 60_000, 180_000, 300_000, 600_000];

/**
 * What became of a publication whose reply was lost. The session decides it: it says how much it holds or gives the final answer again.
 * Only when YouTube has forgotten the session are the channel's uploads looked through, once they have had time to appear there.
 * @throws {PlatformFault}; {LostReply}
 */
export async function lookup(publication: Publication, options: YoutubeOptions, context: PublishContext): Promise<Lookup> {
  const handle = readHandle(publication);
  // Its id came from YouTube: there is a video, whatever is made of it.
  if (handle?.stage === 'video') return { found: { state: 'processing' } };
  if (handle?.stage !== 'upload') return { absent: { state: 'claimed' } };
  return lookupUpload(publication, handle, options, context);
}

/** @throws {PlatformFault}; {LostReply} */
export async function lookupUpload(publication: Publication, handle: UploadHandle, options: YoutubeOptions, context: PublishContext): Promise<Lookup> {
  const caller = await loggedIn(publication, context);
  const state = await askSession(caller, handle);
  if (state.kind === 'done') return { found: madeVideo(handle, state, options, context) };
  const watch = `https://studio.youtube.com/channel/${publication.account}/videos`;
  if (state.kind === 'more') {
    if (state.sentBytes < handle.totalBytes) return { absent: { state: 'uploading', handle: asHandle({ ...handle, sentBytes: state.sentBytes }) } };
    const reason = 'YouTube holds the whole film and does not say what became of it';
    return askLater(handle, reason, context) ?? { undecided: { question: `Is there a video “${handle.title}” at ${watch} ?`, reason } };
  }
  if (handle.commitMs === null) return { absent: beginAgain(handle) };

  const search = await findVideo(caller, publication.account, handle);
  if (search.kind === 'one') return { found: madeVideo(handle, search, options, context) };
  if (search.kind === 'several') {
    const links = search.videoIds.map((videoId) => `https://www.youtube.com/watch?v=${videoId}`).join(' ');
    return { undecided: { question: `Is one of these the clip “${handle.title}”: ${links} ?`, reason: `YouTube has forgotten the upload, and the channel has ${search.videoIds.length} new videos of this title and size` } };
  }
  // Several looks over twenty minutes have found no such video, and a session that is gone makes none any more.
  return askLater(handle, 'YouTube has forgotten the upload, and a new video may take a while to be listed', context) ?? { absent: beginAgain(handle) };
}

function askLater(handle: UploadHandle, reason: string, context: PublishContext): Lookup | undefined {
  const waitMs = waitsMs[handle.asks];
  return waitMs === undefined ? undefined : { later: { notBeforeMs: context.nowMs() + waitMs, handle: asHandle({ ...handle, asks: handle.asks + 1 }), reason } };
}
