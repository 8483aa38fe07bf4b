import type { Publisher } from '../../../src/publishers/publisher.js';
import { findPublisher } from '../../../src/publishers/registry.js';
import { makeStandIn } from '../../../src/sandbox/registry.js';
import type { StandIn, StandInPost } from '../../../src/sandbox/stand-in.js';
import { openFolder } from './open-folder.js';
import { openReceiver } from './open-receiver.js';

/** A platform as it is put to the test. What it takes and does is said here, so that whatever does not apply to it is known and shown. */
export interface PlatformCase {
  id: string;
  /** Settings under which a post becomes as public as it can. */
  options: Record<string, unknown>;
  /** Size of a film that is uploaded in several pieces, where the platform takes pieces. */
  inPiecesBytes: number;
  /** How many requests carry the bytes of such a film. */
  pieces: number;
  /** It sends no requests: none can go wrong, carry a piece of a film, or have its reply lost. */
  asksNobody: boolean;
  /** One with nothing on it. */
  open(nowMs: () => number): Promise<OpenPlatform>;
}

export interface OpenPlatform {
  publisher: Publisher;
  account: { id: string; name: string };
  /** Answers the publisher's requests; null: it makes none. */
  standIn: StandIn | null;
  /** What people would find there, oldest first. */
  posts(): Pick<StandInPost, 'account' | 'videoSha256'>[];
  /** What it signs with besides a login. */
  secrets: readonly string[];
  close(): void;
}

/** A platform where people have accounts, with one of them. */
export interface NetworkCase extends PlatformCase {
  /** As the platform's ids look. */
  account: { id: string; name: string };
}

export const networkCases: readonly NetworkCase[] = [
  network({ id: 'youtube', account: { id: 'UCsandbox0000000000000000', name: 'Rehearsal' }, options: { chunkKib: 256 }, inPiecesBytes: 600_000, pieces: 3 }),
  network({ id: 'x', account: { id: '1812345678901234567', name: 'rehearsal' }, options: {}, inPiecesBytes: 8_500_000, pieces: 3 }),
  network({ id: 'tiktok', account: { id: '-000rehearsal', name: 'rehearsal' }, options: { mode: 'direct', privacy: 'SELF_ONLY', chunkBytes: 5 * 1024 * 1024 }, inPiecesBytes: 15_800_000, pieces: 3 }),
  network({ id: 'instagram', account: { id: '17841400000000001', name: 'rehearsal' }, options: {}, inPiecesBytes: 600_000, pieces: 1 }),
];

export const platformCases: readonly PlatformCase[] = [
  ...networkCases,
  { id: 'webhook', options: {}, inPiecesBytes: 600_000, pieces: 1, asksNobody: false, open: openReceiver },
  { id: 'file', options: {}, inPiecesBytes: 600_000, pieces: 0, asksNobody: true, open: openFolder },
];

export function networkCase(id: string): NetworkCase {
  const found = networkCases.find((one) => one.id === id);
  if (!found) throw new Error(`there is no case for ${id}`);
  return found;
}

/** @throws when the platform has no stand-in */
export async function standInFor(id: string, nowMs: () => number): Promise<StandIn> {
  const standIn = await makeStandIn(id, { nowMs });
  if (!standIn) throw new Error(`${id} has no stand-in`);
  return standIn;
}

function network(given: Omit<NetworkCase, 'asksNobody' | 'open'>): NetworkCase {
  return {
    ...given,
    asksNobody: false,
    async open(nowMs) {
      const standIn = await standInFor(given.id, nowMs);
      return { publisher: await findPublisher(given.id), account: given.account, standIn, posts: () => standIn.posts(), secrets: [], close: () => {} };
    },
  };
}
