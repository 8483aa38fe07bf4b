import { z } from 'zod';

const id = z.string().regex(/^[0-9]{1,19}$/, 'is a number of up to 19 digits');

/** Settings of `platforms.x`. All that leave the program are fields of POST /2/tweets and POST /2/media/metadata. */
export const xOptions = z.strictObject({
  text: z
    .string()
    .describe('How the text is put together; {title}, {description} and {hashtags} are filled in')
    .default('{title}\n\n{description}\n\n{hashtags}'),
  altText: z.string().min(1).max(1000).describe('Description of the video for people who do not see it').optional(),
  subtitles: z.boolean().describe('Uploads the captions as a track that viewers can switch on').default(false),
  replySettings: z.enum(['following', 'mentionedUsers', 'subscribers', 'verified']).describe('Who may reply; everybody where nothing is said').optional(),
  madeWithAi: z.boolean().describe('Discloses that the video contains media made by AI').optional(),
  paidPartnership: z.boolean().describe('Discloses a paid partnership').optional(),
  communityId: id.describe('Posts into this community').optional(),
  shareWithFollowers: z.boolean().describe('Shows a community post to all followers as well').optional(),
  premium: z.boolean().describe('The account has X Premium: up to 125 minutes instead of 20').default(false),
});

export type XOptions = z.infer<typeof xOptions>;
