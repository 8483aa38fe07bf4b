import { createHash } from 'node:crypto';
import type { Publication, PublishableClip } from '../publisher.js';
import { languageOf, schedulesNatively } from './check.js';
import type { YoutubeOptions } from './options.js';
import type { VideoMetadata } from './session.js';
import { youtubeText } from './text.js';

/** Closer than this a time is as good as now; YouTube publishes at once what lies in the past. */
const nearMs = 60_000;

/** Everything that is said about a video when its session is opened. */
export interface PlannedVideo {
  metadata: VideoMetadata;
  asked: YoutubeOptions['privacy'];
  /** Set when YouTube is to make it public by itself. */
  publishAtMs: number | null;
  /** Equal as long as film, text and settings are; independent of the present time. */
  contentKey: string;
}

/** Plans the upload of a publication as it would begin now. */
export function planVideo(publication: Publication, clip: PublishableClip, options: YoutubeOptions, nowMs: number): PlannedVideo {
  const { title, description, tags } = youtubeText(clip, options);
  const language = languageOf(clip, options);
  const publishAtMs = schedulesNatively(options) && publication.dueMs !== null && publication.dueMs > nowMs + nearMs ? publication.dueMs : null;
  const snippet: VideoMetadata['snippet'] = {
    title,
    description,
    categoryId: options.categoryId,
    ...(tags.length === 0 ? {} : { tags }),
    ...(language === undefined ? {} : { defaultLanguage: language, defaultAudioLanguage: language }),
  };
  const said = { selfDeclaredMadeForKids: options.madeForKids ?? false, containsSyntheticMedia: options.syntheticMedia, license: options.license, embeddable: options.embeddable };
  const dueMs = schedulesNatively(options) ? publication.dueMs : null;
  return {
    metadata: { snippet, status: { privacyStatus: publishAtMs === null ? options.privacy : 'private', ...(publishAtMs === null ? {} : { publishAt: new Date(publishAtMs).toISOString() }), ...said } },
    asked: options.privacy,
    publishAtMs,
    contentKey: createHash('sha256').update(JSON.stringify([clip.sha256, snippet, said, options.privacy, options.notifySubscribers, dueMs, publication.revision])).digest('hex'),
  };
}
