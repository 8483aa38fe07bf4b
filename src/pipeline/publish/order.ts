import type { Actor, ClaimedClip, Ledger } from '../../ledger/ledger.js';
import type { Credentials } from '../../publishers/credentials.js';
import type { HttpTransport } from '../../publishers/http.js';
import type { Problem, Publication, PublicationIdentity, PublicationState, PublishableClip, Publisher } from '../../publishers/publisher.js';
import type { Patience, Timing } from './timing.js';

/** One clip that is to be on the account of a run. */
export interface Order {
  identity: PublicationIdentity;
  claimed: ClaimedClip;
  clip: PublishableClip;
  /** The platform's settings, as `Publisher.options` gave them back. */
  options: unknown;
  /** Post a changed clip although an earlier version is there. */
  again: boolean;
  /** Begin again what a person cancelled, go on before its time with what waits. */
  insist: boolean;
}

/** How an account's requests are signed. */
export interface Login {
  credentials(): Promise<Credentials>;
  renew(rejected: Credentials): Promise<Credentials>;
  /** What is about to go wrong with it, although it works today. */
  warnings?(): Promise<readonly { message: string; remedy: string }[]>;
}

/** Publications that stand or fall together. */
export interface Withdrawal {
  /** Whether the publication is no longer wanted: what is not public yet is taken back. */
  withdrawn(publication: Publication): boolean;
  /** What is written down with it. */
  problem: Problem | null;
  /** Told of every order that has ended. */
  ended(ended: Ended): void;
}

/** What the work on one account is given. Everything from outside comes by here. */
export interface AccountRun {
  ledger: Ledger;
  publisher: Publisher;
  account: { id: string; name: string };
  /** Null: the platform asks for none. */
  login: Login | null;
  http: HttpTransport;
  timing: Timing;
  patience: Patience;
  signal: AbortSignal;
  /** Wait while another process works on the account; otherwise it is left to that one. */
  wait: boolean;
  together?: Withdrawal;
  event(event: PublishEvent): void;
}

/**
 * How an order ended.
 * `already`: it was there before. `changed`: an earlier version was there before, and stays. `planned`: its time has not come.
 * `overlapping`: another moment that is there covers it. `left`: it goes on with a later run.
 * `kept`: a person cancelled it, and it stays cancelled.
 */
export type Outcome = 'published' | 'scheduled' | 'draft' | 'already' | 'changed' | 'planned' | 'cancelled' | 'kept' | 'failed' | 'unknown' | 'left' | 'overlapping';

export interface Ended {
  order: Order;
  /** As the ledger has it now; of an overlap, the other one. */
  publication: Publication;
  outcome: Outcome;
  problem: Problem | null;
}

/** What is told while the engine works. Times are milliseconds since the Unix epoch. */
export type PublishEvent =
  | { type: 'publication-moved'; publication: Publication; from: PublicationState }
  | { type: 'publication-progress'; publication: Publication; fraction: number }
  | { type: 'publication-notice'; publication: Publication; code: string; message: string; remedy: string }
  /** Nothing can be done on the account before `untilMs`. */
  | { type: 'account-waiting'; platform: string; account: string; untilMs: number; why: string }
  /** The login works today, and a person should see to it. */
  | { type: 'login-warning'; platform: string; account: string; message: string; remedy: string }
  /** Another process works on the account. */
  | { type: 'account-held'; platform: string; account: string; by: Actor; sinceMs: number }
  | { type: 'saga-started'; saga: string; publications: number }
  | { type: 'saga-withdrawn'; saga: string; lineage: string; because: Publication }
  | { type: 'saga-ended'; saga: string; published: number; cancelled: number; failed: number };
