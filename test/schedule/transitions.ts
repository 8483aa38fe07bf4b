import { constantFrom, integer, record, type Arbitrary } from 'fast-check';
import { wallMs, wallTimeOf } from '../../src/schedule/zone.js';

const dayMs = 86_400_000;

/** Zones of all kinds of rules: half hours, southern summers, changes at midnight, Ramadan, none. */
const zones = Intl.supportedValuesOf('timeZone').filter((_, index) => index % 7 === 0).concat('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Casablanca', 'America/Santiago', 'Asia/Beirut', 'Asia/Tokyo', 'UTC');

/** Days of a year (UTC midnight) on which the offset changes; looked for within spans of ten days whose ends differ. */
function changes(zone: string, year: number): number[] {
  const offset = (atMs: number): number => wallMs(wallTimeOf(atMs, zone)) - atMs;
  const found: number[] = [];
  for (let start = Date.UTC(year, 0, 1); start < Date.UTC(year + 1, 0, 1); start += 10 * dayMs) {
    if (offset(start) === offset(start + 10 * dayMs)) continue;
    for (let day = start; day < start + 10 * dayMs; day += dayMs) if (offset(day) !== offset(day + dayMs)) found.push(day);
  }
  return found;
}

/** A quarter of an hour near a change of clocks, as if it were UTC; in zones without changes, anywhere. */
export const nearChange: Arbitrary<{ zone: string; asUtcMs: number }> = record({ zone: constantFrom(...zones), year: integer({ min: 2012, max: 2035 }), pick: integer({ min: 0, max: 9 }), quarters: integer({ min: -60, max: 160 }) }).map(({ zone, year, pick, quarters }) => {
  const days = changes(zone, year);
  const day = days[pick % Math.max(1, days.length)] ?? Date.UTC(year, pick, 9);
  return { zone, asUtcMs: day + quarters * 900_000 };
});
