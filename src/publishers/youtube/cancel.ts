import type { youtube_v3 } from 'googleapis/build/src/apis/youtube/v3.js';
import { PlatformFault } from '../faults.js';
import type { Publication, PublicationStep, PublishContext } from '../publisher.js';
import { caller as loggedIn } from './account.js';
import { call, type Caller } from './api.js';
import { videoUrl } from './check.js';
import { readHandle, type UploadHandle } from './handle.js';
import { lookupUpload } from './lookup.js';
import type { YoutubeOptions } from './options.js';
import { dropSession } from './session.js';
import { getVideo } from './settle.js';

/**
 * Takes back what nobody can see yet. A scheduled video becomes private for good; an upload is ended.
 * @throws {PlatformFault} refused: it is public; {LostReply}
 */
export async function cancel(publication: Publication, options: YoutubeOptions, context: PublishContext): Promise<PublicationStep> {
  const handle = readHandle(publication);
  if (handle?.stage === 'video') return hide(handle.videoId, await loggedIn(publication, context), context);
  if (handle?.stage !== 'upload') return { state: 'cancelled', handle: null };
  if (handle.commitMs !== null) return cancelCommitted(publication, handle, options, context);
  await dropSession(await loggedIn(publication, context), handle.sessionUri);
  return { state: 'cancelled', handle: null };
}

/** The last chunk may have made a video: ended first, so that nothing late can, and looked up then. */
async function cancelCommitted(publication: Publication, handle: UploadHandle, options: YoutubeOptions, context: PublishContext): Promise<PublicationStep> {
  const caller = await loggedIn(publication, context);
  await dropSession(caller, handle.sessionUri);
  const lookup = await lookupUpload(publication, handle, options, context);
  if ('undecided' in lookup) throw new PlatformFault('refused', { code: 'undecided', message: lookup.undecided.reason, remedy: lookup.undecided.question });
  if ('later' in lookup) throw new PlatformFault('retry', { code: 'undecidedYet', message: lookup.later.reason, remedy: 'Cancel it again in a while.', retryAtMs: lookup.later.notBeforeMs });
  if ('absent' in lookup) return { state: 'cancelled', handle: null };
  const found = readHandle({ ...publication, handle: lookup.found.handle ?? null });
  return found?.stage === 'video' ? hide(found.videoId, caller, context) : { state: 'cancelled', handle: null };
}

async function hide(videoId: string, caller: Caller, context: PublishContext): Promise<PublicationStep> {
  const video = await getVideo(caller, videoId);
  const status = video?.status;
  if (!status || status.uploadStatus === 'failed' || status.uploadStatus === 'rejected' || status.uploadStatus === 'deleted') return { state: 'cancelled', handle: null, spent: { units: 1 } };
  const seen = status.privacyStatus !== 'private' && status.uploadStatus === 'processed';
  if (seen) {
    throw new PlatformFault('refused', {
      code: 'alreadyPublic',
      message: `The video is ${status.privacyStatus} already: ${videoUrl(videoId, context.clip)}`,
      remedy: `snvg takes nothing away that people can see; do it yourself: https://studio.youtube.com/video/${videoId}/edit`,
    });
  }
  const leftover = { message: 'The video stays at YouTube as a private one', remedy: `Delete it if it is not needed: https://studio.youtube.com/video/${videoId}/edit` };
  if (status.privacyStatus === 'private' && typeof status.publishAt !== 'string') return { state: 'cancelled', handle: null, spent: { units: 1 }, notice: leftover };
  await call(caller, 'to make the video private', (api) => api.videos.update({ part: ['status'], requestBody: { id: videoId, status: privateStatus(status) } }));
  return { state: 'cancelled', handle: null, spent: { units: 51 }, notice: leftover };
}

/** What an update does not name of `status` is reset, so all of it is said again, except the time. */
function privateStatus({ embeddable, license, publicStatsViewable, selfDeclaredMadeForKids, containsSyntheticMedia }: youtube_v3.Schema$VideoStatus): youtube_v3.Schema$VideoStatus {
  const kept = { embeddable, license, publicStatsViewable, selfDeclaredMadeForKids, containsSyntheticMedia };
  return { privacyStatus: 'private', ...Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined && value !== null)) };
}
