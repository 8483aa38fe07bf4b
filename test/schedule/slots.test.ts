import { array, assert, boolean, constantFrom, integer, option, property, record, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextFreeSlots, timesFrom } from '../../src/schedule/free-slots.js';
import { verdictAt, type MissedPolicy } from '../../src/schedule/missed.js';
import { obstacleAt, parseQuietHours, type PostingRules } from '../../src/schedule/rules.js';
import { dailyAt, parseSlots, slotsAfter } from '../../src/schedule/slots.js';
import { wallMs, wallTimeOf, type Instant } from '../../src/schedule/zone.js';
import { nearChange } from './transitions.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** A Wednesday, 13:00 in Berlin. */
const nowMs = Date.UTC(2026, 10, 25, 12, 0);

function first(text: string, count: number, zone = 'Europe/Berlin', afterMs = nowMs): string[] {
  return take(text, count, zone, afterMs).map(({ atMs }) => new Date(atMs).toISOString().slice(0, 16));
}

function take(text: string, count: number, zone: string, afterMs: number): Instant[] {
  const result: Instant[] = [];
  for (const slot of slotsAfter(parseSlots(text), zone, afterMs)) {
    result.push(slot);
    if (result.length === count) break;
  }
  return result;
}

describe('slots', () => {
  it.each([
    ['mon-fri 18:00', ['2026-11-25T17:00', '2026-11-26T17:00', '2026-11-27T17:00', '2026-11-30T17:00']],
    ['Weekdays 9:00', ['2026-11-26T08:00', '2026-11-27T08:00', '2026-11-30T08:00']],
    ['daily 9:00, 21:00', ['2026-11-25T20:00', '2026-11-26T08:00', '2026-11-26T20:00']],
    ['13:00', ['2026-11-26T12:00', '2026-11-27T12:00']],
    ['sat,sun 10:30; wed 12:00', ['2026-11-28T09:30', '2026-11-29T09:30', '2026-12-02T11:00']],
    ['sat-mon 10:00', ['2026-11-28T09:00', '2026-11-29T09:00', '2026-11-30T09:00', '2026-12-05T09:00']],
    ['Friday 18:00; fri 18:00', ['2026-11-27T17:00', '2026-12-04T17:00']],
    ['0 18 * * 1-5', ['2026-11-25T17:00', '2026-11-26T17:00', '2026-11-27T17:00', '2026-11-30T17:00']],
    ['30 12 1 * *', ['2026-12-01T11:30', '2027-01-01T11:30']],
    ['0 0 29 2 *', ['2028-02-28T23:00', '2032-02-28T23:00']],
    ['0 18 * * fri#2; 0 12 l * *', ['2026-11-30T11:00', '2026-12-11T17:00', '2026-12-31T11:00']],
  ])('%s', (text, expected) => {
    expect(first(text, expected.length)).toEqual(expected);
  });

  it.each(['', 'mon-fri', 'someday 18:00', '25:00', 'mon-wed-fri 10:00', 'mon 10:00 11:00', '0 18 * *', '0 18 * * 1-5 2027', '61 * * * *', '0 0 30 2 *', 'mon 18:00;', 'mon,,tue 10:00'])('%j are refused, with how to write them', (text) => {
    expect(() => parseSlots(text)).toThrowError(expect.objectContaining({ code: 'USAGE', remedy: expect.stringContaining('mon-fri 18:00') as string }));
  });

  it('on the days when clocks change: what is skipped is moved on and said, what comes twice comes once', () => {
    expect(take('daily 2:30', 3, 'Europe/Berlin', Date.UTC(2027, 2, 27))).toEqual([
      { atMs: Date.UTC(2027, 2, 27, 1, 30), moved: false },
      { atMs: Date.UTC(2027, 2, 28, 1, 30), moved: true },
      { atMs: Date.UTC(2027, 2, 29, 0, 30), moved: false },
    ]);
    expect(first('daily 2:30', 2, 'Europe/Berlin', Date.UTC(2026, 9, 24, 12))).toEqual(['2026-10-25T00:30', '2026-10-26T01:30']);
    expect(first('*/30 * * * *', 4, 'Europe/Berlin', Date.UTC(2027, 2, 28, 0, 29))).toEqual(['2027-03-28T00:30', '2027-03-28T01:00', '2027-03-28T01:30', '2027-03-28T02:00']);
  });

  it('of one time a day come once on each day of any zone, in order, also around changes', () => {
    assert(
      property(nearChange, integer({ min: 0, max: 1439 }), ({ zone, asUtcMs }, minute) => {
        const clock = `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, '0')}`;
        const slots = take(`daily ${clock}`, 6, zone, asUtcMs - 3 * dayMs);
        // Where clocks skip the last hour of a day, what is moved on comes after midnight.
        const asked = slots.map(({ atMs, moved }) => {
          const wall = wallMs(wallTimeOf(atMs, zone));
          const isNextDay = moved && (wall % dayMs) / 60_000 < minute;
          return Math.floor(wall / dayMs) - (isNextDay ? 1 : 0);
        });
        expect(asked).toEqual(asked.map((_, index) => asked[0]! + index));
        for (const { atMs, moved } of slots) {
          const laterMs = wallMs(wallTimeOf(atMs, zone)) - (Math.floor(wallMs(wallTimeOf(atMs, zone)) / dayMs) * dayMs + minute * 60_000);
          if (moved) expect((laterMs + dayMs) % dayMs).toBeGreaterThan(0);
          else expect(laterMs).toBe(0);
        }
        expect(slots[0]!.atMs).toBeGreaterThan(asUtcMs - 3 * dayMs);
      }),
      { numRuns: 60 },
    );
  });

  it('of every quarter of an hour are every moment once, whatever clocks do', () => {
    assert(
      property(nearChange, ({ zone, asUtcMs }) => {
        const slots = take('*/15 * * * *', 120, zone, asUtcMs);
        for (const [index, { atMs }] of slots.entries()) if (index > 0) expect(atMs).toBeGreaterThan(slots[index - 1]!.atMs);
        // A gap comes only from an hour that is shown twice, of which the first is meant.
        const gaps = slots.filter(({ atMs }, index) => index > 0 && atMs - slots[index - 1]!.atMs > 900_000);
        for (const { atMs } of gaps) expect(wallMs(wallTimeOf(atMs, zone)) - wallMs(wallTimeOf(atMs - dayMs, zone))).toBeLessThan(dayMs);
      }),
      { numRuns: 12 },
    );
  });

  it('of a time go on at its hour', () => {
    expect(first(dailyAt(Date.UTC(2026, 10, 20, 17, 5), 'Europe/Berlin').text, 2)).toEqual(['2026-11-25T17:05', '2026-11-26T17:05']);
  });
});

const open: PostingRules = { zone: 'Europe/Berlin', maxPerDay: null, spacingMs: null, quiet: null };

describe('free slots', () => {
  it('keep the daily cap, the spacing and the quiet hours', () => {
    const slots = parseSlots('daily 6:00,12:00,13:00,20:00,23:30');
    const at = (rules: Partial<PostingRules>, count = 4, takenMs: number[] = []): string[] => nextFreeSlots(slots, count, { afterMs: nowMs, takenMs, rules: { ...open, ...rules } }).map(({ atMs }) => new Date(atMs).toISOString().slice(5, 16));
    expect(at({})).toEqual(['11-25T19:00', '11-25T22:30', '11-26T05:00', '11-26T11:00']);
    expect(at({ maxPerDay: 1 })).toEqual(['11-25T19:00', '11-26T05:00', '11-27T05:00', '11-28T05:00']);
    expect(at({ maxPerDay: 1 }, 2, [Date.UTC(2026, 10, 25, 8)])).toEqual(['11-26T05:00', '11-27T05:00']);
    expect(at({ quiet: parseQuietHours('23:00-7:00') })).toEqual(['11-25T19:00', '11-26T11:00', '11-26T12:00', '11-26T19:00']);
    expect(at({ spacingMs: 8 * hourMs })).toEqual(['11-25T19:00', '11-26T05:00', '11-26T19:00', '11-27T05:00']);
    expect(at({}, 2, [Date.UTC(2026, 10, 25, 19)])).toEqual(['11-25T22:30', '11-26T05:00']);
  });

  it('that do not exist are explained', () => {
    const slots = parseSlots('daily 23:30');
    expect(() => nextFreeSlots(slots, 2, { afterMs: nowMs, takenMs: [], rules: { ...open, quiet: parseQuietHours('22:00-07:00') } })).toThrowError(/has 0 free slots within two years.*quiet hours/);
    expect(() => nextFreeSlots(parseSlots('0 0 29 2 *'), 2, { afterMs: nowMs, takenMs: [], rules: open })).toThrowError(/has 1 free slot within two years, and 2 are needed$/);
  });

  const rules = record({ zone: constantFrom('Europe/Berlin', 'Asia/Tokyo', 'America/Santiago'), maxPerDay: option(integer({ min: 1, max: 3 })), spacingMs: option(integer({ min: 1, max: 20 }).map((hours) => hours * hourMs)), quiet: option(tuple(integer({ min: 0, max: 23 }), integer({ min: 1, max: 10 })).map(([from, length]) => ({ fromMinute: from * 60, toMinute: ((from + length) % 24) * 60 }))) });

  it('are the soonest that the rules allow, and all of them keep the rules together', () => {
    assert(
      property(rules, array(integer({ min: 0, max: 200 }), { maxLength: 8 }), integer({ min: 1, max: 8 }), integer({ min: 0, max: 364 }), (given, takenHours, count, dayOfYear) => {
        const slots = parseSlots('daily 1:00,2:30,9:00,12:00,18:00,20:00');
        const afterMs = Date.UTC(2027, 0, 1) + dayOfYear * dayMs;
        const takenMs = takenHours.map((hours) => afterMs + hours * hourMs);
        const free = nextFreeSlots(slots, count, { afterMs, takenMs, rules: given }).map(({ atMs }) => atMs);
        for (const atMs of free) expect(obstacleAt(atMs, [...takenMs, ...free.filter((other) => other !== atMs)], given)).toBeUndefined();
        const chosen: number[] = [];
        for (const { atMs } of slotsAfter(slots, given.zone, afterMs)) {
          if (obstacleAt(atMs, [...takenMs, ...chosen], given) === undefined) chosen.push(atMs);
          if (chosen.length === count) break;
        }
        expect(free).toEqual(chosen);
      }),
      { numRuns: 30 },
    );
  });
});

describe('times from a moment on', () => {
  it('are a spacing apart where the rules let them', () => {
    const from = Date.UTC(2026, 11, 1, 17);
    expect(timesFrom(from, 1, { takenMs: [], rules: open })).toEqual([from]);
    const times = timesFrom(from, 4, { takenMs: [], rules: { ...open, spacingMs: 4 * hourMs, quiet: parseQuietHours('0:00-7:00'), maxPerDay: 2 } });
    expect(times.map((atMs) => new Date(atMs).toISOString().slice(5, 16))).toEqual(['12-01T17:00', '12-01T21:00', '12-02T09:00', '12-02T13:00']);
  });

  it.each<[string, Partial<PostingRules>, number[], RegExp]>([
    ['in the quiet hours', { quiet: parseQuietHours('17:00-19:00') }, [], /quiet hours/],
    ['on a full day', { maxPerDay: 1 }, [Date.UTC(2026, 11, 1, 8)], /day is full/],
    ['too near to another', { spacingMs: 2 * hourMs }, [Date.UTC(2026, 11, 1, 16)], /too near/],
  ])('%s are refused', (_what, changes, takenMs, message) => {
    expect(() => timesFrom(Date.UTC(2026, 11, 1, 17), 1, { takenMs, rules: { ...open, ...changes } })).toThrowError(message);
  });

  it('may be one that is taken, where no spacing is asked for', () => {
    const from = Date.UTC(2026, 11, 1, 17);
    expect(timesFrom(from, 1, { takenMs: [from], rules: open })).toEqual([from]);
  });
});

it.each(['22:00', '22-7', '25:00-7:00', '7:00-7:00', '22:61-7:00'])('%j are no quiet hours', (text) => {
  expect(() => parseQuietHours(text)).toThrowError(expect.objectContaining({ code: 'USAGE', remedy: expect.stringContaining('22:00-07:00') as string }));
});

function isQuietAt(text: string, hour: number, minute: number): boolean {
  return obstacleAt(Date.UTC(2026, 0, 1, hour, minute), [], { ...open, zone: 'UTC', quiet: parseQuietHours(text) }) === 'quiet';
}

it('quiet hours begin with their first minute and end before their last, over midnight too', () => {
  expect([isQuietAt('22:00-07:00', 22, 0), isQuietAt('22:00-07:00', 3, 0), isQuietAt('22:00-07:00', 6, 59), isQuietAt('22:00-07:00', 7, 0), isQuietAt('22:00-07:00', 21, 59)]).toEqual([true, true, true, false, false]);
  expect([isQuietAt('12:00-14:00', 12, 0), isQuietAt('12:00-14:00', 14, 0), isQuietAt('20:00-24:00', 23, 59), isQuietAt('20:00-24:00', 0, 0)]).toEqual([true, false, true, false]);
});

function verdicts(policy: MissedPolicy): string[] {
  return [-1, 0, 59 * 60_000, 2 * hourMs, 24 * hourMs, 25 * hourMs].map((lateMs) => verdictAt(nowMs - lateMs, nowMs, policy));
}

it('what a due run does depends on how late it is and on the policy', () => {
expect(verdicts('post')).toEqual(['wait', 'post', 'post', 'late', 'late', 'missed']);
  expect(verdicts('skip')).toEqual(['wait', 'post', 'post', 'missed', 'missed', 'missed']);
  expect(verdicts('next')).toEqual(['wait', 'post', 'post', 'next', 'next', 'next']);
});

it('nothing in the past is a slot', () => {
  assert(
    property(integer({ min: 0, max: 10 * 365 }), boolean(), (day, exact) => {
      const afterMs = Date.UTC(2024, 0, 1, 18) + day * dayMs + (exact ? 0 : 1);
      expect(take('daily 18:00', 1, 'UTC', afterMs)[0]!.atMs).toBe(Date.UTC(2024, 0, 2, 18) + day * dayMs);
    }),
    { numRuns: 50 },
  );
});
