import { SnvgError } from '../errors.js';
import type { Publisher } from './publisher.js';

/** Every platform, loaded when a target names it. */
const publishers: Readonly<Record<string, () => Promise<Publisher>>> = {
  file: async () => (await import('./file/index.js')).filePublisher,
  instagram: async () => (await import('./instagram/index.js')).instagramPublisher,
  youtube: async () => (await import('./youtube/index.js')).youtubePublisher,
  tiktok: async () => (await import('./tiktok/index.js')).tiktokPublisher,
};

/** A platform and an account on it, as `--to` names them. */
export interface Target {
  publisher: Publisher;
  account: string;
}

/**
 * Reads `file:/media/outbox`.
 * @throws {SnvgError} TARGET_UNKNOWN, USAGE
 */
export async function parseTarget(text: string): Promise<Target> {
  const colon = text.indexOf(':');
  const id = colon === -1 ? text : text.slice(0, colon);
  const load = Object.hasOwn(publishers, id) ? publishers[id] : undefined;
  if (!load) {
    throw new SnvgError('TARGET_UNKNOWN', `There is no publishing target ${JSON.stringify(id)}`, `Use one of: ${Object.keys(publishers).join(', ')} (for example file:outbox).`);
  }
  const publisher = await load();
  const name = colon === -1 ? '' : text.slice(colon + 1);
  return { publisher, account: publisher.account ? publisher.account(name) : name };
}
