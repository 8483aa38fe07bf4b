import type { Word } from '../artifacts/schemas/speech.js';
import { atomsOf, type Atom } from './atoms.js';
import { columnsOf } from './text-width.js';

/** Words shown together, and when. Pages follow each other without overlap and cover every word once, in order. */
export interface Page {
  /** Indices into the words, both inclusive. */
  first: number;
  last: number;
  startUs: number;
  endUs: number;
}

/** How much one page may hold. A single word or phrase that is larger stands alone. */
export interface PageLimits {
  /** Half-width columns. */
  columns: number;
  /** Words between spaces; phrases in languages without spaces. */
  words: number;
  durationUs: number;
  /** A silence this long always starts a new page. */
  pauseUs: number;
  /** How long a page stays after its last word when nothing follows. */
  lingerUs: number;
}

/** Burnt-in captions: a glance each. */
export const glanceLimits: PageLimits = { columns: 20, words: 5, durationUs: 1_400_000, pauseUs: 500_000, lingerUs: 300_000 };
/** Subtitle files: two lines of 38 columns to read. */
export const readingLimits: PageLimits = { columns: 76, words: 16, durationUs: 6_000_000, pauseUs: 900_000, lingerUs: 500_000 };

/** A page may hold somewhat more, at a price, when a scrap would remain otherwise. */
const mostOverfull = 1.3;
/** What is on screen for less is hardly read. */
const shortestGlanceUs = 700_000;

const sentenceEnd = /[.!?…。！？｡؟।]["'”’»)\]」』）]*$/u;
const clauseEnd = /[,;:،、，；：—–]["'”’»)\]」』）]*$/u;

/**
 * Divides words into pages: always at pauses and sentence ends, between them where the pages come out most even,
 * preferably after a comma and without a word left over.
 *
 * @param words in order of time; overlapping times are tolerated
 * @param durationUs end of the timeline, after which nothing is shown
 * @param breaksUs times that no page reaches across, in order: there the picture goes to another place
 */
export function pageWords(words: readonly Word[], language: string, limits: PageLimits, durationUs: number, breaksUs: readonly number[] = []): Page[] {
  const groups: { first: number; last: number }[] = [];
  let start = 0;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index];
    const next = words[index + 1];
    if (!word) continue;
    const goesOn = next && next.startUs - word.endUs < limits.pauseUs && breakAfter(word.startUs, breaksUs, next.startUs) === undefined;
    if (goesOn && !(sentenceEnd.test(word.text) && (next.spaceBefore || !/^[\p{P}\p{N}]/u.test(next.text)))) continue;
    for (const atoms of evenly(atomsOf(words, start, index, language), words, limits)) groups.push(atoms);
    start = index + 1;
  }
  return groups.map((group, n) => timed(group, words, groups[n + 1], limits, breakAfter(words[group.first]?.startUs ?? 0, breaksUs, durationUs) ?? durationUs));
}

/** The first break after `us`, and at `mostUs` or before. */
function breakAfter(us: number, breaksUs: readonly number[], mostUs: number): number | undefined {
  return breaksUs.find((breakUs) => breakUs > us && breakUs <= mostUs);
}

/** @param durationUs the last instant at which the page may be shown */
function timed(group: { first: number; last: number }, words: readonly Word[], next: { first: number } | undefined, limits: PageLimits, durationUs: number): Page {
  const startUs = words[group.first]?.startUs ?? 0;
  const spokenUs = Math.max(startUs, words[group.last]?.endUs ?? startUs);
  const nextUs = next ? (words[next.first]?.startUs ?? durationUs) : durationUs;
  // Up to the next page when it follows closely, so that captions do not flicker.
  const wantedUs = nextUs - spokenUs < limits.pauseUs ? nextUs : spokenUs + limits.lingerUs;
  return { ...group, startUs, endUs: Math.max(startUs, Math.min(wantedUs, nextUs, durationUs)) };
}

/** Shortest-path division of one breath into pages: least total cost over all allowed divisions. */
function evenly(atoms: readonly Atom[], words: readonly Word[], limits: PageLimits): { first: number; last: number }[] {
  const best: { cost: number; from: number }[] = [{ cost: 0, from: 0 }];
  for (let end = 1; end <= atoms.length; end += 1) {
    let choice = { cost: Number.POSITIVE_INFINITY, from: end - 1 };
    for (let from = end - 1; from >= 0; from -= 1) {
      const cost = pageCost(atoms, from, end, words, limits);
      if (cost === undefined) break;
      const total = (best[from]?.cost ?? 0) + cost;
      if (total < choice.cost) choice = { cost: total, from };
    }
    best.push(choice);
  }
  const pages: { first: number; last: number }[] = [];
  for (let end = atoms.length; end > 0; ) {
    const from = best[end]?.from ?? end - 1;
    pages.unshift({ first: atoms[from]?.first ?? 0, last: atoms[end - 1]?.last ?? 0 });
    end = from;
  }
  return pages;
}

/** Undefined when atoms [from, end) do not fit one page. */
function pageCost(atoms: readonly Atom[], from: number, end: number, words: readonly Word[], limits: PageLimits): number | undefined {
  const page = atoms.slice(from, end);
  const columns = page.reduce((sum, atom, index) => sum + columnsOf(atom.text) + (index > 0 && atom.spaceBefore ? 1 : 0), 0);
  const first = page[0];
  const last = page.at(-1);
  if (!first || !last) return undefined;
  const startUs = words[first.first]?.startUs ?? 0;
  const spokenUs = (words[last.last]?.endUs ?? 0) - startUs;
  if (page.length > 1 && (columns > limits.columns * mostOverfull || page.length > limits.words || spokenUs > limits.durationUs * mostOverfull)) return undefined;
  const fullness = Math.min(1, Math.max(columns / limits.columns, spokenUs / limits.durationUs));
  const lonely = page.length === 1 && columns < limits.columns / 2 ? 0.6 : 0;
  const closed = clauseEnd.test(last.text) ? -0.3 : 0;
  const straddled = page.slice(0, -1).some((atom) => clauseEnd.test(atom.text)) ? 0.25 : 0;
  // Within a breath the next page begins with the next word; after it the page may linger.
  const shownUs = end < atoms.length ? (words[last.last + 1]?.startUs ?? 0) - startUs : spokenUs + limits.lingerUs;
  const hasty = Math.max(0, 1 - shownUs / shortestGlanceUs);
  const crowded = page.length === 1 ? 0 : 6 * (Math.max(0, columns / limits.columns - 1) + Math.max(0, spokenUs / limits.durationUs - 1));
  return 1 + crowded + 2 * (1 - fullness) ** 2 + lonely + closed + straddled + 3 * hasty;
}
