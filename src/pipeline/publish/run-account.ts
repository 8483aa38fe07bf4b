import type { AccountLease, Actor } from '../../ledger/ledger.js';
import type { Publication } from '../../publishers/publisher.js';
import { claimOrder } from './claim.js';
import type { AccountRun, Ended, Order, Withdrawal } from './order.js';
import { takenOver } from './problems.js';
import { Scheduler } from './scheduler.js';

/** How often it is looked whether another process has let go of the account. */
const leasePollMs = 500;

/** What became of an account's orders; `heldBy`: nothing was done, another process works on the account. */
export type AccountResult = { ended: Ended[]; /** Why the rest was not worked on. */ stopped: unknown } | { heldBy: Actor; sinceMs: number };

/**
 * Takes the orders of one account to where they rest, as the only one who works on that account. Every step is persisted before the next one
 * begins; whatever is thrown, or kills the process, between two of them is made good by the next run.
 */
export function runAccount(run: AccountRun, orders: readonly Order[]): Promise<AccountResult> {
  return asTheOnlyOne(run, async (scheduler, signal) => {
    for (const order of orders) {
      signal.throwIfAborted();
      const claimed = await claimOrder({ ledger: run.ledger, publisher: run.publisher, nowMs: run.timing.nowMs() }, order);
      if (claimed.kind === 'work') scheduler.add(order, claimed.publication);
      else scheduler.end({ order, publication: claimed.publication, outcome: claimed.outcome, problem: claimed.problem });
    }
  });
}

/** Takes back what of an account is not public yet; what is public is left alone. `run.together` says what is written down with it. */
export function cancelOnAccount(run: AccountRun & { together: Withdrawal }, orders: readonly (Order & { publication: Publication })[]): Promise<AccountResult> {
  return asTheOnlyOne(run, async (scheduler) => {
    for (const order of orders) {
      const publication = (await run.ledger.get(order.publication.key)) ?? order.publication;
      if (publication.state === 'published' || publication.state === 'failed' || publication.state === 'cancelled') scheduler.end({ order, publication, outcome: publication.state, problem: null });
      else scheduler.add(order, publication);
    }
  });
}

async function asTheOnlyOne(run: AccountRun, prepare: (scheduler: Scheduler, signal: AbortSignal) => Promise<void>): Promise<AccountResult> {
  let lease: Awaited<ReturnType<typeof leased>>;
  try {
    lease = await leased(run);
  } catch (error) {
    return { ended: [], stopped: error };
  }
  if ('heldBy' in lease) return lease;
  const { publisher, account } = run;
  const signal = AbortSignal.any([run.signal, lease.lost]);
  const scheduler = new Scheduler({ ...run, signal }, lease);
  let stopped: unknown;
  try {
    for (const warning of (await run.login?.warnings?.()) ?? []) run.event({ type: 'login-warning', platform: publisher.id, account: account.name, ...warning });
    await prepare(scheduler, signal);
    stopped = await scheduler.run();
  } catch (error) {
    stopped = lease.lost.aborted && !run.signal.aborted ? takenOver(publisher, account.name) : error;
  } finally {
    // A ledger that cannot be reached now ends the lease by itself.
    await lease.release().catch(() => {});
  }
  return { ended: scheduler.ended(stopped), stopped };
}

async function leased({ ledger, publisher, account, wait, timing, signal, event }: AccountRun): Promise<AccountLease | { heldBy: Actor; sinceMs: number }> {
  for (let told = false; ; told = true) {
    signal.throwIfAborted();
    const lease = await ledger.lease(publisher.id, account.id);
    if (!('heldBy' in lease)) return lease;
    if (!told) event({ type: 'account-held', platform: publisher.id, account: account.name, by: lease.heldBy, sinceMs: lease.sinceMs });
    if (!wait) return lease;
    await timing.sleep(leasePollMs, signal);
  }
}
