import { SnvgError } from '../../errors.js';
import type { Publication } from '../../publishers/publisher.js';
import { isSettled } from '../../pipeline/publish/states.js';
import { findPublisher } from '../../publishers/registry.js';
import type { App } from '../app.js';
import type { Manner, PublishingRoom } from './account-run.js';
import { goOn } from './go-on.js';
import { settleMissed } from './missed-slots.js';
import { platformSettings } from './platform-settings.js';
import type { PublishRow } from './rows.js';

/**
 * What cron is to do now: planned posts whose time has come, those that an earlier run began and left, and those that their platform keeps
 * by itself until they are due.
 */
export async function duePublications({ app, ledger }: Pick<PublishingRoom, 'app' | 'ledger'>): Promise<Publication[]> {
  const now = app.clock.nowMs();
  const open = (await ledger.list()).filter(({ state, dueMs, notBeforeMs }) => dueMs !== null && !isSettled(state) && (notBeforeMs ?? 0) <= now);
  const held = await Promise.all(open.map(async (publication) => publication.dueMs !== null && publication.dueMs > now && (await isHeldThere(app, publication))));
  return open.filter(({ dueMs }, index) => (dueMs !== null && dueMs <= now) || held[index]);
}

async function isHeldThere({ settings }: Pick<App, 'settings'>, { platform }: Publication): Promise<boolean> {
  try {
    const publisher = await findPublisher(platform);
    return publisher.holdsUntilDue?.(platformSettings(publisher, settings).options) === true;
  } catch (error) {
    // A platform that this version does not know, or wrong settings of it: that is said when the post is due.
    if (error instanceof SnvgError) return false;
    throw error;
  }
}

/** Publishes what is due, or does with what came too late as `missed` says. Accounts that another process works on are left to it. @throws {SnvgError} LEDGER_*; the signal's reason */
export async function publishDue(room: PublishingRoom, manner: Omit<Manner, 'wait'>): Promise<PublishRow[]> {
  const { due, rows } = await settleMissed(room, await duePublications(room));
  return [...rows, ...(await goOn(room, due, { ...manner, wait: false, insist: false }))];
}
