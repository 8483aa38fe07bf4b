import { DocumentLedger, type LedgerOptions } from '../../src/ledger/document-ledger.js';
import type { LedgerDocuments } from '../../src/ledger/documents.js';
import type { AccountLease, Actor, ClaimedClip } from '../../src/ledger/ledger.js';
import type { PublicationIdentity } from '../../src/publishers/publisher.js';

/** Two clocks of one machine, moved by hand. */
export class HandClock {
  wallMs = Date.UTC(2026, 10, 25, 12);
  steadyMs = 1_000;
  readonly nowMs = (): number => this.wallMs;
  readonly monotonicMs = (): number => this.steadyMs;

  pass(ms: number): void {
    this.wallMs += ms;
    this.steadyMs += ms;
  }
}

export const here: Actor = { host: 'here', pid: 10, startTime: '5', place: 'boot-1' };
export const elsewhere: Actor = { host: 'elsewhere', pid: 20, startTime: '7', place: 'boot-2' };

export function testLedger(documents: LedgerDocuments, options: Partial<LedgerOptions> = {}): DocumentLedger {
  return new DocumentLedger(documents, { self: here, clock: new HandClock(), isAlive: () => true, ...options });
}

export function identity(changes: Partial<PublicationIdentity> = {}): PublicationIdentity {
  return { sourceSha256: 'b'.repeat(64), lineage: 'm1', platform: 'youtube', account: 'UC1', ...changes };
}

export function seconds(...pairs: [startS: number, endS: number][]): ClaimedClip['ranges'] {
  return pairs.map(([startS, endS]) => ({ startUs: startS * 1e6, endUs: endS * 1e6 }));
}

export function clip(changes: Partial<ClaimedClip> = {}): ClaimedClip {
  return { jobId: 'job', clipSha256: 'c'.repeat(64), title: 'First words', ranges: seconds([0, 30]), accountName: 'Mine', dueMs: null, saga: null, ...changes };
}

export function asLease(taken: AccountLease | { heldBy: Actor }): AccountLease {
  if ('heldBy' in taken) throw new Error(`held by ${taken.heldBy.pid} on ${taken.heldBy.host}`);
  return taken;
}
