import { SnvgError } from '../errors.js';

/** What clocks on the wall show. Month 1…12. */
export interface WallTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

/** A moment, and whether the time asked for does not exist there because clocks skip it. */
export interface Instant {
  /** Milliseconds since the Unix epoch. */
  atMs: number;
  moved: boolean;
}

const dayMs = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, calendar: 'iso8601', numberingSystem: 'latn', hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' });
    formats.set(zone, format);
  }
  return format;
}

/** The zone of this machine. */
export function ownZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** @throws {SnvgError} USAGE when there is no such IANA zone */
export function requireZone(name: string): string {
  try {
    formatOf(name);
    return name;
  } catch (cause) {
    throw new SnvgError('USAGE', `There is no time zone ${JSON.stringify(name)}`, 'Name one of the IANA database, such as Europe/Berlin, America/New_York, Asia/Tokyo or UTC.', { cause });
  }
}

/** What clocks in `zone` show. */
export function wallTimeOf(atMs: number, zone: string): WallTime {
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(atMs)) parts[type] = Number(value);
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts;
  return { year, month, day, hour, minute, second };
}

/** The wall time read as if it were UTC: wall times can so be compared and counted. */
export function wallMs({ year, month, day, hour, minute, second }: WallTime): number {
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

export function wallTimeFromMs(ms: number): WallTime {
  const date = new Date(ms);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate(), hour: date.getUTCHours(), minute: date.getUTCMinutes(), second: date.getUTCSeconds() };
}

function offsetMs(atMs: number, zone: string): number {
  return wallMs(wallTimeOf(atMs, zone)) - Math.floor(atMs / 1000) * 1000;
}

/**
 * When clocks in `zone` show this time. Of a time that they show twice, the first; one that they skip is moved on by what they skip
 * (2:30 becomes 3:30), as people do who forgot to set theirs. The rule of RFC 5545 for recurring events.
 */
export function instantOf(wall: WallTime, zone: string): Instant {
  const asUtcMs = wallMs(wall);
  // No zone changes its offset twice within two days.
  const before = offsetMs(asUtcMs - dayMs, zone);
  const candidates = [before, offsetMs(asUtcMs + dayMs, zone)].map((offset) => asUtcMs - offset).toSorted((a, b) => a - b);
  const shown = candidates.find((atMs) => wallMs(wallTimeOf(atMs, zone)) === asUtcMs);
  return shown === undefined ? { atMs: asUtcMs - before, moved: true } : { atMs: shown, moved: false };
}

/** `2026-12-01 18:00 GMT+9`: for people. */
export function inZone(atMs: number, zone: string): string {
  const { year, month, day, hour, minute } = wallTimeOf(atMs, zone);
  const named = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'short' }).formatToParts(atMs).find(({ type }) => type === 'timeZoneName')?.value ?? zone;
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)} ${named}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
