import { z } from 'zod';
import type { StandInAnswer, StandInRequest } from '../stand-in.js';
import { invalidRequest } from './problems.js';

const id = z.string().regex(/^[0-9]{1,19}$/);

/** POST /2/media/upload/initialize, by X's specification 2.167, of videos and subtitles. */
export const initializeBody = z
  .strictObject({
    media_type: z.enum(['video/mp4', 'video/webm', 'video/mp2t', 'video/quicktime', 'text/srt', 'text/vtt']),
    total_bytes: z.int().min(1).max(17_179_869_184),
    media_category: z.enum(['amplify_video', 'tweet_video', 'subtitles']),
    additional_owners: z.array(id).optional(),
    shared: z.boolean().optional(),
  })
  .refine((body) => body.media_type.startsWith('text/') === (body.media_category === 'subtitles'), { path: ['media_category'], message: 'does not go with the media type' });

/** POST /2/media/subtitles */
export const subtitlesBody = z.strictObject({
  id,
  media_category: z.enum(['AmplifyVideo', 'TweetVideo']),
  subtitles: z.strictObject({ id, language_code: z.string().regex(/^[A-Z]{2}$/), display_name: z.string().min(1) }),
});

/** POST /2/media/metadata; what else it takes is not played here. */
export const metadataBody = z.strictObject({
  id,
  metadata: z
    .strictObject({
      alt_text: z.strictObject({ text: z.string().max(1000) }).optional(),
      allow_download_status: z.strictObject({ allow_download: z.boolean().optional() }).optional(),
      sensitive_media_warning: z.strictObject({ adult_content: z.boolean().optional(), graphic_violence: z.boolean().optional(), other: z.boolean().optional() }).optional(),
    })
    .optional(),
});

/** POST /2/tweets; polls, places, replies and edits are not played here. */
export const postBody = z.strictObject({
  text: z.string().optional(),
  media: z
    .strictObject({
      media_ids: z.array(id).min(1).max(4),
      tagged_user_ids: z.array(id).max(10).optional(),
      title: z.string().optional(),
      description: z.string().optional(),
      embeddable: z.boolean().optional(),
      preview_media_id: id.optional(),
    })
    .optional(),
  reply_settings: z.enum(['following', 'mentionedUsers', 'subscribers', 'verified']).optional(),
  community_id: id.optional(),
  share_with_followers: z.boolean().optional(),
  made_with_ai: z.boolean().optional(),
  paid_partnership: z.boolean().optional(),
  for_super_followers_only: z.boolean().optional(),
  nullcast: z.boolean().optional(),
  quote_tweet_id: id.optional(),
});

/** A JSON body of the schema, or X's refusal. */
export async function readJson<T>(request: StandInRequest, schema: z.ZodType<T>): Promise<{ body: T } | { refused: StandInAnswer }> {
  if (!(request.headers['content-type'] ?? '').startsWith('application/json')) return { refused: invalidRequest('The content type must be application/json.') };
  let json: unknown;
  try {
    json = JSON.parse((await readBytes(request)).toString());
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { refused: invalidRequest('The body is not valid JSON.') };
  }
  const read = schema.safeParse(json);
  if (read.success) return { body: read.data };
  const [issue] = read.error.issues;
  const path = issue?.path.join('.') ?? '';
  return { refused: invalidRequest(`$${path === '' ? '' : `.${path}`}: ${issue?.message ?? 'is not valid'}`, path === '' ? {} : { [path]: [] }) };
}

/** The whole body; at most a segment of 5 MB and its frame. */
export async function readBytes(request: StandInRequest): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request.body()) chunks.push(chunk);
  return Buffer.concat(chunks);
}
