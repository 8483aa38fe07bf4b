import { LostReply, PlatformFault } from '../faults.js';
import type { PublicationStep } from '../publisher.js';
import { faultCode } from './answers.js';
import { xClient } from './client.js';
import { asHandle, type XMedia, type XMemory } from './memory.js';
import type { XSession } from './session.js';
import { composeText } from './text.js';
import { restarted } from './upload.js';

/** Answers carry whole seconds, and X's own machines need not agree to the last of them. */
const sinceMarginMs = 60_000;

/** Writes down what is about to be sent, and sends nothing. @throws {PlatformFault} X has a post with this text already */
export function commitStep({ context, options }: XSession, memory: XMemory, media: XMedia): PublicationStep {
  const before = memory.commit;
  const text = before?.fixed ? before.text : composeText(context.clip, options.text).text;
  if (before?.duplicateUrl != null && before.text === text) {
    throw new PlatformFault('refused', { code: faultCode.duplicateText, message: `The account has a post with the very same text: ${before.duplicateUrl}`, remedy: 'Change the title or description, then publish again.' });
  }
  const commit = {
    text,
    committedMs: context.nowMs(),
    // X's clock, not ours: whatever happens to ours, nothing we posted is older than X's answer about the upload.
    sinceMs: Math.min(before?.sinceMs ?? Infinity, media.seenMs - sinceMarginMs),
    mediaIds: [...new Set([...(before?.mediaIds ?? []), media.id, ...(media.key === null ? [] : [media.key])])],
    fixed: before?.fixed ?? false,
    duplicate: false,
    duplicateUrl: null,
    asks: 0,
    askedMs: null,
  };
  return { state: 'committing', handle: asHandle({ ...memory, commit }) };
}

/**
 * Sends the post. It has no key by which X would know it again, so after a lost answer nothing but the account's timeline tells.
 * A refusal as duplicate says that the text is public, possibly by an earlier sending of ours: that is looked up too, once the ledger
 * knows of it.
 */
export async function postStep(session: XSession, memory: XMemory): Promise<PublicationStep> {
  const { api, oauth1, options, urlOf } = session;
  const { commit, media } = memory;
  if (!commit || !media || commit.duplicate) throw new LostReply('X has a post with this text already');
  const { madeWithAi, paidPartnership, communityId, shareWithFollowers, replySettings } = options;
  const post = {
    text: commit.text,
    media: { media_ids: [media.id] as [string] },
    ...(replySettings === undefined ? {} : { reply_settings: replySettings }),
    ...(communityId === undefined ? {} : { community_id: communityId }),
    ...(shareWithFollowers === undefined ? {} : { share_with_followers: shareWithFollowers }),
    ...(madeWithAi === undefined ? {} : { made_with_ai: madeWithAi }),
    ...(paidPartnership === undefined ? {} : { paid_partnership: paidPartnership }),
  };
  try {
    const answer: unknown = await (await xClient(api, 'posting')).tweet(post);
    const postId = (answer as { data?: { id?: unknown } } | undefined)?.data?.id;
    if (typeof postId !== 'string' || postId === '') throw new LostReply('X answered the post without an id');
    return { state: 'published', url: urlOf(postId), handle: asHandle({ ...memory, postId }), spent: { posts: 1 } };
  } catch (error) {
    if (!(error instanceof PlatformFault)) throw error;
    if (error.code === faultCode.duplicateText) return { state: 'committing', handle: asHandle({ ...memory, commit: { ...commit, duplicate: true } }) };
    if (error.code === faultCode.unknownMedia) return { state: 'claimed', handle: asHandle(restarted(memory)) };
    // A signed request that the network delivers twice is refused the second time for its nonce, and that may be the answer we see.
    if (error.kind === 'auth' && error.code === 'unauthorized' && oauth1) throw new LostReply(error.message, { cause: error });
    throw error;
  }
}
