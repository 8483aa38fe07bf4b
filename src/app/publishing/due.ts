import type { Publication } from '../../publishers/publisher.js';
import { isSettled } from '../../pipeline/publish/states.js';
import type { Manner, PublishingRoom } from './account-run.js';
import { goOn } from './go-on.js';
import type { PublishRow } from './rows.js';

/** Planned posts whose time has come, and those that an earlier run began on their time and left: what cron is to do now. */
export async function duePublications({ app, ledger }: Pick<PublishingRoom, 'app' | 'ledger'>): Promise<Publication[]> {
  const now = app.clock.nowMs();
  return (await ledger.list()).filter(({ state, dueMs, notBeforeMs }) => dueMs !== null && dueMs <= now && !isSettled(state) && (notBeforeMs ?? 0) <= now);
}

/** Publishes what is due. Accounts that another process works on are left to it. @throws {SnvgError} LEDGER_*; the signal's reason */
export async function publishDue(room: PublishingRoom, manner: Omit<Manner, 'wait'>): Promise<PublishRow[]> {
  return goOn(room, await duePublications(room), { ...manner, wait: false, insist: false });
}
