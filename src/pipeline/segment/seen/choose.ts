import type { Candidate, Moment } from '../../../artifacts/schemas/selection.js';
import type { Chosen, Wish } from '../choose.js';
import { clock } from '../clock-text.js';
import { lineageOf } from '../lineage.js';
import { fewer, keep, mainReasons, wantedClips } from '../outcome.js';
import { type Rankable, select, worthPoints } from '../select.js';
import { seenScorer } from './score.js';
import type { SeenWindow, View } from './view.js';
import { seenWindows } from './windows.js';

interface RankedWindow extends Rankable, SeenWindow {
  scoreParts: Record<string, number>;
}

const none: ReadonlySet<string> = new Set();

/** Chooses the moments of a source without sound by what is seen; the same view and wish always give the same answer. */
export function chooseSeen(view: View, wish: Wish): Chosen {
  const notices: Chosen['notices'] = [];
  const wanted = wantedClips(wish.clips, view.durationUs);
  const score = seenScorer(view, wish);
  const ranked = seenWindows(view, wish).map((window): RankedWindow => {
    // What begins in one shot is about one thing.
    const topic = view.shots.findIndex(({ startUs, endUs }) => window.startUs >= startUs && window.startUs < endUs);
    return { ...window, ...score(window), id: `v${millis(window.startUs)}-${millis(window.endUs)}`, first: window.startUs, last: window.endUs, topic, content: none };
  });
  const { chosen, reasonFor } = select(ranked, wanted, view.durationUs);
  // One record for each beginning: the chosen window, else the best one.
  const best = new Map<number, RankedWindow>();
  for (const one of ranked) if ((best.get(one.first)?.score ?? Number.NEGATIVE_INFINITY) < one.score) best.set(one.first, one);
  for (const one of chosen) best.set(one.first, one);
  const records = [...best.values()].map((one): Candidate => {
    const isChosen = chosen.includes(one);
    return {
      id: one.id,
      ranges: [{ startUs: one.startUs, endUs: one.endUs }],
      firstSentence: null,
      lastSentence: null,
      topic: null,
      score: one.score,
      scoreParts: one.scoreParts,
      state: isChosen ? 'selected' : 'rejected',
      reason: isChosen ? reasonChosen(one) : (faultOf(one) ?? reasonFor(one)),
      text: '',
    };
  });
  if (chosen.length === 0) {
    notices.push({ code: 'NO_CANDIDATE', message: `no passage is worth showing: ${mainReasons(records)}`, remedy: 'Cut by hand with snvg render --cut, or try other --min-length and --max-length.', severity: 'degraded' });
  } else if (chosen.length < wanted) notices.push(fewer(chosen.length, wanted, wish.clips !== null, records));
  const candidates = keep(records, notices);
  return { candidates: { schemaVersion: 1, topics: [], candidates }, selection: { schemaVersion: 1, language: 'und', moments: momentsOf(view, chosen) }, notices };
}

function momentsOf(view: View, chosen: readonly RankedWindow[]): Moment[] {
  const byWorth = chosen.toSorted((a, b) => b.score - a.score || a.startUs - b.startUs);
  return chosen.map((one, at): Moment => {
    const ranges = [{ startUs: one.startUs, endUs: one.endUs }];
    return {
      index: at + 1,
      rank: byWorth.indexOf(one) + 1,
      candidateId: one.id,
      lineage: lineageOf(view.sourceSha256, ranges),
      ranges,
      // Nothing is said that could name it: where it comes from is the truth.
      title: `${view.name} ${clock(one.startUs)}`.trim(),
      description: '',
      hashtags: [],
      score: one.score,
      scoreParts: one.scoreParts,
      reason: reasonChosen(one),
      notices: [],
      edges: { pauseBeforeUs: 0, pauseAfterUs: 0, firstWord: '', lastWord: '' },
    };
  });
}

/** What a part near its most says in words, in order of weight. */
const phrases: readonly { part: string; from: number; words: string }[] = [
  { part: 'movement', from: 16, words: 'much moves' },
  { part: 'variety', from: 10, words: 'several views' },
  { part: 'shape', from: 12, words: 'begins and ends with a shot' },
  { part: 'colour', from: 6, words: 'rich in colour' },
  { part: 'sharpness', from: 8, words: 'sharp' },
  { part: 'light', from: 9, words: 'well lit' },
  { part: 'length', from: 8, words: 'a good length' },
];

function reasonChosen({ score, scoreParts, startUs, endUs }: RankedWindow): string {
  const strong = phrases.filter(({ part, from }) => (scoreParts[part] ?? 0) >= from).slice(0, 3);
  return `chosen by what is seen, with ${score.toFixed(1)} points in ${Math.round((endUs - startUs) / 1_000_000)} s: ${strong.length > 0 ? strong.map(({ words }) => words).join(', ') : 'the best there is here'}`;
}

/** Why a window below the worth of a clip is, in plain words. */
function faultOf({ score, scoreParts }: RankedWindow): string | null {
  if (score >= worthPoints) return null;
  const faults = [
    { part: 'dark', from: -20, words: 'the picture is black or empty' },
    { part: 'still', from: -20, words: 'the picture stands still' },
    { part: 'card', from: -10, words: 'the picture is one flat tone' },
  ].filter(({ part, from }) => (scoreParts[part] ?? 0) <= from);
  return faults.length === 0 ? null : `${faults.map(({ words }) => words).join(' and ')} (${score.toFixed(1)} points, at least ${worthPoints} make a clip)`;
}

function millis(us: number): number {
  return Math.round(us / 1000);
}
