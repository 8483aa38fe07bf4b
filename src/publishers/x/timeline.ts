import { z } from 'zod';
import { LostReply } from '../faults.js';
import type { XApi } from './api.js';
import { dateOf } from './answers.js';
import { xClient } from './client.js';
import { addressesIn } from './weight.js';

/** A post as a timeline shows it. */
export interface TimelinePost {
  id: string;
  text: string;
  /** By X's clock. */
  createdMs: number | null;
  mediaKeys: string[];
}

export interface TimelineRead {
  posts: TimelinePost[];
  /** False: there are more than was read. */
  whole: boolean;
  /** X's clock when it answered; undefined where it did not say. */
  answeredMs: number | undefined;
}

const page = z.object({
  data: z
    .array(
      z.object({
        id: z.string(),
        text: z.string(),
        created_at: z.string().optional(),
        attachments: z.object({ media_keys: z.array(z.string()).optional() }).optional(),
        entities: z.object({ urls: z.array(z.object({ url: z.string(), expanded_url: z.string().optional(), media_key: z.string().optional() })).optional() }).optional(),
      }),
    )
    .optional(),
  meta: z.object({ result_count: z.number(), next_token: z.string().optional() }),
});

/**
 * What an account posted since a time, newest first.
 * @throws {PlatformFault}; {LostReply}
 */
export async function readTimeline(api: XApi, account: string, options: { sinceMs: number | null; maxPages: number }): Promise<TimelineRead> {
  const client = await xClient(api, "reading the account's posts");
  const posts: TimelinePost[] = [];
  let answeredMs: number | undefined;
  let token: string | undefined;
  for (let read = 0; read < options.maxPages; read += 1) {
    const answer = await client.get<unknown>(
      'users/:id/tweets',
      {
        max_results: 100,
        exclude: 'retweets',
        'tweet.fields': 'created_at,attachments,entities',
        ...(options.sinceMs === null ? {} : { start_time: new Date(options.sinceMs).toISOString() }),
        ...(token === undefined ? {} : { pagination_token: token }),
      },
      { params: { id: account }, fullResponse: true },
    );
    // The first page's time: what came later than that need not be in it.
    answeredMs ??= dateOf({ headers: answer.headers as Record<string, string> });
    const parsed = page.safeParse(answer.data);
    if (!parsed.success) throw new LostReply("X's answer about the account's posts lacks what it should have");
    for (const post of parsed.data.data ?? []) {
      const createdMs = Date.parse(post.created_at ?? '');
      posts.push({ id: post.id, text: shownText(post.text, post.entities?.urls ?? []), createdMs: Number.isNaN(createdMs) ? null : createdMs, mediaKeys: post.attachments?.media_keys ?? [] });
    }
    token = parsed.data.meta.next_token;
    if (token === undefined) return { posts, whole: true, answeredMs };
  }
  return { posts, whole: false, answeredMs };
}

/** A text as it was before X shortened its addresses, escaped three of its characters and put the video's address behind it. */
function shownText(text: string, urls: readonly { url: string; expanded_url?: string | undefined; media_key?: string | undefined }[]): string {
  const named = urls.length > 0;
  let shown = text;
  for (const { url, expanded_url: expanded, media_key: key } of urls) shown = shown.replace(url, () => (key === undefined ? (expanded ?? url) : ''));
  // Without a list of addresses, the last one is the video's.
  if (!named) shown = shown.replace(/\s*https:\/\/t\.co\/\w+$/, '');
  return shown.replace(/&(amp|lt|gt);/g, (_, name: string) => ({ amp: '&', lt: '<', gt: '>' })[name] ?? '');
}

/** Whether two texts are the same post's: white space, composition and the spelling of addresses aside. */
export function isSameText(first: string, second: string): boolean {
  return comparable(first) === comparable(second);
}

function comparable(text: string): string {
  let plain = text.normalize('NFC');
  for (const address of addressesIn(plain)) plain = plain.replace(address, () => address.replace(/^https?:\/\//i, '').replace(/\/$/, '').toLowerCase());
  return plain.replace(/\s+/g, ' ').trim();
}
