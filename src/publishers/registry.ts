import { SnvgError } from '../errors.js';
import type { Publisher } from './publisher.js';

/** Every platform, loaded when a target names it. */
const publishers: Readonly<Record<string, () => Promise<Publisher>>> = {
  file: async () => (await import('./file/index.js')).filePublisher,
  instagram: async () => (await import('./instagram/index.js')).instagramPublisher,
  webhook: async () => (await import('./webhook/index.js')).webhookPublisher,
  youtube: async () => (await import('./youtube/index.js')).youtubePublisher,
  tiktok: async () => (await import('./tiktok/index.js')).tiktokPublisher,
  x: async () => (await import('./x/index.js')).xPublisher,
};

/** Ids that `--to` takes. */
export const publisherIds: readonly string[] = Object.keys(publishers);

/** A platform and what follows the colon: an account's name, a folder, an address. */
export interface TargetName {
  publisher: Publisher;
  name: string;
}

/** @throws {SnvgError} TARGET_UNKNOWN */
export async function findPublisher(id: string): Promise<Publisher> {
  const load = Object.hasOwn(publishers, id) ? publishers[id] : undefined;
  if (!load) {
    throw new SnvgError('TARGET_UNKNOWN', `There is no publishing target ${JSON.stringify(id)}`, `Use one of: ${publisherIds.join(', ')} (for example file:outbox).`);
  }
  return load();
}

/**
 * Reads `file:/media/outbox`, `youtube`, `youtube:second`.
 * @throws {SnvgError} TARGET_UNKNOWN, USAGE when a platform that needs no login is given a name it cannot take
 */
export async function parseTarget(text: string): Promise<TargetName> {
  const colon = text.indexOf(':');
  const publisher = await findPublisher(colon === -1 ? text : text.slice(0, colon));
  const name = colon === -1 ? '' : text.slice(colon + 1);
  // Known to be wrong before any work.
  if (publisher.auth === null) publisher.account?.(name);
  return { publisher, name };
}
