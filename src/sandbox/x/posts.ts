import twitterText from 'twitter-text';
import { randomBytes } from 'node:crypto';
import type { StandInAnswer, StandInPost, StandInRequest } from '../stand-in.js';
import { postBody, readJson } from './bodies.js';
import type { Snowflakes } from './ids.js';
import type { Account } from './logins.js';
import { invalidRequest, problem } from './problems.js';
import { readTimelineQuery } from './timeline-query.js';
import type { Uploads } from './uploads.js';

/** A text is refused as duplicate for so long. X gives no figure. */
const duplicateMs = 24 * 3_600_000;

interface Link {
  url: string;
  expanded_url: string;
  display_url: string;
  media_key?: string;
}

interface Post extends StandInPost {
  /** As X hands it out: escaped, with its own addresses. */
  shown: string;
  links: Link[];
  mediaKeys: string[];
  altText: string | null;
  languages: readonly string[];
  madeWithAi: boolean;
}

/** POST /2/tweets and the timelines of accounts. */
export class Posts {
  /** A post is public at once, and in the timeline so much later. */
  timelineLagMs = 0;
  /** Whether the same text is refused when it is posted twice. */
  refusesDuplicates = true;
  readonly #posts: Post[] = [];
  readonly #byAccount = new Map<string, { posts: Post[]; lastByText: Map<string, number> }>();
  readonly #nowMs: () => number;
  readonly #ids: Snowflakes;
  readonly #uploads: Uploads;

  constructor(nowMs: () => number, ids: Snowflakes, uploads: Uploads) {
    this.#nowMs = nowMs;
    this.#ids = ids;
    this.#uploads = uploads;
  }

  get all(): readonly Post[] {
    return this.#posts;
  }

  /** As a person does in the app: without a video. */
  postByHand(account: Account, text: string): StandInPost {
    return this.#add(account, text, [], false);
  }

  async create(request: StandInRequest, account: Account): Promise<StandInAnswer> {
    const read = await readJson(request, postBody);
    if ('refused' in read) return read.refused;
    const { text = '', media, made_with_ai: madeWithAi = false } = read.body;
    const ids = media?.media_ids ?? [];
    if (text === '' && ids.length === 0) return invalidRequest('$.text: is required unless media is given', { text: [] });
    if (text !== '' && !twitterText.parseTweet(text.normalize('NFC')).valid) return problem(403, 'Forbidden', 'Your Tweet text is too long. For more details see the documentation on counting characters.');
    if (twitterText.extractCashtags(text).length > 1) return problem(403, 'Forbidden', 'Posts are limited to one cashtag.');
    const videos = ids.map((id) => this.#uploads.usable(id, account.id));
    if (videos.some((video) => video === undefined)) return invalidRequest('Your media IDs are invalid.', { 'media.media_ids': ids });
    if (videos.length > 1) return invalidRequest('A post takes one video.', { 'media.media_ids': ids });
    const earlier = this.#of(account.id).lastByText.get(normal(text));
    if (this.refusesDuplicates && text !== '' && earlier !== undefined && this.#nowMs() - earlier < duplicateMs) return problem(403, 'Forbidden', 'You are not allowed to create a Tweet with duplicate content.');
    const post = this.#add(account, text, videos.filter((video) => video !== undefined), madeWithAi);
    return { status: 201, body: { data: { id: post.id, text: post.shown, edit_history_tweet_ids: [post.id] } } };
  }

  /** GET /2/users/:id/tweets */
  timeline(request: StandInRequest, account: string): StandInAnswer {
    const query = readTimelineQuery(request.url, this.#nowMs());
    if ('refused' in query) return query.refused;
    const { fields, maxResults, startMs, endMs, afterId, beforeId, offset } = query;
    const found: Post[] = [];
    let more = false;
    let skipped = 0;
    for (const post of this.#of(account).posts.toReversed()) {
      if (post.createdMs < startMs) break;
      const hidden = post.createdMs + this.timelineLagMs > this.#nowMs() || post.createdMs >= endMs || BigInt(post.id) <= afterId || BigInt(post.id) >= beforeId;
      if (hidden || skipped++ < offset) continue;
      more = found.length === maxResults;
      if (more) break;
      found.push(post);
    }
    return {
      status: 200,
      body: {
        ...(found.length === 0 ? {} : { data: found.map((post) => shownWith(post, fields)) }),
        meta: {
          result_count: found.length,
          ...(found.length === 0 ? {} : { newest_id: found[0]?.id, oldest_id: found.at(-1)?.id }),
          ...(more ? { next_token: Buffer.from(String(offset + maxResults)).toString('base64url') } : {}),
        },
      },
    };
  }

  #of(account: string): { posts: Post[]; lastByText: Map<string, number> } {
    const known = this.#byAccount.get(account) ?? { posts: [], lastByText: new Map<string, number>() };
    this.#byAccount.set(account, known);
    return known;
  }

  #add(account: Account, text: string, videos: readonly { key: string; videoSha256: string; altText: string | null; languages: readonly string[] }[], madeWithAi: boolean): Post {
    const id = this.#ids.next();
    const nowMs = this.#nowMs();
    const links: Link[] = twitterText.extractUrls(text).map((address) => shortened(address));
    let shown = escaped(text);
    for (const link of links) shown = shown.replace(escaped(link.display_url), link.url);
    for (const { key } of videos) {
      const link = { ...shortened(`https://x.com/${account.name}/status/${id}/video/1`), media_key: key };
      links.push(link);
      shown = `${shown}${shown === '' ? '' : ' '}${link.url}`;
    }
    const post: Post = {
      id,
      account: account.id,
      url: `https://x.com/${account.name}/status/${id}`,
      text,
      videoSha256: videos[0]?.videoSha256 ?? '',
      visibility: 'public',
      publishAtMs: null,
      createdMs: nowMs,
      shown,
      links,
      mediaKeys: videos.map(({ key }) => key),
      altText: videos[0]?.altText ?? null,
      languages: videos[0]?.languages ?? [],
      madeWithAi,
    };
    this.#posts.push(post);
    const { posts, lastByText } = this.#of(account.id);
    posts.push(post);
    lastByText.set(normal(text), nowMs);
    return post;
  }
}

function shownWith(post: Post, fields: ReadonlySet<string>): object {
  return {
    id: post.id,
    text: post.shown,
    edit_history_tweet_ids: [post.id],
    ...(fields.has('created_at') ? { created_at: new Date(post.createdMs).toISOString() } : {}),
    ...(fields.has('author_id') ? { author_id: post.account } : {}),
    ...(fields.has('attachments') && post.mediaKeys.length > 0 ? { attachments: { media_keys: post.mediaKeys } } : {}),
    ...(fields.has('entities') && post.links.length > 0 ? { entities: { urls: post.links } } : {}),
  };
}

function shortened(address: string): Link {
  return { url: `https://t.co/${randomBytes(8).toString('hex').slice(0, 10)}`, expanded_url: /^https?:/i.test(address) ? address : `http://${address}`, display_url: address };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function normal(text: string): string {
  return text.normalize('NFC').replace(/\s+/g, ' ').trim();
}
