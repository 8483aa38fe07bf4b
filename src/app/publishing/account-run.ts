import { setTimeout as delay } from 'node:timers/promises';
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

/** The work on one account, by this machine's clock. */
export function accountRun({ app, ledger, outside }: PublishingRoom, { signal, wait, event }: Manner, { publisher, account, login }: Target, together?: Withdrawal): AccountRun {
  const timing = {
    nowMs: () => app.clock.nowMs(),
    sleep: async (durationMs: number, until: AbortSignal) => {
      await delay(durationMs, undefined, { signal: until }).catch(() => until.throwIfAborted());
    },
    random: () => Math.random(),
  };
  return { ledger, publisher, account, login, http: outside.http, timing, patience: usualPatience, signal, wait, event, ...(together ? { together } : {}) };
}
