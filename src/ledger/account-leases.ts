import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import { SnvgError } from '../errors.js';
import type { LedgerDocument, LedgerDocuments } from './documents.js';
import { documentId } from './ids.js';
import type { AccountLease, Actor } from './ledger.js';
import { readStored, type StoredLease } from './stored.js';

/** How far apart the clocks of two machines may be before one thinks that the other's lease has ended. */
const clockAllowanceMs = 60_000;

export interface LeaseOptions {
  self: Actor;
  clock: Clock;
  /** Whether a process of this very machine still lives. */
  isAlive(process: { pid: number; startTime: string }): boolean;
  /** How long a lease lasts without being renewed. */
  leaseMs: number;
}

/** Leases that this process holds now: what a document says of it beyond these was left behind. */
const heldHere = new Set<string>();

/**
 * One process at a time per account, over all machines that share the ledger: a document whose version is the fence.
 *
 * A lease is taken over
 * - at once when its holder was a process of this machine and has died,
 * - from a holder elsewhere when its end by the wall clock has passed, with an allowance for clocks that differ,
 * - from anybody when its document stayed unchanged for a whole lease of this process's own monotonic time.
 * A living process of this machine is not judged by the wall clock, which may jump.
 */
export class AccountLeases {
  readonly #documents: LedgerDocuments;
  readonly #options: LeaseOptions;
  readonly #open = new Set<HeldLease>();
  /** Since when this process has seen a lease at this version. */
  readonly #seen = new Map<string, { version: number; sinceMs: number }>();

  constructor(documents: LedgerDocuments, options: LeaseOptions) {
    this.#documents = documents;
    this.#options = options;
  }

  async take(platform: string, account: string): Promise<AccountLease | { heldBy: Actor; sinceMs: number }> {
    const id = documentId.lease(platform, account);
    const { self, clock, leaseMs } = this.#options;
    for (;;) {
      const document = await this.#documents.read(id);
      const lease = document && readStored('lease', document, this.#documents.place);
      if (document && lease?.holder && !this.#hasEnded(document, lease, lease.holder)) return { heldBy: lease.holder, sinceMs: lease.sinceMs };
      const [nowMs, monotonicMs] = [clock.nowMs(), clock.monotonicMs()];
      const mine: StoredLease = { format: 1, holder: self, nonce: randomUUID(), sinceMs: nowMs, expiresMs: nowMs + leaseMs };
      const version = document?.version ?? 0;
      if (!(await this.#documents.write(id, version, mine))) continue;
      const held = new HeldLease({ documents: this.#documents, clock, leaseMs, id, version: version + 1, lease: mine, renewedAt: { nowMs, monotonicMs }, closed: () => this.#open.delete(held), what: `${platform} ${account}` });
      this.#open.add(held);
      return held;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((lease) => lease.release()));
  }

  #hasEnded(document: LedgerDocument, lease: StoredLease, holder: Actor): boolean {
    const { self, clock, isAlive, leaseMs } = this.#options;
    const isHere = holder.host === self.host && holder.place === self.place;
    const isSelf = isHere && holder.pid === self.pid && holder.startTime === self.startTime;
    if (isSelf) return !heldHere.has(lease.nonce);
    if (isHere && !isAlive(holder)) return true;
    if (!isHere && clock.nowMs() > lease.expiresMs + clockAllowanceMs) return true;
    const seen = this.#seen.get(document.id);
    if (seen?.version === document.version) return clock.monotonicMs() - seen.sinceMs >= leaseMs;
    this.#seen.set(document.id, { version: document.version, sinceMs: clock.monotonicMs() });
    return false;
  }
}

interface Holding {
  documents: LedgerDocuments;
  clock: Clock;
  leaseMs: number;
  id: string;
  version: number;
  lease: StoredLease;
  /** When the request that last wrote it was begun. */
  renewedAt: { nowMs: number; monotonicMs: number };
  closed(): void;
  what: string;
}

class HeldLease implements AccountLease {
  readonly #lost = new AbortController();
  readonly lost = this.#lost.signal;
  readonly #holding: Holding;
  readonly #timer: NodeJS.Timeout;
  #renewal: Promise<void> | undefined;
  #released = false;

  constructor(holding: Holding) {
    this.#holding = holding;
    heldHere.add(holding.lease.nonce);
    // Unreferenced: a lease does not keep a process from ending.
    this.#timer = setInterval(() => {
      this.#renewal ??= this.#renew().finally(() => (this.#renewal = undefined));
    }, holding.leaseMs / 4).unref();
  }

  /** Given up a quarter early, and by whichever clock went further: the monotonic one stands still while a machine sleeps. */
  stillHeld(): boolean {
    const { clock, leaseMs, renewedAt } = this.#holding;
    const elapsedMs = Math.max(clock.monotonicMs() - renewedAt.monotonicMs, clock.nowMs() - renewedAt.nowMs);
    return !this.#released && !this.lost.aborted && elapsedMs < (leaseMs * 3) / 4;
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    clearInterval(this.#timer);
    await this.#renewal;
    const { documents, id, version, lease, closed } = this.#holding;
    heldHere.delete(lease.nonce);
    closed();
    if (this.lost.aborted) return;
    try {
      await documents.write(id, version, { ...lease, holder: null });
    } catch (error) {
      // What cannot be given back ends by itself.
      if (!(error instanceof SnvgError)) throw error;
    }
  }

  async #renew(): Promise<void> {
    const { documents, clock, leaseMs, id, version, lease } = this.#holding;
    const renewedAt = { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
    try {
      if (!(await documents.write(id, version, { ...lease, expiresMs: renewedAt.nowMs + leaseMs }))) return this.#lose('another process took it over');
      this.#holding.version += 1;
      this.#holding.renewedAt = renewedAt;
    } catch (error) {
      // A store that is away for a moment is asked again, as long as nobody can have taken over.
      if (!this.stillHeld() && !this.#released) this.#lose('it could not be renewed', error);
    }
  }

  #lose(why: string, cause?: unknown): void {
    clearInterval(this.#timer);
    heldHere.delete(this.#holding.lease.nonce);
    this.#lost.abort(new SnvgError('LEDGER_CONFLICT', `The right to post to ${this.#holding.what} is lost: ${why}`, 'Run again: what was begun is gone on with from where it stands.', { cause }));
  }
}
