import { z } from 'zod';
import { maxCollaborators } from './limits.js';

/** `platforms.instagram` of the configuration: what a Reel's container is made with (Meta's parameter names in brackets). */
export const instagramOptions = z.strictObject({
  /** Also among the account's ordinary posts, not under Reels alone [share_to_feed]. */
  shareToFeed: z.boolean().default(true),
  /** Where in the film the cover is taken from, in milliseconds [thumb_offset]. Instagram takes pictures of one's own from public addresses only. */
  thumbOffsetMs: z.int().min(0).optional(),
  /** User names that are invited as co-authors [collaborators]. */
  collaborators: z
    .array(z.string().regex(/^@?[A-Za-z0-9._]{1,30}$/, 'an Instagram user name'))
    .max(maxCollaborators)
    .optional(),
  /** Id of a Facebook Page with a place [location_id]. */
  locationId: z
    .string()
    .regex(/^\d+$/, 'the number of a Facebook Page')
    .optional(),
  /** What the film's own sound is called [audio_name]; can be named once only. */
  audioName: z.string().min(1).max(100).optional(),
});

export type InstagramOptions = z.infer<typeof instagramOptions>;
