import { SnvgError } from '../../errors.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { Publication } from '../../publishers/publisher.js';
import { nextFreeSlots } from '../../schedule/free-slots.js';
import { verdictAt } from '../../schedule/missed.js';
import { dailyAt, parseSlots } from '../../schedule/slots.js';
import { inZone } from '../../schedule/zone.js';
import type { App } from '../app.js';
import { postingRules, takenTimes } from './posting-rules.js';
import { rowOfPublication, type PublishRow } from './rows.js';

/**
 * Applies `missed` to posts whose time is past: what comes too late is left out or given the next free slot, the rest is to be posted now.
 * Several runs at once may do so: the ledger takes the change of one.
 *
 * @returns what is left to post, and the rows of what is not
 * @throws {SnvgError} USAGE, LEDGER_*
 */
export async function settleMissed({ app, ledger }: { app: Pick<App, 'settings' | 'clock'>; ledger: Ledger }, due: readonly Publication[]): Promise<{ due: Publication[]; rows: PublishRow[] }> {
  const left: Publication[] = [];
  const rows: PublishRow[] = [];
  for (const publication of due) {
    const verdict = publication.state === 'planned' && publication.dueMs !== null ? verdictAt(publication.dueMs, app.clock.nowMs(), app.settings.missed) : 'post';
    if (verdict === 'post' || verdict === 'late' || verdict === 'wait') left.push(publication);
    else {
      const row = await unlessMoved(() => (verdict === 'next' ? giveNextSlot(app, ledger, publication) : leaveOut(app, ledger, publication)));
      if (row) rows.push(row);
    }
  }
  return { due: left, rows };
}

async function giveNextSlot({ settings, clock }: Pick<App, 'settings' | 'clock'>, ledger: Ledger, publication: Publication): Promise<PublishRow> {
  const rules = postingRules(settings);
  const nowMs = clock.nowMs();
  const slots = settings.slots === null ? dailyAt(publication.dueMs ?? nowMs, rules.zone) : parseSlots(settings.slots);
  const takenMs = await takenTimes(ledger, publication, nowMs, publication.key);
  const [slot] = nextFreeSlots(slots, 1, { afterMs: nowMs, takenMs, rules });
  return rowOfPublication(await ledger.plan(publication, slot?.atMs ?? null));
}

/** By choice it is cancelled; when it was to be posted late and came too late even for that, somebody has to know. */
async function leaveOut({ settings }: Pick<App, 'settings'>, ledger: Ledger, publication: Publication): Promise<PublishRow> {
  const { key, title, dueMs } = publication;
  const problem = {
    code: 'SLOT_MISSED',
    message: `${JSON.stringify(title)} was not posted: its time, ${inZone(dueMs ?? 0, postingRules(settings).zone)}, passed while nothing ran`,
    remedy: `Post it now with snvg publish --retry ${key.slice(0, 8)}, or plan it again with snvg schedule add.`,
  };
  return rowOfPublication(await ledger.record(publication, { state: settings.missed === 'skip' ? 'cancelled' : 'failed', problem }));
}

async function unlessMoved(change: () => Promise<PublishRow>): Promise<PublishRow | undefined> {
  try {
    return await change();
  } catch (error) {
    if (error instanceof SnvgError && error.code === 'LEDGER_CONFLICT') return undefined;
    throw error;
  }
}
