import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import type { ClaimedClip } from '../../../src/ledger/ledger.js';
import type { Order } from '../../../src/pipeline/publish/order.js';
import type { PublishableClip } from '../../../src/publishers/publisher.js';
import { smallClip } from '../../support/publish-context.js';
import type { PlatformCase } from './platform-case.js';
import type { World } from './world.js';

const sourceSha256 = 'b'.repeat(64);

/** Films of some bytes in `dir`, each its own; the first is uploaded in pieces. */
export function clipsFor(given: Pick<PlatformCase, 'inPiecesBytes'>, dir: string, count: number): PublishableClip[] {
  return Array.from({ length: count }, (_, index) => {
    const number = String(index + 1).padStart(2, '0');
    const bytes = Buffer.alloc(index === 0 ? given.inPiecesBytes : 1_000 + index, number);
    const clip = smallClip(dir, { stem: `${number}-words`, bytes, title: `Words ${number}`, description: `What they heard as number ${number}.` });
    // A cover that is a picture by its first bytes is all that a stand-in looks at.
    writeFileSync(join(dir, `${clip.stem}.jpg`), Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0]));
    return clip;
  });
}

/** What is asked for a clip of moment number `index`. */
export function orderOf({ given, account, options }: Pick<World, 'given' | 'account' | 'options'>, clip: PublishableClip, index: number): Order {
  const ranges = [{ startUs: index * 60_000_000, endUs: index * 60_000_000 + clip.durationUs }];
  const claimed: ClaimedClip = { jobId: 'job', clipSha256: clip.sha256, title: clip.title, ranges, accountName: account.name, dueMs: null, saga: null };
  return { identity: { sourceSha256, lineage: `m${index}`, platform: given.id, account: account.id }, claimed, clip, options, again: false, insist: false };
}
