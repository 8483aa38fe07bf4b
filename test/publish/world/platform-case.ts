import type { Publisher } from '../../../src/publishers/publisher.js';
import type { Fault } from '../../../src/sandbox/faults.js';
import type { StandIn } from '../../../src/sandbox/stand-in.js';
import { findPublisher } from '../../../src/publishers/registry.js';
import { makeStandIn } from '../../../src/sandbox/registry.js';

/** A platform as it is put to the test: its publisher, its stand-in, and an account there. */
export interface PlatformCase {
  id: string;
  /** As the platform's ids look. */
  account: { id: string; name: string };
  /** Settings under which a post becomes as public as it can. */
  options: Record<string, unknown>;
  /** Size of a film that is uploaded in at least three pieces, where the platform takes pieces. */
  inPiecesBytes: number;
  /** Whether the platform offers no way to find out what became of a post after this fault. */
  undecidable?(fault: Fault): boolean;
}

export const platformCases: readonly PlatformCase[] = [
  { id: 'youtube', account: { id: 'UCsandbox0000000000000000', name: 'Rehearsal' }, options: { chunkKib: 256 }, inPiecesBytes: 600_000 },
  { id: 'x', account: { id: '1812345678901234567', name: 'rehearsal' }, options: {}, inPiecesBytes: 8_500_000 },
  { id: 'tiktok', account: { id: '-000rehearsal', name: 'rehearsal' }, options: { mode: 'direct', privacy: 'SELF_ONLY', chunkBytes: 5 * 1024 * 1024 }, inPiecesBytes: 15_800_000 },
  { id: 'instagram', account: { id: '17841400000000001', name: 'rehearsal' }, options: {}, inPiecesBytes: 600_000 },
];

export function platformCase(id: string): PlatformCase {
  const found = platformCases.find((one) => one.id === id);
  if (!found) throw new Error(`there is no case for ${id}`);
  return found;
}

/** @throws when the platform has no stand-in */
export async function standInFor(id: string, nowMs: () => number): Promise<StandIn> {
  const standIn = await makeStandIn(id, { nowMs });
  if (!standIn) throw new Error(`${id} has no stand-in`);
  return standIn;
}

/** The publisher and its settings, checked as the program does. */
export async function publisherFor(given: PlatformCase): Promise<{ publisher: Publisher; options: unknown }> {
  const publisher = await findPublisher(given.id);
  return { publisher, options: publisher.options.parse(given.options) };
}
