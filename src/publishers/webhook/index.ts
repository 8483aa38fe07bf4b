import { PlatformFault } from '../faults.js';
import type { Finding, Lookup, Publication, PublicationStep, PublishContext, Publisher } from '../publisher.js';
import { readAnswer } from './answer.js';
import { addressOf, readEndpoint } from './endpoint.js';
import { layOutMessage } from './message.js';
import { webhookOptions } from './options.js';
import { readSecrets, signedHeaders } from './signature.js';

/** Receivers store the film before they answer. */
const answerTimeoutMs = 120_000;

/**
 * A signed request to a server of one's own, with the film in it. The account is the address, or its name in the configuration.
 * Receivers take each `webhook-id` once, by contract: sending again is always safe, so nothing is ever undecided.
 * @param environment where secrets are: SNVG_WEBHOOK_SECRET and SNVG_WEBHOOK_<NAME>_SECRET
 */
export function createWebhookPublisher(environment: Readonly<Record<string, string | undefined>>): Publisher {
  return {
    id: 'webhook',
    name: 'webhook',
    limits: { checkedOn: '2026-11-25', formats: ['vertical', 'square', 'wide'] },
    quotas: [],
    options: webhookOptions,
    auth: null,
    reach: 'public',

    account: readEndpoint,

    check(clip, options): Finding[] {
      if (clip.captions !== null || !webhookOptions.parse(options).captions) return [];
      return [{ rule: 'webhook.captions.missing', severity: 'adjusted', message: 'The clip has no caption files to send along', remedy: 'Render with --captions to add them.' }];
    },

    async advance(publication: Publication, context: PublishContext): Promise<PublicationStep> {
      const options = webhookOptions.parse(context.options);
      const address = addressOf(publication.account, options);
      const keys = readSecrets(publication.account, environment);
      const createdMs = publication.handle?.['createdMs'];
      if (typeof createdMs !== 'number') return { state: 'prepared', handle: { createdMs: context.nowMs() } };
      if (publication.state !== 'committing') return { state: 'committing', handle: { createdMs, offered: true } };
      const message = await layOutMessage(publication, context.clip, options, createdMs);
      const answer = await context.http.send({
        method: 'POST',
        url: address,
        headers: { ...signedHeaders({ ...message, nowMs: context.nowMs() }, keys), accept: 'application/json' },
        body: { parts: message.parts },
        timeoutMs: answerTimeoutMs,
        signal: context.signal,
        sent: (bytes) => context.progress(Math.min(1, bytes / context.clip.sizeBytes)),
      });
      return readAnswer(answer, publication.account, context.nowMs());
    },

    async lookup(publication: Publication): Promise<Lookup> {
      return { absent: { state: publication.handle === null ? 'claimed' : 'prepared' } };
    },

    async cancel(publication: Publication): Promise<PublicationStep> {
      if (publication.handle?.['offered'] !== true && publication.state !== 'published') return { state: 'cancelled', handle: null };
      throw new PlatformFault('refused', { code: 'offered', message: 'The clip was offered to the webhook, which may have taken it', remedy: 'Delete it at the receiver if it should not be there.' });
    },
  };
}

export const webhookPublisher = createWebhookPublisher(process.env);
