import { Cron } from 'croner';
import { SnvgError } from '../errors.js';
import { fullNames, weekdays } from './parse-time.js';
import { instantOf, wallMs, wallTimeFromMs, wallTimeOf, type Instant } from './zone.js';

/** Times that come again and again, in wall time. */
export interface Slots {
  /** As it was given. */
  text: string;
  /** One cron expression each, read on a clock without zone. */
  patterns: readonly Cron[];
}

const dayMs = 86_400_000;
const expected = 'Write slots as "mon-fri 18:00", "daily 9:00,21:00", "sat,sun 10:30; wed 12:00", or as a cron expression such as "0 18 * * 1-5".';

/**
 * Reads slots: days (`mon-fri`, `sat,sun`, `daily`, `weekdays`, `weekends`; none: every day) with times behind them, several with
 * semicolons; or cron expressions of five fields.
 *
 * @throws {SnvgError} USAGE
 */
export function parseSlots(text: string): Slots {
  const parts = text.split(';').map((part) => part.trim().toLowerCase());
  if (parts.some((part) => part === '')) throw notSlots(text);
  return { text: text.trim(), patterns: parts.flatMap((part) => (part.includes(':') ? readDaysAndTimes(part, text) : [readCron(part, text)])) };
}

/** The slots of one time every day: how something goes on at its own hour. */
export function dailyAt(atMs: number, zone: string): Slots {
  const { hour, minute } = wallTimeOf(atMs, zone);
  return parseSlots(`daily ${hour}:${String(minute).padStart(2, '0')}`);
}

/**
 * Slots after a moment, soonest first, without end unless the expression has one. Each wall time is one moment: skipped by the clocks it
 * is moved on (`moved`), shown twice it is the first; two that fall together are one.
 */
export function* slotsAfter({ patterns }: Slots, zone: string, afterMs: number): Generator<Instant> {
  const moments = new Map<number, Instant>();
  // What clocks skip is moved on, at most by a day: those of the day before may still come.
  let day = Math.floor(wallMs(wallTimeOf(afterMs, zone)) / dayMs) * dayMs - dayMs;
  for (;;) {
    const next = Math.min(...patterns.map((pattern) => nextWallMs(pattern, day) ?? Infinity));
    if (next !== Infinity) {
      day = Math.floor(next / dayMs) * dayMs;
      for (const pattern of patterns) for (const wall of wallTimesOfDay(pattern, day)) add(moments, instantOf(wallTimeFromMs(wall), zone));
    }
    day += dayMs;
    // Nothing of a later day comes before its midnight.
    const settledMs = next === Infinity ? Infinity : instantOf(wallTimeFromMs(day), zone).atMs;
    for (const instant of [...moments.values()].toSorted((a, b) => a.atMs - b.atMs)) {
      if (instant.atMs >= settledMs) break;
      moments.delete(instant.atMs);
      if (instant.atMs > afterMs) yield instant;
    }
    if (next === Infinity) return;
  }
}

function add(moments: Map<number, Instant>, instant: Instant): void {
  const known = moments.get(instant.atMs);
  moments.set(instant.atMs, known && !known.moved ? known : instant);
}

/** The first at or after `fromWallMs`. */
function nextWallMs(pattern: Cron, fromWallMs: number): number | undefined {
  return pattern.nextRun(new Date(fromWallMs - 1000))?.getTime();
}

function* wallTimesOfDay(pattern: Cron, day: number): Generator<number> {
  for (let wall = nextWallMs(pattern, day); wall !== undefined && wall < day + dayMs; wall = nextWallMs(pattern, wall + 1000)) yield wall;
}

function readDaysAndTimes(part: string, text: string): Cron[] {
  const [, days, times] = /^(?:([a-z,-]+) +)?(\d\d?:\d\d(?: *, *\d\d?:\d\d)*)$/.exec(part) ?? [];
  if (times === undefined) throw notSlots(text);
  const dayField = days === undefined ? '*' : readDays(days, text);
  return times.split(',').map((time) => {
    const [hour = 24, minute = 60] = time.split(':').map(Number);
    if (hour > 23 || minute > 59) throw notSlots(text);
    return readCron(`${minute} ${hour} * * ${dayField}`, text);
  });
}

const groups: Readonly<Record<string, string>> = { daily: '*', weekdays: '1-5', weekends: '0,6' };

function readDays(days: string, text: string): string {
  const group = Object.hasOwn(groups, days) ? groups[days] : undefined;
  if (group !== undefined) return group;
  const numbers = days.split(',').flatMap((item) => {
    const [from, to = from, ...more] = item.split('-').map((name) => weekdays.findIndex((known) => name === known || name === fullNames[known]));
    if (from === undefined || to === undefined || from === -1 || to === -1 || more.length > 0) throw notSlots(text);
    // sat-mon goes over the end of the week.
    return Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, ahead) => (from + ahead) % 7);
  });
  return [...new Set(numbers)].join(',');
}

function readCron(expression: string, text: string): Cron {
  try {
    const pattern = new Cron(expression, { timezone: 'UTC', paused: true, mode: '5-part' });
    if (pattern.nextRun()) return pattern;
  } catch (cause) {
    throw new SnvgError('USAGE', `${JSON.stringify(text)} are no slots: ${(cause as Error).message.replace(/^CronPattern: /, '')}`, expected, { cause });
  }
  throw new SnvgError('USAGE', `${JSON.stringify(text)} never comes`, expected);
}

function notSlots(text: string): SnvgError {
  return new SnvgError('USAGE', `${JSON.stringify(text)} are no slots`, expected);
}
