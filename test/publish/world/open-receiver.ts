import { randomBytes } from 'node:crypto';
import { createWebhookPublisher } from '../../../src/publishers/webhook/index.js';
import { webhookStandInOf } from '../../../src/sandbox/webhook/index.js';
import type { OpenPlatform } from './platform-case.js';

const address = 'https://clips.example.com/inbox';

/** One for all: every secret that was ever seen is looked for in every message. */
const secret = `whsec_${randomBytes(32).toString('base64')}`;

/** A server of one's own that shares a secret with the publisher. */
export async function openReceiver(nowMs: () => number): Promise<OpenPlatform> {
  const environment = { SNVG_WEBHOOK_SECRET: secret };
  const standIn = webhookStandInOf(environment, { nowMs });
  return { publisher: createWebhookPublisher(environment), account: { id: address, name: address }, standIn, posts: () => standIn.posts(), secrets: [secret], close: () => {} };
}
