import type { youtube_v3 } from 'googleapis/build/src/apis/youtube/v3.js';
import type { PublicationStep, Publication, PublishContext } from '../publisher.js';
import { caller as loggedIn } from './account.js';
import { call, type Caller } from './api.js';
import { videoUrl } from './check.js';
import { addExtra, extraNames, judgeExtra } from './extras.js';
import { asHandle, type VideoHandle } from './handle.js';
import type { YoutubeOptions } from './options.js';

type Video = youtube_v3.Schema$Video;

const firstPollMs = 5_000;
const maxPollMs = 60_000;
const maxTries = 4;
/** YouTube makes a scheduled video public within minutes of its time. */
const scheduleSlackMs = 60 * 60_000;

/**
 * One step with a video that exists: asks for its state, adds cover or captions, or says how it ended.
 * @throws {PlatformFault}; {LostReply}
 */
export async function settle(publication: Publication, handle: VideoHandle, options: YoutubeOptions, context: PublishContext): Promise<PublicationStep> {
  const caller = await loggedIn(publication, context);
  if (handle.processed && handle.todo.length > 0) return addNext(handle, options, caller, context);
  const video = await getVideo(caller, handle.videoId);
  const overdue = context.nowMs() >= handle.untilMs;
  const ended = failureOf(video, handle.videoId, overdue);
  if (ended) return ended;
  const processed = video?.status?.uploadStatus === 'processed';
  if (!processed && !overdue) {
    const waitMs = Math.min(maxPollMs, firstPollMs * 2 ** handle.polls);
    return { state: 'processing', handle: asHandle({ ...handle, polls: handle.polls + 1 }), notBeforeMs: context.nowMs() + waitMs, spent: { units: 1 } };
  }
  // What is there may be decorated even while YouTube still works on its larger sizes.
  if (handle.todo.length > 0) return { state: 'processing', handle: asHandle({ ...handle, processed: true }), spent: { units: 1 } };
  return outcome(video, handle, { processed, context });
}

/** @throws {PlatformFault}; {LostReply} */
export async function getVideo(caller: Caller, videoId: string): Promise<Video | undefined> {
  const { items } = await call(caller, 'to tell the state of the video', (api) => api.videos.list({ part: ['status'], id: [videoId] }));
  return items?.find(({ id }) => id === videoId);
}

async function addNext(handle: VideoHandle, options: YoutubeOptions, caller: Caller, context: PublishContext): Promise<PublicationStep> {
  const [next, ...rest] = handle.todo;
  if (next === undefined) return { state: 'processing' };
  const done = asHandle({ ...handle, todo: rest, tries: 0 });
  try {
    const { spent, notice } = await addExtra[next]({ videoId: handle.videoId, options, caller, context });
    return { state: 'processing', handle: done, spent, ...(notice ? { notice } : {}) };
  } catch (error) {
    const judgement = judgeExtra(error);
    if (judgement === 'person') throw error;
    const tries = handle.tries + 1;
    if (judgement === 'again' && tries < maxTries) {
      return { state: 'processing', handle: asHandle({ ...handle, tries }), notBeforeMs: context.nowMs() + firstPollMs * 2 ** tries };
    }
    const reason = error instanceof Error ? error.message : String(error);
    return { state: 'processing', handle: done, notice: { message: `The video is up without its ${extraNames[next]}: ${reason}`, remedy: 'Add it in YouTube Studio if you want it.' } };
  }
}

function failed(code: string, message: string, remedy: string): PublicationStep {
  return { state: 'failed', problem: { code, message, remedy }, spent: { units: 1 } };
}

/** The step for a video that will never be seen. */
function failureOf(video: Video | undefined, videoId: string, overdue: boolean): PublicationStep | undefined {
  // A new video may not be listed for a while; one that stays away was removed.
  if (!video) return overdue ? failed('videoNotFound', `YouTube does not know the video ${videoId} any more: somebody has deleted it`, 'Publish again with --again if it should be there.') : undefined;
  const { uploadStatus, failureReason, rejectionReason } = video.status ?? {};
  if (uploadStatus === 'failed') return failed(`failed:${failureReason ?? 'unknown'}`, `YouTube could not read the film (${failureReason ?? 'no reason given'})`, 'Render the clip again and publish it with --again.');
  if (uploadStatus === 'rejected') return failed(`rejected:${rejectionReason ?? 'unknown'}`, `YouTube has rejected the film (${rejectionReason ?? 'no reason given'})`, rejections[rejectionReason ?? ''] ?? 'See the reason in YouTube Studio; it is not sent again by itself.');
  if (uploadStatus === 'deleted') return failed('deleted', 'The video was deleted at YouTube', 'Publish again with --again if it should be there.');
  return undefined;
}

const rejections: Readonly<Record<string, string>> = {
  duplicate: 'The channel has the same film already: find it in YouTube Studio and delete it there if this one should take its place.',
  length: 'The channel is not verified and the film is longer than 15 minutes: https://www.youtube.com/verify',
  uploaderAccountSuspended: 'See what YouTube has written to the owner of the channel.',
  uploaderAccountClosed: 'The channel is closed; log in with another one: snvg auth login youtube',
};

function outcome(video: Video | undefined, handle: VideoHandle, { processed, context }: { processed: boolean; context: PublishContext }): PublicationStep {
  const { privacyStatus, publishAt } = video?.status ?? {};
  const url = videoUrl(handle.videoId, context.clip);
  const base = { url, handle: asHandle(handle), spent: { units: 1 } };
  const working = processed ? {} : { notice: { message: 'YouTube is still processing the video', remedy: `Look at it later: ${url}` } };
  const scheduled = handle.publishAtMs !== null;
  if (scheduled && privacyStatus === 'private' && typeof publishAt === 'string') return awaitTime(Date.parse(publishAt), base, context);
  const wanted = scheduled ? 'public' : handle.asked;
  if (privacyStatus === wanted) return { state: wanted === 'private' ? 'draft' : 'published', ...base, ...working };
  return {
    // Nobody but the owner sees it, and nothing more is done about it by itself.
    state: privacyStatus === 'private' ? 'draft' : 'published',
    ...base,
    notice: {
      message: `YouTube made the video ${privacyStatus ?? 'something unknown'}, not ${scheduled ? 'scheduled' : wanted} as asked`,
      remedy: `API projects that Google has not audited may only make private videos: ask for the audit (https://support.google.com/youtube/contact/yt_api_form), or set it in YouTube Studio: https://studio.youtube.com/video/${handle.videoId}/edit`,
    },
  };
}

function awaitTime(publishAtMs: number, base: Pick<PublicationStep, 'url' | 'handle' | 'spent'>, context: PublishContext): PublicationStep {
  const nowMs = context.nowMs();
  if (nowMs > publishAtMs + scheduleSlackMs) {
    return { state: 'draft', ...base, notice: { message: 'The time of the scheduled video is long past and YouTube has not made it public', remedy: 'Publish it in YouTube Studio.' } };
  }
  return { state: 'scheduled', ...base, notBeforeMs: Math.max(publishAtMs, nowMs) + maxPollMs };
}
