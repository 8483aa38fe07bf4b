import { clock } from './clock-text.js';
import type { Candidate } from './windows.js';

/** A window with its score, as far as choosing among windows needs to know it. */
export interface Rankable {
  id: string;
  /** Windows with one `first` begin alike; a larger `last` ends later. */
  first: number;
  last: number;
  startUs: number;
  endUs: number;
  topic: number;
  score: number;
  /** Distinct content words. */
  content: ReadonlySet<string>;
}

/** A candidate with its score. */
export interface Ranked extends Candidate, Rankable {
  scoreParts: Record<string, number>;
}

/** Below this a passage is not worth a clip. */
export const worthPoints = 20;
/** Two clips that share this much of the smaller one's words say the same. */
const sameShare = 0.6;
/** Points a clip loses in the choice for standing right after another (less and less up to half of an even spacing), or in its topic. */
const closePoints = 5;
const sameTopicPoints = 2;
/** More windows than this are not weighed against each other. */
const poolSize = 600;

export interface Choice<T extends Rankable = Ranked> {
  /** In the order of the timeline. */
  chosen: T[];
  /** Why a candidate was not chosen. */
  reasonFor(candidate: T): string;
}

/**
 * Chooses up to `count` windows that do not overlap and together score highest: weighted interval scheduling with a fixed
 * number of intervals, exact over the best 600 windows, less a little for clips that crowd together or share a topic. As many as
 * possible are taken, up to `count`. Of two that say the same the better one stays and the choice is made again.
 */
export function select<T extends Rankable>(ranked: readonly T[], count: number, durationUs: number): Choice<T> {
  const roomUs = durationUs / (2 * count);
  const same = new Map<string, T>();
  let pool = poolOf(ranked);
  for (;;) {
    const chosen = schedule(pool, count, roomUs);
    const pair = closestPair(chosen);
    if (!pair) return { chosen, reasonFor: (candidate) => reasonFor(candidate, chosen, same) };
    const [kept] = pair;
    const doubles = pool.filter((other) => !overlaps(other, kept) && sharedWords(other, kept) >= sameShare);
    for (const double of doubles) same.set(double.id, kept);
    pool = pool.filter((other) => !same.has(other.id));
  }
}

/** The best three endings of each beginning and its shortest one, which leaves most room for others. */
function poolOf<T extends Rankable>(ranked: readonly T[]): T[] {
  const byStart = new Map<number, T[]>();
  for (const one of ranked) if (one.score >= worthPoints) byStart.set(one.first, [...(byStart.get(one.first) ?? []), one]);
  const pool = new Set<T>();
  for (const group of byStart.values()) {
    for (const one of group.toSorted(better).slice(0, 3)) pool.add(one);
    pool.add(group.reduce((shortest, one) => (one.last < shortest.last ? one : shortest)));
  }
  return [...pool].toSorted(better).slice(0, poolSize);
}

function better(a: Rankable, b: Rankable): number {
  return b.score - a.score || a.startUs - b.startUs || a.endUs - b.endUs;
}

function schedule<T extends Rankable>(pool: readonly T[], count: number, roomUs: number): T[] {
  const byEnd = pool.toSorted((a, b) => a.endUs - b.endUs || a.startUs - b.startUs);
  // total[n][i]: the best sum of n + 1 windows of which window i is the last.
  const total: number[][] = [byEnd.map((one) => one.score)];
  const from: number[][] = [byEnd.map(() => -1)];
  for (let n = 1; n < count; n += 1) {
    const sums = byEnd.map(() => Number.NEGATIVE_INFINITY);
    const links = byEnd.map(() => -1);
    for (const [i, one] of byEnd.entries()) {
      for (let j = 0; j < i && byEnd[j]!.endUs <= one.startUs; j += 1) {
        const sum = total[n - 1]![j]! + one.score - nearness(byEnd[j]!, one, roomUs);
        if (sum > sums[i]!) [sums[i], links[i]] = [sum, j];
      }
    }
    if (sums.every((sum) => sum === Number.NEGATIVE_INFINITY)) break;
    total.push(sums);
    from.push(links);
  }
  let at = byEnd.length === 0 ? -1 : indexOfMax(total.at(-1)!);
  const chosen: T[] = [];
  for (let n = total.length - 1; n >= 0 && at >= 0; n -= 1) {
    chosen.push(byEnd[at]!);
    at = from[n]![at]!;
  }
  return chosen.toReversed();
}

function nearness(earlier: Rankable, later: Rankable, roomUs: number): number {
  const crowding = Math.max(0, 1 - (later.startUs - earlier.endUs) / roomUs);
  return closePoints * crowding + (later.topic === earlier.topic ? sameTopicPoints : 0);
}

function indexOfMax(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value > values[best]! ? index : best), 0);
}

/** The better and the lesser of two chosen that say the same, or null. */
function closestPair<T extends Rankable>(chosen: readonly T[]): [T, T] | null {
  for (const [index, one] of chosen.entries()) {
    for (const other of chosen.slice(index + 1)) {
      if (sharedWords(one, other) >= sameShare) return better(one, other) <= 0 ? [one, other] : [other, one];
    }
  }
  return null;
}

/** 0…1: how much of the smaller one's vocabulary the other has too. */
function sharedWords(a: Rankable, b: Rankable): number {
  const [small, large] = a.content.size <= b.content.size ? [a.content, b.content] : [b.content, a.content];
  if (small.size === 0) return 0;
  let shared = 0;
  for (const word of small) if (large.has(word)) shared += 1;
  return shared / small.size;
}

function overlaps(a: Pick<Rankable, 'startUs' | 'endUs'>, b: Pick<Rankable, 'startUs' | 'endUs'>): boolean {
  return a.startUs < b.endUs && b.startUs < a.endUs;
}

function reasonFor(candidate: Rankable, chosen: readonly Rankable[], same: ReadonlyMap<string, Rankable>): string {
  const name = (one: Rankable): string => String(chosen.indexOf(one) + 1).padStart(2, '0');
  const points = candidate.score.toFixed(1);
  if (candidate.score < worthPoints) return `scores ${points} points, too few to be worth a clip (at least ${worthPoints})`;
  const over = chosen.filter((one) => overlaps(one, candidate));
  const higher = over.find((one) => one.score >= candidate.score);
  if (higher) return `overlaps ${name(higher)}, which scores higher (${higher.score.toFixed(1)} against ${points})`;
  if (over.length > 0) return `overlaps ${over.map(name).join(' and ')}: the chosen clips score more together than with this one (${points})`;
  const double = same.get(candidate.id);
  if (double && chosen.includes(double)) return `says much the same as ${name(double)} at ${clock(double.startUs)}`;
  const least = Math.min(...chosen.map((one) => one.score));
  if (candidate.score <= least) return `scores ${points}, less than each of the ${chosen.length} chosen (${least.toFixed(1)} or more)`;
  return `scores ${points}: the ${chosen.length} chosen score more together than with this one`;
}
