import type { Rational } from '../../artifacts/schemas/common.js';

/** Rates that players and platforms expect, exact. */
const common: readonly Rational[] = [
  { num: 24_000, den: 1001 },
  { num: 24, den: 1 },
  { num: 25, den: 1 },
  { num: 30_000, den: 1001 },
  { num: 30, den: 1 },
  { num: 48, den: 1 },
  { num: 50, den: 1 },
  { num: 60_000, den: 1001 },
  { num: 60, den: 1 },
];

/** Rates a source of varying speed is put on: each of them is smooth on every screen. */
const grids: readonly Rational[] = [24, 25, 30, 50, 60].map((num) => ({ num, den: 1 }));

/** Frames by which a count may be off without the rate being variable. */
const edgeFrames = 1.5;

const fastest = 60;
/** Below this, burned-in captions and camera moves would visibly stutter. */
const slowest = 20;

/** `30000/1001` as ffprobe prints it; undefined for `0/0` and the like. */
export function parseRate(text: string | undefined): Rational | undefined {
  const [num, den] = (text ?? '').split(/[/:]/).map(Number);
  return num !== undefined && den !== undefined && Number.isSafeInteger(num) && Number.isSafeInteger(den) && num > 0 && den > 0 ? { num, den } : undefined;
}

/**
 * The grid that clips of a source are rendered on, and whether the source itself keeps to one.
 *
 * `average` counts frames over time; `base` is the finest step between time stamps that ffprobe saw. Where they differ, frames come
 * at varying distances and a base rate that is not much faster than the average is the grid they were taken from.
 *
 * @param seconds length of the stream, where known: a frame more or less at its edges (edit lists, a last frame without length) shifts
 * the average of a short one
 */
export function outputRate(average: Rational | undefined, base: Rational | undefined, seconds = Infinity): { fps: Rational; variable: boolean } {
  const mean = average ?? base;
  if (!mean) return { fps: { num: 30, den: 1 }, variable: true };
  const differs = base !== undefined && Math.abs(rateOf(base) / rateOf(mean) - 1) > 0.005;
  if (base !== undefined && differs && Math.abs(rateOf(base) - rateOf(mean)) * seconds <= edgeFrames) return { fps: withinLimits(snapped(base)), variable: false };
  const variable = differs;
  if (!variable) return { fps: withinLimits(snapped(mean)), variable };
  const snappedBase = base && nearestCommon(base);
  if (snappedBase && (rateOf(snappedBase) <= 30.01 || rateOf(mean) > 0.55 * rateOf(snappedBase))) return { fps: snappedBase, variable };
  return { fps: grids.find((rate) => rateOf(rate) >= rateOf(mean) * 0.995) ?? { num: fastest, den: 1 }, variable };
}

function snapped(rate: Rational): Rational {
  return nearestCommon(rate) ?? reduced(rate.num, rate.den);
}

/** The nearest common rate, when it is nearer than measuring a few seconds of it could be wrong. */
function nearestCommon(rate: Rational): Rational | undefined {
  const distance = (to: Rational): number => Math.abs(rateOf(rate) / rateOf(to) - 1);
  const nearest = common.reduce((best, next) => (distance(next) < distance(best) ? next : best));
  return distance(nearest) <= 0.003 ? nearest : undefined;
}

/** Whole multiples and fractions, so that every source frame still falls on the grid. */
function withinLimits(rate: Rational): Rational {
  const value = rateOf(rate);
  if (value > fastest) return snapped(reduced(rate.num, rate.den * Math.ceil(value / (fastest + 0.01))));
  if (value < slowest) return snapped(reduced(rate.num * Math.ceil(24 / value), rate.den));
  return rate;
}

function rateOf({ num, den }: Rational): number {
  return num / den;
}

function reduced(num: number, den: number): Rational {
  const divisor = greatestCommonDivisor(num, den);
  return { num: num / divisor, den: den / divisor };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
