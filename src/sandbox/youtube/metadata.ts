import { z } from 'zod';
import { refuse } from './answers.js';

const snippet = z.strictObject({
  title: z.string().optional(),
  description: z.string().optional(),
  tags: z.array(z.string()).optional(),
  categoryId: z.string().optional(),
  defaultLanguage: z.string().optional(),
  defaultAudioLanguage: z.string().optional(),
});

const status = z.strictObject({
  privacyStatus: z.enum(['public', 'unlisted', 'private']).optional(),
  publishAt: z.string().optional(),
  selfDeclaredMadeForKids: z.boolean().optional(),
  containsSyntheticMedia: z.boolean().optional(),
  license: z.enum(['youtube', 'creativeCommon']).optional(),
  embeddable: z.boolean().optional(),
  publicStatsViewable: z.boolean().optional(),
});

/** The settable fields of a video resource; `id` only in updates. */
export const videoBody = z.strictObject({ id: z.string().optional(), snippet: snippet.optional(), status: status.optional() });

export type Snippet = { title: string; description: string; tags: string[]; categoryId: string; defaultLanguage: string | undefined; defaultAudioLanguage: string | undefined };
export type Status = { privacyStatus: 'public' | 'unlisted' | 'private'; publishAtMs: number | undefined; selfDeclaredMadeForKids: boolean; containsSyntheticMedia: boolean; license: string; embeddable: boolean; publicStatsViewable: boolean };

/** Categories that videos may be put in, of those in the United States. */
const categories = new Set(['1', '2', '10', '15', '17', '19', '20', '22', '23', '24', '25', '26', '27', '28', '29']);

function bad(reason: string, message: string): never {
  return refuse(400, reason, message, 'youtube.video');
}

/** @throws {Refused} invalidTitle, invalidDescription, invalidTags, invalidCategoryId, invalidVideoMetadata */
export function readSnippet(given: z.output<typeof snippet>): Snippet {
  const { title = '', description = '', tags = [], categoryId = '22' } = given;
  // The strictest reading of "characters": UTF-16 units.
  if (title.trim() === '' || title.length > 100 || /[<>]/.test(title)) bad('invalidTitle', 'The request metadata specifies an invalid or empty video title.');
  if (Buffer.byteLength(description) > 5000 || /[<>]/.test(description)) bad('invalidDescription', 'The request metadata specifies an invalid video description.');
  const tagUnits = tags.reduce((sum, tag, index) => sum + tag.length + (tag.includes(' ') ? 2 : 0) + (index === 0 ? 0 : 1), 0);
  if (tagUnits > 500 || tags.some((tag) => tag.trim() === '' || /[<>]/.test(tag))) bad('invalidTags', 'The request metadata specifies invalid video keywords.');
  if (!categories.has(categoryId)) bad('invalidCategoryId', 'The snippet.categoryId property specifies an invalid category ID.');
  for (const language of [given.defaultLanguage, given.defaultAudioLanguage]) if (language !== undefined && !/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(language)) bad('invalidVideoMetadata', 'The request metadata is invalid.');
  if (/\p{Surrogate}/u.test(title + description + tags.join(''))) bad('invalidVideoMetadata', 'The request metadata is invalid.');
  return { title, description, tags, categoryId, defaultLanguage: given.defaultLanguage, defaultAudioLanguage: given.defaultAudioLanguage };
}

/**
 * Fields that are not named have their defaults: an update erases them.
 * @throws {Refused} invalidPublishAt: not private, or no time
 */
export function readStatus(given: z.output<typeof status>, nowMs: number): Status {
  const { privacyStatus = 'public', publishAt } = given;
  const publishAtMs = publishAt === undefined ? undefined : Date.parse(publishAt);
  if (publishAtMs !== undefined && (Number.isNaN(publishAtMs) || privacyStatus !== 'private')) refuse(400, 'invalidPublishAt', 'The request metadata specifies an invalid scheduled publishing time.', 'youtube.video');
  const past = publishAtMs !== undefined && publishAtMs <= nowMs;
  return {
    privacyStatus: past ? 'public' : privacyStatus,
    publishAtMs: past ? undefined : publishAtMs,
    selfDeclaredMadeForKids: given.selfDeclaredMadeForKids ?? false,
    containsSyntheticMedia: given.containsSyntheticMedia ?? false,
    license: given.license ?? 'youtube',
    embeddable: given.embeddable ?? true,
    publicStatsViewable: given.publicStatsViewable ?? true,
  };
}
