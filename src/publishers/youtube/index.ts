import type { Publication, PublishContext, Publisher } from '../publisher.js';
import { youtubeAuth } from './auth.js';
import { cancel } from './cancel.js';
import { checkClip, schedulesNatively, youtubeLimits } from './check.js';
import { readHandle } from './handle.js';
import { lookup } from './lookup.js';
import { youtubeOptions } from './options.js';
import { quotaTimeZone } from './pacific-day.js';
import { settle } from './settle.js';
import { upload } from './upload.js';

/**
 * YouTube, by a resumable upload whose session is remembered before the first byte: claimed → prepared → uploading → committing →
 * processing → published, scheduled or draft (docs/platforms/youtube.md). The account is the channel's id.
 */
export const youtubePublisher: Publisher = {
  id: 'youtube',
  name: 'YouTube',
  limits: youtubeLimits,
  // Since 2026-06-01; a cover costs 50 units, each look at the video 1, a caption track 450 more.
  quotas: [
    { id: 'uploads', perDay: 100, timeZone: quotaTimeZone, perPost: 1 },
    { id: 'units', perDay: 10_000, timeZone: quotaTimeZone, perPost: 60 },
  ],
  options: youtubeOptions,
  auth: youtubeAuth,
  reach: 'public',

  holdsUntilDue: (options) => schedulesNatively(youtubeOptions.parse(options)),

  check: (clip, options) => checkClip(clip, youtubeOptions.parse(options)),

  advance(publication: Publication, context: PublishContext) {
    const options = youtubeOptions.parse(context.options);
    const handle = readHandle(publication);
    return handle?.stage === 'video' ? settle(publication, handle, options, context) : upload(publication, handle, options, context);
  },

  lookup: (publication, context) => lookup(publication, youtubeOptions.parse(context.options), context),

  cancel: (publication, context) => cancel(publication, youtubeOptions.parse(context.options), context),
};
