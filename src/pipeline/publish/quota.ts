import type { Ledger } from '../../ledger/ledger.js';
import type { Publisher, Quota } from '../../publishers/publisher.js';

const dayMs = 86_400_000;

/** By zone: making one costs a hundred times what using it does. */
const calendars = new Map<string, Intl.DateTimeFormat>();

function calendarOf(timeZone: string): Intl.DateTimeFormat {
  const known = calendars.get(timeZone);
  if (known) return known;
  const calendar = new Intl.DateTimeFormat('en', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  calendars.set(timeZone, calendar);
  return calendar;
}

/** The date in a platform's zone: `2026-11-25`. */
export function platformDay(timeZone: string, atMs: number): string {
  const parts = calendarOf(timeZone).formatToParts(atMs);
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')}`;
}

/** When the platform's next day begins, whatever its clocks do that night. Milliseconds since the Unix epoch. */
export function nextPlatformDayMs(timeZone: string, atMs: number): number {
  const today = platformDay(timeZone, atMs);
  let before = atMs;
  // A day with a change of clocks has at most 25 hours.
  let after = atMs + dayMs + 2 * 3_600_000;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (platformDay(timeZone, middle) === today) before = middle;
    else after = middle;
  }
  return after;
}

/** What is left of a platform's day. */
export interface QuotaLeft {
  quota: Quota;
  left: number;
  resetMs: number;
}

/** What each of the platform's quotas still allows the account today, by the ledger. */
export async function quotaLeft(ledger: Pick<Ledger, 'spent'>, publisher: Pick<Publisher, 'id' | 'quotas'>, account: string, nowMs: number): Promise<QuotaLeft[]> {
  const left: QuotaLeft[] = [];
  for (const quota of publisher.quotas) {
    const spent = await ledger.spent(publisher.id, account, platformDay(quota.timeZone, nowMs));
    left.push({ quota, left: quota.perDay - (spent[quota.id] ?? 0), resetMs: nextPlatformDayMs(quota.timeZone, nowMs) });
  }
  return left;
}

/** Writes down what a step used, each quota on its own platform's day. */
export async function spendQuota(ledger: Pick<Ledger, 'spend'>, publisher: Pick<Publisher, 'id' | 'quotas'>, account: string, spent: Readonly<Record<string, number>>, nowMs: number): Promise<void> {
  for (const quota of publisher.quotas) {
    const amount = spent[quota.id] ?? 0;
    if (amount > 0) await ledger.spend(publisher.id, account, platformDay(quota.timeZone, nowMs), { [quota.id]: amount });
  }
}
