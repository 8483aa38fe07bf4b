import { SnvgError } from '../errors.js';
import { inZone, instantOf, requireZone, wallMs, wallTimeFromMs, wallTimeOf, type Instant, type WallTime } from './zone.js';

const dayMs = 86_400_000;
export const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

const expected = 'Write it as "2026-12-01 18:00" (with a zone behind it, or --zone), as 2026-12-01T18:00:00+01:00, or as "tomorrow 18:00", "fri 9:30" or 18:00.';

/** A point in time as a person wrote it; `notice` when it is not quite what was written. */
export interface ParsedTime {
  atMs: number;
  notice?: string;
}

/**
 * Reads a date and time. Without a zone or offset of its own it is meant in `zone`; without a date, the next time that clocks show it.
 *
 * @throws {SnvgError} USAGE
 */
export function parseTime(text: string, context: { zone: string; nowMs: number }): ParsedTime {
  const given = text.trim();
  const withOffset = /^(\d{4}-\d\d-\d\d)[T ](\d\d?:\d\d)(:\d\d(?:\.\d{1,3})?)? ?(Z|[+-]\d\d:?\d\d)$/i.exec(given);
  if (withOffset) return { atMs: readWithOffset(withOffset, text) };
  const [, rest = given, ownZone] = /^(.*\d) +([A-Za-z][A-Za-z0-9_+/-]*)$/.exec(given) ?? [];
  const zone = ownZone === undefined ? context.zone : requireZone(ownZone);
  const [, dayText, clock] = /^(?:(\S+)[T ]\s*)?(\d\d?:\d\d(?::\d\d)?)$/.exec(rest) ?? [];
  if (clock === undefined) throw notATime(text);
  const time = readClock(clock, text);
  const today = wallTimeOf(context.nowMs, zone);
  if (dayText !== undefined && /^\d/.test(dayText)) return said(instantOf({ ...readDate(dayText, text), ...time }, zone), text, zone);
  const firstDay = firstDayOf(dayText?.toLowerCase(), today, text);
  for (let ahead = firstDay.from; ; ahead += firstDay.every) {
    const day = wallTimeFromMs(wallMs({ ...today, hour: 0, minute: 0, second: 0 }) + ahead * dayMs);
    const instant = instantOf({ ...day, ...time }, zone);
    if (instant.atMs > context.nowMs || firstDay.every === 0) return said(instant, text, zone);
  }
}

/** Days from today, and after how many to look again when that time has passed; 0: not at all. */
function firstDayOf(day: string | undefined, today: WallTime, text: string): { from: number; every: number } {
  if (day === undefined) return { from: 0, every: 1 };
  if (day === 'today') return { from: 0, every: 0 };
  if (day === 'tomorrow') return { from: 1, every: 0 };
  const wanted = weekdays.findIndex((name) => day === name || (day.length > 3 && `${fullNames[name]}` === day));
  if (wanted === -1) throw notATime(text);
  return { from: (wanted - new Date(wallMs(today)).getUTCDay() + 7) % 7, every: 7 };
}

export const fullNames: Readonly<Record<(typeof weekdays)[number], string>> = { sun: 'sunday', mon: 'monday', tue: 'tuesday', wed: 'wednesday', thu: 'thursday', fri: 'friday', sat: 'saturday' };

function readWithOffset([, date = '', clock = '', seconds = '', offset = '']: RegExpExecArray, text: string): number {
  const wall = { ...readDate(date, text), ...readClock(`${clock.padStart(5, '0')}${seconds.slice(0, 3)}`, text) };
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d\d):?(\d\d)$/.exec(offset) ?? [];
  const aheadMinutes = sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  if (Math.abs(aheadMinutes) > 14 * 60 || Number(minutes) > 59) throw notATime(text);
  return wallMs(wall) - aheadMinutes * 60_000;
}

function readDate(date: string, text: string): Pick<WallTime, 'year' | 'month' | 'day'> {
  const [, year, month, day] = (/^(\d{4})-(\d\d)-(\d\d)$/.exec(date) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined) throw notATime(text);
  const real = new Date(Date.UTC(year, month - 1, day));
  if (year < 1970 || real.getUTCMonth() !== month - 1 || real.getUTCDate() !== day) throw new SnvgError('USAGE', `${date} is no day of the calendar`, expected);
  return { year, month, day };
}

function readClock(clock: string, text: string): Pick<WallTime, 'hour' | 'minute' | 'second'> {
  const [hour = 0, minute = 0, second = 0] = clock.split(':').map(Number);
  if (hour > 23 || minute > 59 || second > 59) throw notATime(text);
  return { hour, minute, second };
}

function said({ atMs, moved }: Instant, text: string, zone: string): ParsedTime {
  return moved ? { atMs, notice: `Clocks in ${zone} skip ${text.trim()}: it is taken as ${inZone(atMs, zone)}` } : { atMs };
}

function notATime(text: string): SnvgError {
  return new SnvgError('USAGE', `${JSON.stringify(text)} is no time`, expected);
}
