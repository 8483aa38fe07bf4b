import { z } from 'zod';

/** Google's unit for the chunks of a resumable upload. */
const chunkUnitKib = 256;

function isLanguage(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

/** `platforms.youtube` of the configuration; docs/platforms/youtube.md has the same table for people. */
export const youtubeOptions = z.strictObject({
  privacy: z.enum(['public', 'unlisted', 'private']).default('public'),
  /** A number of YouTube's list; 22 is People & Blogs. */
  categoryId: z.string().regex(/^\d{1,3}$/, 'a category number such as 22').default('22'),
  /** In front of the clip's own hashtags. */
  tags: z.array(z.string().min(1)).default([]),
  /** The law wants it said; nothing said is sent as false and reported. */
  madeForKids: z.boolean().optional(),
  /** Realistic scenes that were altered or generated. */
  syntheticMedia: z.boolean().default(false),
  license: z.enum(['youtube', 'creativeCommon']).default('youtube'),
  embeddable: z.boolean().default(true),
  notifySubscribers: z.boolean().default(true),
  captions: z.enum(['picture', 'track', 'both']).default('picture'),
  thumbnail: z.boolean().default(true),
  /** Uploads at once and lets YouTube make it public at its time. */
  nativeSchedule: z.boolean().default(false),
  /** BCP 47; otherwise the language that was heard. */
  language: z.string().refine(isLanguage, 'a language tag such as en or pt-BR').optional(),
  /** Bytes between two saves of the upload's progress, in KiB. */
  chunkKib: z.int().min(chunkUnitKib).max(65_536).multipleOf(chunkUnitKib).default(8192),
});

export type YoutubeOptions = z.output<typeof youtubeOptions>;
