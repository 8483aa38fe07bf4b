import type { Settings } from '../../config/options.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { Publication } from '../../publishers/publisher.js';
import { parseQuietHours, type PostingRules } from '../../schedule/rules.js';
import { ownZone, requireZone } from '../../schedule/zone.js';

const minuteMs = 60_000;

/** What the settings demand of times. @throws {SnvgError} USAGE */
export function postingRules({ timeZone, maxPerDay, spacing, quietHours }: Pick<Settings, 'timeZone' | 'maxPerDay' | 'spacing' | 'quietHours'>): PostingRules {
  return {
    zone: timeZone === null ? ownZone() : requireZone(timeZone),
    maxPerDay,
    spacingMs: spacing === null ? null : spacing * minuteMs,
    quiet: quietHours === null ? null : parseQuietHours(quietHours),
  };
}

/**
 * When something was, or is to be, posted on an account: what a new time must keep its distance from. What is on its way without a
 * time of its own counts as now.
 *
 * @param except a publication whose own time does not count
 */
export async function takenTimes(ledger: Pick<Ledger, 'history'>, { platform, account }: { platform: string; account: string }, nowMs: number, except?: string): Promise<number[]> {
  const times = new Map<string, number>();
  for (const { publication, event } of await ledger.history({ platform, account })) {
    if (publication.key === except) continue;
    // A post of an earlier revision is there as well.
    if (event.what === 'published') times.set(`${publication.key} ${event.revision}`, event.atMs);
    if (isComing(publication)) times.set(`${publication.key} ${publication.revision}`, publication.dueMs ?? nowMs);
  }
  return [...times.values()];
}

function isComing({ state }: Publication): boolean {
  return state !== 'published' && state !== 'failed' && state !== 'cancelled' && state !== 'draft';
}
