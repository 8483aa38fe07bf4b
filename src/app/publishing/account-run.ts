import type { Ledger } from '../../ledger/ledger.js';
import type { AccountRun, PublishEvent, Withdrawal } from '../../pipeline/publish/order.js';
import { usualPatience } from '../../pipeline/publish/timing.js';
import type { App } from '../app.js';
import type { Outside } from './outside.js';
import type { Target } from './targets.js';

/** What publishing works with. */
export interface PublishingRoom {
  app: App;
  ledger: Ledger;
  outside: Outside;
}

/** How a run goes about it. */
export interface Manner {
  signal: AbortSignal;
  /** Wait while another process works on an account; otherwise it is left to that one. */
  wait: boolean;
  event(event: PublishEvent): void;
}

/** The work on one account. */
export function accountRun({ ledger, outside }: PublishingRoom, { signal, wait, event }: Manner, { publisher, account, login }: Target, together?: Withdrawal): AccountRun {
  return { ledger, publisher, account, login, http: outside.http, timing: outside.timing, patience: usualPatience, signal, wait, event, ...(together ? { together } : {}) };
}
