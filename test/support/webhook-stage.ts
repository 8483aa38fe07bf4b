import { randomBytes } from 'node:crypto';
import type { HttpRequest, HttpTransport } from '../../src/publishers/http.js';
import type { Publication, PublishableClip, PublishContext, Publisher } from '../../src/publishers/publisher.js';
import { createWebhookPublisher } from '../../src/publishers/webhook/index.js';
import { inProcessTransport } from '../../src/sandbox/in-process.js';
import { webhookStandInOf, type WebhookStandIn } from '../../src/sandbox/webhook/index.js';
import { HandClock } from './drive-publication.js';
import { freshPublication, publishContext, smallClip } from './publish-context.js';
import { temporaryFolder } from './temporary-folder.js';

export const webhookAddress = 'https://clips.example.com/inbox';

/** One for all stages: every secret that was ever seen is looked for in every message. */
const secret = `whsec_${randomBytes(32).toString('base64')}`;

export interface WebhookStage {
  publisher: Publisher;
  standIn: WebhookStandIn;
  secret: string;
  clock: HandClock;
  clip: PublishableClip;
  context: PublishContext;
  publication: Publication;
  sent: HttpRequest[];
}

/** A receiver that shares a secret with the publisher. */
export function webhookStage(given: { clip?: Partial<PublishableClip> & { bytes?: Uint8Array }; options?: unknown; account?: string; environment?: Record<string, string> } = {}): WebhookStage {
  const clock = new HandClock();
  const environment = given.environment ?? { SNVG_WEBHOOK_SECRET: secret };
  const standIn = webhookStandInOf(environment, clock);
  const clip = smallClip(temporaryFolder(), given.clip);
  const inner = inProcessTransport([standIn]);
  const sent: HttpRequest[] = [];
  const http: HttpTransport = {
    send(request) {
      sent.push(request);
      return inner.send(request);
    },
  };
  const account = given.account ?? webhookAddress;
  return {
    publisher: createWebhookPublisher(environment),
    standIn,
    secret,
    clock,
    clip,
    context: publishContext({ clip, http, clock, options: given.options ?? {} }),
    publication: freshPublication({ platform: 'webhook', account, clipSha256: clip.sha256, sourceSha256: 'b'.repeat(64) }),
    sent,
  };
}
