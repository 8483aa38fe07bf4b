import { SnvgError } from '../errors.js';
import { wallMs, wallTimeOf } from './zone.js';

/** Wall time in minutes of the day, from (inclusive) and to (exclusive); over midnight when `to` comes first. */
export interface QuietHours {
  fromMinute: number;
  toMinute: number;
}

/** What a person demands of times on one account. */
export interface PostingRules {
  /** IANA zone whose midnight begins a day. */
  zone: string;
  maxPerDay: number | null;
  /** Least time between two posts. */
  spacingMs: number | null;
  quiet: QuietHours | null;
}

/** Why a time will not do. */
export type Obstacle = 'taken' | 'spacing' | 'day-full' | 'quiet';

/** Reads `22:00-07:00`. @throws {SnvgError} USAGE */
export function parseQuietHours(text: string): QuietHours {
  const [, fromHour, fromMinute, toHour, toMinute] = (/^\s*(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)\s*$/.exec(text) ?? []).map(Number);
  if (fromHour !== undefined && fromMinute !== undefined && toHour !== undefined && toMinute !== undefined && fromHour < 24 && toHour <= 24 && fromMinute < 60 && toMinute < 60) {
    const quiet = { fromMinute: fromHour * 60 + fromMinute, toMinute: (toHour * 60 + toMinute) % 1440 };
    if (quiet.fromMinute !== quiet.toMinute) return quiet;
  }
  throw new SnvgError('USAGE', `${JSON.stringify(text)} are no quiet hours`, 'Write them as 22:00-07:00.');
}

/**
 * What stands against a time; undefined when nothing does.
 *
 * @param takenMs times of what is posted or planned on the account
 */
export function obstacleAt(atMs: number, takenMs: readonly number[], rules: PostingRules): Obstacle | undefined {
  const { zone, maxPerDay, spacingMs, quiet } = rules;
  if (quiet && isQuiet(atMs, zone, quiet)) return 'quiet';
  if (takenMs.includes(atMs)) return 'taken';
  if (spacingMs !== null && takenMs.some((other) => Math.abs(other - atMs) < spacingMs)) return 'spacing';
  if (maxPerDay !== null && takenMs.filter((other) => dayOf(other, zone) === dayOf(atMs, zone)).length >= maxPerDay) return 'day-full';
  return undefined;
}

function isQuiet(atMs: number, zone: string, { fromMinute, toMinute }: QuietHours): boolean {
  const { hour, minute } = wallTimeOf(atMs, zone);
  const at = hour * 60 + minute;
  return fromMinute < toMinute ? at >= fromMinute && at < toMinute : at >= fromMinute || at < toMinute;
}

/** Days since the epoch, by the calendar on the wall. */
function dayOf(atMs: number, zone: string): number {
  return Math.floor(wallMs(wallTimeOf(atMs, zone)) / 86_400_000);
}
