import { PlatformFault } from '../faults.js';
import type { Lookup, PublicationStep } from '../publisher.js';
import { asHandle, type XCommit, type XMemory } from './memory.js';
import type { XSession } from './session.js';
import { isSameText, readTimeline, type TimelinePost } from './timeline.js';

/**
 * A timeline shows a post seconds after it was made; two minutes by X's clock and three looks are the patience after which a post
 * that is not there counts as never made. X gives no figure.
 */
const timelineLagMs = 120_000;
const minAsks = 3;
/** 1000 posts since the sending: more than an account may make in two hours. */
const maxPages = 10;
/** How far back an older post with the same text is looked for. */
const maxPagesForText = 5;

/**
 * Looks for the post in the account's timeline. An upload belongs to one publication, so a post with one of its uploads is the post.
 *
 * `absent` is safe to act on for two reasons: the timeline was asked until it had had time to show the post, and the post is sent
 * again with the very same text, which X refuses (403, duplicate content) if the earlier one exists after all. Then this is asked
 * once more, and knows that a post with the text exists.
 */
export async function findPost(session: XSession, memory: XMemory): Promise<Lookup> {
  const { api, context, publication, urlOf } = session;
  const { commit } = memory;
  if (!commit) return { absent: { state: memory.media ? 'uploading' : 'claimed' } };
  let read;
  try {
    read = await readTimeline(api, publication.account, commit.duplicate ? { sinceMs: null, maxPages: maxPagesForText } : { sinceMs: commit.sinceMs, maxPages });
  } catch (error) {
    // The app's plan or the login's scopes do not let us look; a login that has ended is another matter, and no answer yet.
    if (error instanceof PlatformFault && error.kind !== 'retry' && error.kind !== 'quota' && error.code !== 'unauthorized') return { undecided: undecided(session, commit, `X does not let this login read the account's posts (${error.message})`) };
    throw error;
  }
  const post = read.posts.find((candidate) => isOurs(candidate, commit));
  if (post) return { found: { state: 'published', url: urlOf(post.id), handle: asHandle({ ...memory, postId: post.id }), spent: { posts: 1 } } };
  const sameText = read.posts.find((candidate) => isSameText(candidate.text, commit.text));
  const isOlder = sameText?.createdMs != null && sameText.createdMs < commit.sinceMs;
  if (sameText && sameText.mediaKeys.length === 0 && !isOlder) {
    return { undecided: { reason: 'X shows a post with this text and does not say which video it has', question: `Is ${urlOf(sameText.id)} the post of this clip (${seconds(context.clip.durationUs)} s of video)?` } };
  }
  if (sameText && commit.duplicate) return { absent: { state: 'uploading', handle: asHandle({ ...memory, commit: { ...commit, ...unasked, duplicate: false, fixed: false, duplicateUrl: urlOf(sameText.id) } }) } };
  const answeredMs = read.answeredMs ?? context.nowMs();
  const asked: XCommit = { ...commit, asks: commit.asks + 1, askedMs: commit.askedMs ?? answeredMs };
  if (asked.asks < minAsks || answeredMs - (asked.askedMs ?? answeredMs) < timelineLagMs) {
    return { later: { notBeforeMs: context.nowMs() + timelineLagMs / 2, handle: asHandle({ ...memory, commit: asked }), reason: "The account's timeline may not show the post yet" } };
  }
  if (commit.duplicate) return { undecided: undecided(session, commit, 'X says that the account has a post with this text, and its timeline shows none') };
  if (!read.whole) return { undecided: undecided(session, commit, 'The account has made more posts since than can be looked through') };
  return { absent: { state: 'uploading', handle: asHandle({ ...memory, commit: { ...commit, ...unasked, fixed: true } }) } };
}

/**
 * The video of a post that was sent, and was not in the timeline, is to be sent once more and X refuses that. Without the second sending
 * nothing but the timeline, which may lag, says that the first one came to nothing: a person is asked.
 * @throws what it is given, when no post was sent or it is no refusal
 */
export function refusedMeanwhile(session: XSession, { commit }: XMemory, error: unknown): PublicationStep {
  if (!commit?.fixed || !(error instanceof PlatformFault) || error.kind !== 'refused') throw error;
  const { question, reason } = undecided(session, commit, `The post was sent and not seen since, and now X does not take its video again (${error.message})`);
  return { state: 'unknown', problem: { code: 'PUBLICATION_UNKNOWN', message: reason, remedy: 'Look, then say so with snvg publish --resolve.', question } };
}

const unasked = { asks: 0, askedMs: null };

/** Media keys are `<kind>_<id of the upload>`. */
function isOurs({ mediaKeys }: TimelinePost, { mediaIds }: XCommit): boolean {
  return mediaKeys.some((key) => mediaIds.includes(key) || mediaIds.includes(key.slice(key.indexOf('_') + 1)));
}

function undecided({ context, publication }: XSession, { text, committedMs }: XCommit, reason: string): { question: string; reason: string } {
  const since = new Date(committedMs).toISOString().slice(0, 16).replace('T', ' ');
  return {
    reason,
    question: `Is there a post on x.com by ${publication.accountName}, made about ${since} UTC or later, with ${seconds(context.clip.durationUs)} s of video and the text ${JSON.stringify(text)}?`,
  };
}

function seconds(durationUs: number): number {
  return Math.round(durationUs / 1_000_000);
}
