import type { StandInAnswer } from '../stand-in.js';
import { invalidRequest } from './problems.js';

const parameters = ['max_results', 'pagination_token', 'start_time', 'end_time', 'since_id', 'until_id', 'exclude', 'tweet.fields', 'expansions', 'media.fields', 'user.fields'];
const tweetFields = ['attachments', 'author_id', 'community_id', 'conversation_id', 'created_at', 'display_text_range', 'edit_controls', 'edit_history_tweet_ids', 'entities', 'id', 'lang', 'note_tweet', 'possibly_sensitive', 'public_metrics', 'referenced_tweets', 'reply_settings', 'source', 'text'];

export interface TimelineQuery {
  fields: ReadonlySet<string>;
  maxResults: number;
  startMs: number;
  endMs: number;
  afterId: bigint;
  beforeId: bigint;
  offset: number;
}

/** The query of a timeline, or X's refusal of it. */
export function readTimelineQuery(url: URL, nowMs: number): TimelineQuery | { refused: StandInAnswer } {
  const refuse = (name: string, message: string): { refused: StandInAnswer } => ({ refused: invalidRequest(message, { [name]: [url.searchParams.get(name) ?? ''] }) });
  const unknown = [...url.searchParams.keys()].find((name) => !parameters.includes(name));
  if (unknown !== undefined) return refuse(unknown, `The query parameter [${unknown}] is not one of [${parameters.join(',')}]`);
  const ask = (name: string): string | null => url.searchParams.get(name);
  const maxResults = Number(ask('max_results') ?? 10);
  if (!Number.isInteger(maxResults) || maxResults < 5 || maxResults > 100) return refuse('max_results', 'max_results must be between 5 and 100');
  const fields = new Set(ask('tweet.fields')?.split(','));
  const odd = [...fields].find((name) => !tweetFields.includes(name));
  if (odd !== undefined) return refuse('tweet.fields', `[${odd}] is not one of [${tweetFields.join(',')}]`);
  if (ask('exclude')?.split(',').some((name) => name !== 'replies' && name !== 'retweets')) return refuse('exclude', 'exclude is one of [replies,retweets]');
  const startMs = time(ask('start_time')) ?? -Infinity;
  const endMs = time(ask('end_time')) ?? Infinity;
  if (Number.isNaN(startMs)) return refuse('start_time', 'start_time must be a date and time of RFC 3339');
  if (Number.isNaN(endMs)) return refuse('end_time', 'end_time must be a date and time of RFC 3339');
  if (startMs > nowMs) return refuse('start_time', 'start_time must be prior to the time of the request');
  const ids = ['since_id', 'until_id'].find((name) => ask(name) !== null && !/^[0-9]{1,19}$/.test(ask(name) ?? ''));
  if (ids !== undefined) return refuse(ids, `${ids} must be an id`);
  const offset = ask('pagination_token') === null ? 0 : Number(Buffer.from(ask('pagination_token') ?? '', 'base64url').toString());
  if (!Number.isInteger(offset) || offset < 0) return refuse('pagination_token', 'pagination_token is not valid');
  return { fields, maxResults, startMs, endMs, afterId: BigInt(ask('since_id') ?? 0), beforeId: BigInt(ask('until_id') ?? '9223372036854775807'), offset };
}

/** X's times have whole seconds. */
function time(text: string | null): number | undefined {
  if (text === null) return undefined;
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text) ? Math.floor(Date.parse(text) / 1000) * 1000 : NaN;
}
