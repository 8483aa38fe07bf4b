import { LostReply, PlatformFault } from '../faults.js';
import type { Lookup, Publication, PublicationStep, PublishContext, Publisher } from '../publisher.js';
import { xAccounts } from './auth.js';
import { checkForX } from './check.js';
import { commitStep, postStep } from './commit.js';
import { limits, quotas } from './limits.js';
import { findPost, refusedMeanwhile } from './lookup.js';
import { readMemory } from './memory.js';
import { xOptions } from './options.js';
import { openSession } from './session.js';
import { uploadStep } from './upload.js';

/**
 * X: the video goes up in segments (POST /2/media/upload/…), then one POST /2/tweets makes it public. Only that request can post, and
 * X has no key to tell a repetition by: it is preceded by a step that says so, and never repeated before the timeline was asked.
 */
export const xPublisher: Publisher = {
  id: 'x',
  name: 'X',
  limits,
  quotas,
  options: xOptions,
  auth: xAccounts,
  reach: 'public',
  check: checkForX,

  async advance(publication: Publication, context: PublishContext): Promise<PublicationStep> {
    const memory = readMemory(publication.handle);
    const session = await openSession(publication, context);
    if (publication.state === 'committing') {
      if (!memory) throw new LostReply('What the ledger keeps of the post cannot be read');
      return postStep(session, memory);
    }
    const known = memory ?? { media: null, commit: null, restarts: 0 };
    const step = await uploadStep(session, known).catch((error: unknown) => refusedMeanwhile(session, known, error));
    if (step) return step;
    if (!known.media) throw new Error('an upload that does not exist is ready');
    return commitStep(session, known, known.media);
  },

  async lookup(publication: Publication, context: PublishContext): Promise<Lookup> {
    const memory = readMemory(publication.handle);
    if (!memory) return { undecided: { reason: 'What the ledger keeps of the post cannot be read', question: `Is there a post on x.com by ${publication.accountName} with the title ${JSON.stringify(publication.title)}?` } };
    return findPost(await openSession(publication, context), memory);
  },

  async cancel(publication: Publication, context: PublishContext): Promise<PublicationStep> {
    if (publication.state === 'published') throw alreadyPublic(publication.url);
    if (publication.state === 'committing' || publication.state === 'unknown') {
      const lookup = await xPublisher.lookup(publication, context);
      if ('found' in lookup) throw alreadyPublic(lookup.found.url);
      if ('undecided' in lookup) {
        const { reason, question } = lookup.undecided;
        throw new PlatformFault('refused', { code: 'undecided', message: `It may be public: ${reason}`, remedy: `Look, then say so with snvg publish --resolve. ${question}` });
      }
      if ('later' in lookup) {
        const { handle, notBeforeMs, reason } = lookup.later;
        return { state: publication.state, handle, notBeforeMs, notice: { message: `It is not cancelled yet: ${reason}`, remedy: 'Cancel again in a minute.' } };
      }
    }
    // An upload that no post names is forgotten by X within a day.
    return { state: 'cancelled', handle: null };
  },
};

function alreadyPublic(url: string | null | undefined): PlatformFault {
  return new PlatformFault('refused', { code: 'alreadyPublic', message: `The post is public${url == null ? '' : `: ${url}`}`, remedy: 'Delete it on x.com if it is to go.' });
}
