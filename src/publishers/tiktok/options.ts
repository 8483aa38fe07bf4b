import { z } from 'zod';
import { defaultChunkBytes, maxChunkBytes, minChunkBytes } from './chunks.js';

/** TikTok's own words, as its creator information offers them. */
const privacyLevels = ['PUBLIC_TO_EVERYONE', 'MUTUAL_FOLLOW_FRIENDS', 'FOLLOWER_OF_CREATOR', 'SELF_ONLY'] as const;

/** `platforms.tiktok` of the configuration, `--set tiktok.<key>=<value>`. */
export const tiktokOptions = z.strictObject({
  /** `inbox`: a draft that its owner finishes in the app; `direct`: posted without anybody's doing. */
  mode: z.enum(['inbox', 'direct']).default('inbox'),
  /** Direct posts only. Apps that TikTok has not audited may use SELF_ONLY alone. */
  privacy: z.enum(privacyLevels).default('SELF_ONLY'),
  disableComment: z.boolean().default(false),
  disableDuet: z.boolean().default(false),
  disableStitch: z.boolean().default(false),
  /** The frame shown as cover, in milliseconds from the beginning; without it TikTok takes the first. */
  coverAtMs: z.int().min(0).optional(),
  /** Paid partnership with a third party. */
  brandContent: z.boolean().default(false),
  /** Promotes the creator's own business. */
  brandOrganic: z.boolean().default(false),
  /** Labels the post as made by AI. */
  isAigc: z.boolean().default(false),
  /** Size of one upload request, in bytes: what a kill may send twice. */
  chunkBytes: z.int().min(minChunkBytes).max(maxChunkBytes).default(defaultChunkBytes),
});

export type TikTokOptions = z.output<typeof tiktokOptions>;
