import type { Publication, PublicationIdentity, PublicationStep } from '../publishers/publisher.js';

/** Who does something: a process on a machine. */
export interface Actor {
  host: string;
  pid: number;
  /** Tells a process from a later one with its pid. */
  startTime: string;
  /** Where the pid means something (boot and pid namespace), so that of equally named machines and containers none is taken for another. */
  place?: string;
}

/** One entry of the history: what changed, when, by whom. */
export interface LedgerEvent {
  atMs: number;
  by: { host: string; pid: number };
  /** `claimed`, the new state, `revised`, `resolved`, … */
  what: string;
  revision: number;
  url?: string;
  note?: string;
}

/** What a publication is claimed for. */
export interface ClaimedClip {
  jobId: string;
  clipSha256: string;
  title: string;
  ranges: { startUs: number; endUs: number }[];
  accountName: string;
  dueMs: number | null;
  saga: string | null;
}

/**
 * `new`: nobody has posted it. `existing`: it is there already, finished or not; go on with it.
 * `overlapping`: a different moment of the same source that covers at least half of this one (or is covered so by it) is, or is about
 * to be, on that account.
 */
export type Claim = { kind: 'new' | 'existing'; publication: Publication } | { kind: 'overlapping'; with: Publication };

/**
 * The right to work on an account: one process at a time, over all machines that share the ledger. Ends by itself when its holder
 * has died (at once on the same machine, after `leaseMs` elsewhere).
 */
export interface AccountLease {
  /** Aborted when another process had reason to take over. */
  readonly lost: AbortSignal;
  /** Whether it was renewed recently enough that nobody can have taken over: to be asked right before what cannot be taken back. */
  stillHeld(): boolean;
  release(): Promise<void>;
}

/**
 * The ledger of everything that was, or may have been, made public. Nothing in it is ever deleted.
 *
 * The lease keeps processes out of each other's way; what keeps a post from being made twice is the version: each change is written
 * only over the version that its caller read. However wrong a clock is, of two processes that both believe they hold an account one
 * writes first, and the other is told LEDGER_CONFLICT before it sends anything.
 *
 * All methods: @throws {SnvgError} LEDGER_UNAVAILABLE, LEDGER_REFUSED, LEDGER_INVALID
 */
export interface Ledger {
  readonly place: string;
  /** Undefined with who has it, when another living process works on the account. */
  lease(platform: string, account: string): Promise<AccountLease | { heldBy: Actor; sinceMs: number }>;
  /** Makes the entry before any work. To be called by the holder of the account's lease. */
  claim(identity: PublicationIdentity, clip: ClaimedClip): Promise<Claim>;
  /** Starts a new revision of something settled: only when a person asks for it. @throws {SnvgError} LEDGER_CONFLICT, LEDGER_OVERLAP */
  revise(publication: Publication, clip: ClaimedClip): Promise<Publication>;
  /**
   * Persists one step. A handle, once known, is never lost by a later step that does not name it.
   * @throws {SnvgError} LEDGER_CONFLICT when somebody else has moved it since `publication` was read: then nothing may be sent;
   * LEDGER_OVERLAP when it was failed or cancelled, is to go on, and a moment that overlaps it has taken its place meanwhile
   */
  record(publication: Publication, step: PublicationStep, note?: string): Promise<Publication>;
  /** Gives something that has not begun (`planned`, `claimed`, `failed`, `cancelled`) another time; null: as soon as possible. @throws {SnvgError} LEDGER_CONFLICT, LEDGER_OVERLAP */
  plan(publication: Publication, dueMs: number | null): Promise<Publication>;
  get(key: string): Promise<Publication | undefined>;
  /** Oldest first, by when they were claimed. */
  list(filter?: { platform?: string; account?: string; jobId?: string }): Promise<Publication[]>;
  history(filter?: { platform?: string; account?: string; sinceMs?: number }): Promise<{ publication: Publication; event: LedgerEvent }[]>;
  /** Quota used on a platform's day (`2026-11-25` in the platform's zone), by quota id. */
  spent(platform: string, account: string, day: string): Promise<Record<string, number>>;
  spend(platform: string, account: string, day: string, amounts: Record<string, number>): Promise<void>;
  close(): Promise<void>;
}
