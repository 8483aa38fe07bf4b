import { PlatformFault } from '../faults.js';
import { call, type Caller } from './api.js';
import type { UploadHandle } from './handle.js';

/** The clocks of two machines differ, and YouTube's list is filled some time after the upload. */
const clockDifferenceMs = 120_000;
/** A list page has 50; older uploads than these two hundred are not of this hour. */
const maxPages = 4;

export type Search = { kind: 'one'; videoId: string } | { kind: 'none' } | { kind: 'several'; videoIds: string[] };

/**
 * Looks for the video that a lost session may have made: among the channel's uploads, private ones included, since the session was
 * opened, with its title and, where YouTube tells it, its size. Costs three units or so.
 * @throws {PlatformFault}; {LostReply}
 */
export async function findVideo(caller: Caller, channelId: string, lost: Pick<UploadHandle, 'title' | 'totalBytes' | 'startedMs'>): Promise<Search> {
  const recent = await recentUploads(caller, await uploadsPlaylist(caller, channelId), lost.startedMs - clockDifferenceMs);
  const titled = recent.filter(({ title }) => title === lost.title).map(({ videoId }) => videoId);
  if (titled.length === 0) return { kind: 'none' };
  const details = await call(caller, 'for the details of uploads', (api) => api.videos.list({ part: ['id', 'fileDetails'], id: titled }));
  const sizes = new Map((details.items ?? []).map((item) => [item.id, item.fileDetails?.fileSize]));
  const alike = titled.filter((videoId) => {
    const size = sizes.get(videoId);
    return sizes.has(videoId) && (size === undefined || size === null || Number(size) === lost.totalBytes);
  });
  const [first] = alike;
  if (first === undefined) return { kind: 'none' };
  return alike.length === 1 ? { kind: 'one', videoId: first } : { kind: 'several', videoIds: alike };
}

async function uploadsPlaylist(caller: Caller, channelId: string): Promise<string> {
  const { items } = await call(caller, 'for the channel', (api) => api.channels.list({ part: ['contentDetails'], mine: true }));
  const playlist = items?.find(({ id }) => id === channelId)?.contentDetails?.relatedPlaylists?.uploads;
  if (typeof playlist === 'string') return playlist;
  throw new PlatformFault('auth', { code: 'channelNotFound', message: `The login does not reach the channel ${channelId}`, remedy: 'Log in again and choose that channel: snvg auth login youtube' });
}

async function recentUploads(caller: Caller, playlistId: string, sinceMs: number): Promise<{ videoId: string; title: string }[]> {
  const found: { videoId: string; title: string }[] = [];
  let pageToken: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const answer = await call(caller, 'for the channel’s uploads', (api) => api.playlistItems.list({ part: ['snippet', 'contentDetails'], playlistId, maxResults: 50, ...(pageToken === undefined ? {} : { pageToken }) }));
    for (const { snippet, contentDetails } of answer.items ?? []) {
      const videoId = contentDetails?.videoId;
      if (typeof videoId === 'string' && Date.parse(snippet?.publishedAt ?? '') >= sinceMs) found.push({ videoId, title: snippet?.title ?? '' });
    }
    // Newest first: an older one ends the search.
    const oldest = answer.items?.at(-1)?.snippet?.publishedAt;
    if (typeof answer.nextPageToken !== 'string' || Date.parse(oldest ?? '') < sinceMs) break;
    pageToken = answer.nextPageToken;
  }
  return found;
}
