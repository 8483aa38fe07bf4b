import { PlatformFault } from '../faults.js';
import type { Finding, Lookup, Publication, PublicationStep, PublishableClip, PublishContext, Publisher } from '../publisher.js';
import { tiktokAccounts } from './auth.js';
import { findingsOf, tiktokLimits } from './check.js';
import { asHandle, nothingYet, readMemory } from './handle.js';
import { tiktokOptions } from './options.js';
import { begin, follow, sendLast, sendMore } from './steps.js';
import { judge, stragglerMs } from './verdict.js';

/**
 * TikTok, by its Content Posting API: drafts for the inbox, or direct posts. A post comes to be when every byte of an upload has
 * arrived, and an upload has one `publish_id` for good: so the id is stored before the first byte, bytes are only ever sent for that id,
 * and another is asked for when the one before can certainly come to nothing (docs/platforms/tiktok.md).
 *
 * No quota is counted here: TikTok says for each creator, before anything is sent, whether it takes another post, and names no number.
 */
export const tiktokPublisher: Publisher = {
  id: 'tiktok',
  name: 'TikTok',
  limits: tiktokLimits,
  quotas: [],
  options: tiktokOptions,
  auth: tiktokAccounts,
  reach: 'public',

  check(clip: PublishableClip, options: unknown): Finding[] {
    return findingsOf(clip, tiktokOptions.parse(options));
  },

  async advance(publication: Publication, context: PublishContext): Promise<PublicationStep> {
    const memory = readMemory(publication.handle);
    const { upload } = memory;
    switch (publication.state) {
      case 'uploading':
        return upload === null ? begin(memory, tiktokOptions.parse(context.options), context) : sendMore(memory, upload, context);
      case 'committing':
        return upload === null ? begin(memory, tiktokOptions.parse(context.options), context) : sendLast(memory, upload, context);
      case 'processing':
        return upload === null ? begin(memory, tiktokOptions.parse(context.options), context) : follow(memory, upload, context);
      default:
        return begin({ ...memory, upload: null }, tiktokOptions.parse(context.options), context);
    }
  },

  async lookup(publication: Publication, context: PublishContext): Promise<Lookup> {
    const memory = readMemory(publication.handle);
    if (memory.upload === null) return { absent: { state: 'claimed', handle: asHandle({ ...nothingYet, attempt: memory.attempt }) } };
    const verdict = await judge(memory, memory.upload, context);
    if ('there' in verdict) return { found: verdict.there };
    if ('notThere' in verdict) return { absent: verdict.notThere };
    return { undecided: verdict.open };
  },

  async cancel(publication: Publication, context: PublishContext): Promise<PublicationStep> {
    const memory = readMemory(publication.handle);
    const { upload } = memory;
    if (publication.state === 'published') throw tooLate('published', 'It is posted already', 'Delete it in the TikTok app if it must go.');
    if (upload === null) return cancelled();
    // An upload whose last chunk was never sent is a request for bytes that nobody will bring.
    if (upload.lastTriedMs === null) return cancelled();
    const verdict = await judge(memory, upload, context);
    if ('open' in verdict) throw tooLate('outcome_unknown', verdict.open.reason, `${verdict.open.question} Say so with snvg publish --resolve.`);
    const { state } = 'there' in verdict ? verdict.there : verdict.notThere;
    switch (state) {
      case 'published':
        throw tooLate('published', 'It is posted already', 'Delete it in the TikTok app if it must go.');
      case 'draft':
        throw tooLate('draft_delivered', 'The draft is in the account’s inbox, where apps cannot reach it', 'Discard it in the TikTok app: open the notification and leave the editor without posting.');
      case 'processing':
        throw tooLate('publish_not_cancellable', 'TikTok has the whole clip and is processing it', 'TikTok takes back no upload once it is complete: delete the post, or discard the draft, in the app.');
      case 'uploading': {
        // Whoever sent the last bytes may be asleep with them; only the end of their address makes sure.
        const quietAtMs = upload.expiresAtMs + stragglerMs;
        if (context.nowMs() < quietAtMs) {
          throw new PlatformFault('retry', {
            code: 'upload_unsettled',
            message: `The last bytes were sent and may still arrive, as long as TikTok’s address for them is valid (${new Date(upload.expiresAtMs).toISOString()})`,
            remedy: 'Cancel again then; until then publishing it is the one certain end.',
            retryAtMs: quietAtMs,
          });
        }
        return cancelled();
      }
      default:
        return cancelled();
    }
  },
};

function cancelled(): PublicationStep {
  return { state: 'cancelled', handle: asHandle(nothingYet) };
}

function tooLate(code: string, message: string, remedy: string): PlatformFault {
  return new PlatformFault('refused', { code, message, remedy });
}
