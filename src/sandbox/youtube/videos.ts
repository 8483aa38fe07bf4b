import { randomBytes } from 'node:crypto';
import { refuse } from './answers.js';
import type { Snippet, Status } from './metadata.js';

/** How YouTube ends its work on a film. */
export type Processing = { end: 'processed' } | { end: 'failed'; reason: string } | { end: 'rejected'; reason: string } | { end: 'never' };

export interface Video {
  id: string;
  channelId: string;
  snippet: Snippet;
  status: Status;
  sha256: string;
  sizeBytes: number;
  createdMs: number;
  /** The end of the work on it. */
  processedMs: number;
  processing: Processing;
  /** A video that was public once takes no time of publication. */
  wasPublic: boolean;
  thumbnailSha256: string | undefined;
  captions: { id: string; language: string; name: string; isDraft: boolean; text: string; updatedMs: number }[];
}

/** All videos, by id; times pass as the clock does. */
export class Videos {
  readonly #videos = new Map<string, Video>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  add(video: Omit<Video, 'id' | 'wasPublic' | 'thumbnailSha256' | 'captions'>): Video {
    const id = randomBytes(8).toString('base64url');
    const added: Video = { ...video, id, wasPublic: video.status.privacyStatus === 'public', thumbnailSha256: undefined, captions: [] };
    this.#videos.set(id, added);
    return added;
  }

  /** Oldest first. */
  all(): Video[] {
    return Array.from(this.#videos.values(), (video) => this.#inTime(video));
  }

  get(id: string): Video | undefined {
    const video = this.#videos.get(id);
    return video && this.#inTime(video);
  }

  /** @throws {Refused} 404 videoNotFound, 403 forbidden */
  owned(id: string, channelId: string, what: string): Video {
    const video = this.get(id) ?? refuse(404, 'videoNotFound', 'The video that you are trying to find cannot be found.', 'youtube.video');
    return video.channelId === channelId ? video : refuse(403, 'forbidden', what, 'youtube.common');
  }

  remove(id: string): void {
    this.#videos.delete(id);
  }

  #inTime(video: Video): Video {
    const { publishAtMs } = video.status;
    if (publishAtMs !== undefined && publishAtMs <= this.#nowMs()) {
      video.status = { ...video.status, privacyStatus: 'public', publishAtMs: undefined };
      video.wasPublic = true;
    }
    return video;
  }
}

/** A video resource with the parts that are asked for. */
export function describe(video: Video, parts: ReadonlySet<string>, nowMs: number, channelTitle: string): object {
  const done = video.processing.end !== 'never' && video.processedMs <= nowMs;
  const { end } = video.processing;
  const { publishAtMs, ...status } = video.status;
  const part = (name: string, value: object): object => (parts.has(name) ? { [name]: value } : {});
  return {
    kind: 'youtube#video',
    etag: `"${video.id}-${nowMs}"`,
    id: video.id,
    ...part('snippet', {
      publishedAt: iso(video.createdMs),
      channelId: video.channelId,
      channelTitle,
      title: video.snippet.title,
      description: video.snippet.description,
      thumbnails: { default: { url: `https://i.ytimg.com/vi/${video.id}/default.jpg`, width: 120, height: 90 } },
      ...(video.snippet.tags.length === 0 ? {} : { tags: video.snippet.tags }),
      categoryId: video.snippet.categoryId,
      liveBroadcastContent: 'none',
      ...(video.snippet.defaultLanguage === undefined ? {} : { defaultLanguage: video.snippet.defaultLanguage }),
      ...(video.snippet.defaultAudioLanguage === undefined ? {} : { defaultAudioLanguage: video.snippet.defaultAudioLanguage }),
    }),
    ...part('status', {
      uploadStatus: !done ? 'uploaded' : end,
      ...(done && video.processing.end === 'failed' ? { failureReason: video.processing.reason } : {}),
      ...(done && video.processing.end === 'rejected' ? { rejectionReason: video.processing.reason } : {}),
      ...status,
      ...(publishAtMs === undefined ? {} : { publishAt: iso(publishAtMs) }),
      madeForKids: status.selfDeclaredMadeForKids,
    }),
    ...part('processingDetails', { processingStatus: !done ? 'processing' : end === 'processed' ? 'succeeded' : end === 'failed' ? 'failed' : 'terminated', fileDetailsAvailability: 'available' }),
    ...part('fileDetails', { fileName: 'unknown', fileSize: String(video.sizeBytes), fileType: 'video' }),
  };
}

/** Whole seconds, as Google writes times. */
export function iso(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
