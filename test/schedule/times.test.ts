import { assert, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTime } from '../../src/schedule/parse-time.js';
import { inZone, instantOf, requireZone, wallMs, wallTimeFromMs, wallTimeOf } from '../../src/schedule/zone.js';
import { nearChange } from './transitions.js';

/** A Wednesday. */
const nowMs = Date.UTC(2026, 10, 25, 12, 0);
const berlin = { zone: 'Europe/Berlin', nowMs };

describe('a time a person wrote', () => {
  it.each([
    ['2026-12-01 18:00', '2026-12-01T17:00:00.000Z'],
    ['2026-12-01T18:00', '2026-12-01T17:00:00.000Z'],
    [' 2026-07-01 9:05:30 ', '2026-07-01T07:05:30.000Z'],
    ['2026-12-01 18:00 Asia/Tokyo', '2026-12-01T09:00:00.000Z'],
    ['2026-12-01 18:00 UTC', '2026-12-01T18:00:00.000Z'],
    ['2026-12-01T18:00:00Z', '2026-12-01T18:00:00.000Z'],
    ['2026-12-01T18:00:00.250+05:45', '2026-12-01T12:15:00.000Z'],
    ['2026-12-01 18:00 -0330', '2026-12-01T21:30:00.000Z'],
    ['13:01', '2026-11-25T12:01:00.000Z'],
    ['13:00', '2026-11-26T12:00:00.000Z'],
    ['today 9:00', '2026-11-25T08:00:00.000Z'],
    ['tomorrow 9:00', '2026-11-26T08:00:00.000Z'],
    ['Friday 9:00', '2026-11-27T08:00:00.000Z'],
    ['wed 18:00', '2026-11-25T17:00:00.000Z'],
    ['wed 9:00', '2026-12-02T08:00:00.000Z'],
    ['9:00 America/New_York', '2026-11-25T14:00:00.000Z'],
    ['2028-02-29 00:00', '2028-02-28T23:00:00.000Z'],
  ])('%s', (text, iso) => {
    const parsed = parseTime(text, berlin);
    expect(new Date(parsed.atMs).toISOString()).toBe(iso);
    expect(parsed.notice).toBeUndefined();
  });

  it.each(['', 'soon', '2026-12-01', '2026-13-01 10:00', '2026-02-30 10:00', '24:00', '12:60', '2026-12-01 18:00 Mars/Olympus', 'someday 9:00', '2026-12-01T18:00:00+25:00', '18', '2026-12-01 18:00pm', 'wed 9:00 9:00', '1969-12-31 10:00'])('%j is refused, with how to write it', (text) => {
    expect(() => parseTime(text, berlin)).toThrowError(expect.objectContaining({ code: 'USAGE', exitCode: 2, remedy: expect.stringMatching(/2026-12-01 18:00|Europe\/Berlin/) as string }));
  });

  it.each([
    // Berlin goes from 2:00 to 3:00.
    ['2027-03-28 02:30', 'Europe/Berlin', '2027-03-28T01:30:00.000Z', '2027-03-28 03:30 GMT+2'],
    // Lord Howe Island goes from 2:00 to 2:30.
    ['2026-10-04 02:15', 'Australia/Lord_Howe', '2026-10-03T15:45:00.000Z', '2026-10-04 02:45 GMT+11'],
    // Santiago's Sunday begins at 1:00.
    ['2026-09-06 00:10', 'America/Santiago', '2026-09-06T04:10:00.000Z', '2026-09-06 01:10 GMT-3'],
    // Samoa had no 30th of December in 2011.
    ['2011-12-30 12:00', 'Pacific/Apia', '2011-12-30T22:00:00.000Z', '2011-12-31 12:00 GMT+14'],
  ])('%s in %s does not exist, is moved on, and that is said', (text, zone, iso, shown) => {
    const parsed = parseTime(text, { zone, nowMs });
    expect(new Date(parsed.atMs).toISOString()).toBe(iso);
    expect(parsed.notice).toContain(shown);
    expect(parsed.notice).toContain(text);
  });

  it.each([
    ['2026-10-25 02:30', 'Europe/Berlin', '2026-10-25T00:30:00.000Z'],
    ['2026-11-01 01:30', 'America/New_York', '2026-11-01T05:30:00.000Z'],
    ['2027-04-04 01:45', 'Australia/Lord_Howe', '2027-04-03T14:45:00.000Z'],
  ])('%s in %s comes twice: the first is meant', (text, zone, iso) => {
    expect(parseTime(text, { zone, nowMs })).toEqual({ atMs: Date.parse(iso) });
  });
});

it('a wall time is the first moment at which clocks show it, and one that none show is moved on by what they skip', () => {
  assert(
    property(nearChange, ({ zone, asUtcMs }) => {
      const { atMs, moved } = instantOf(wallTimeFromMs(asUtcMs), zone);
      // Every quarter of an hour of the two days around: offsets are whole quarters.
      const shown: number[] = [];
      for (let at = asUtcMs - 26 * 3_600_000; at <= asUtcMs + 26 * 3_600_000; at += 900_000) if (wallMs(wallTimeOf(at, zone)) === asUtcMs) shown.push(at);
      expect(moved).toBe(shown.length === 0);
      if (!moved) expect(atMs).toBe(shown[0]);
      else {
        const later = wallMs(wallTimeOf(atMs, zone)) - asUtcMs;
        expect(later).toBeGreaterThan(0);
        // As far as the clocks jump there.
        expect(wallMs(wallTimeOf(atMs, zone)) - wallMs(wallTimeOf(atMs - later, zone))).toBe(2 * later);
      }
    }),
    { numRuns: 120 },
  );
});

it('zones are those of the IANA database', () => {
  expect(requireZone('Asia/Tokyo')).toBe('Asia/Tokyo');
  expect(() => requireZone('Berlin')).toThrowError(/no time zone "Berlin"/);
  expect(inZone(nowMs, 'Asia/Tokyo')).toBe('2026-11-25 21:00 GMT+9');
});
