import type { Candidate as CandidateRecord, Candidates, Moment, Selection } from '../../artifacts/schemas/selection.js';
import type { Notice } from '../notice.js';
import { clock } from './clock-text.js';
import { describe } from './describe.js';
import { lineageOf } from './lineage.js';
import { backgroundOf, type Background } from './score/background.js';
import { score } from './score/index.js';
import type { Window } from './score/parts.js';
import { reasonChosen } from './reasons.js';
import { fewer, keep, mainReasons, wantedClips } from './outcome.js';
import { select, type Choice, type Ranked } from './select.js';
import type { Talk } from './talk.js';
import { findWindows, type Limits, type Refused, type Windows } from './windows.js';

export interface Wish extends Limits {
  /** Null: as many as the source has minutes, 1 to 9. */
  clips: number | null;
}

export interface Chosen {
  candidates: Candidates;
  selection: Selection;
  notices: Omit<Notice, 'stage'>[];
}

/** A source with less speech than the shortest clip still gives one from this length on. */
const leastUs = 5_000_000;

/** Chooses the moments of a talk; the same talk and wish always give the same answer. */
export function choose(talk: Talk, wish: Wish): Chosen {
  const notices: Chosen['notices'] = [];
  const background = backgroundOf(talk);
  const wanted = wantedClips(wish.clips, talk.durationUs);
  const { windows, limits, count } = withinReach(talk, wish, wanted, notices);
  const ranked = windows.candidates.map((candidate): Ranked => {
    const scored = measure(talk, background, candidate, limits);
    return { ...candidate, ...scored, id: idOf(candidate), topic: topicOf(talk, candidate), content: contentOf(talk, candidate) };
  });
  const choice = select(ranked, count, talk.durationUs);
  const records = recordsOf({ talk, background, limits, windows, ranked, choice });
  const moments = momentsOf(talk, background, choice);
  if (moments.length === 0) notices.push(noCandidate(talk, records));
  else if (moments.length < wanted && count === wanted) notices.push(fewer(moments.length, wanted, wish.clips !== null, records));
  for (const moment of moments) notices.push(...moment.notices);
  const candidates = keep(records, notices);
  const topics = talk.topics.map((topic) => {
    const lines = talk.lines.slice(topic.firstSentence, topic.lastSentence + 1);
    return { ...topic, startUs: lines[0]!.startUs, endUs: lines.at(-1)!.endUs, title: describe(lines, background).title };
  });
  return {
    candidates: { schemaVersion: 1, topics, candidates },
    selection: { schemaVersion: 1, language: talk.language, moments },
    notices,
  };
}

/**
 * The windows within the limits asked for. Where none keeps the rules, an over-long sentence may be divided at its pauses; where
 * the speech does not reach the shortest length, or still nothing fits, one shorter clip is allowed and said so.
 */
function withinReach(talk: Talk, wish: Wish, wanted: number, notices: Chosen['notices']): { windows: Windows; limits: Limits; count: number } {
  const asked: Limits = { minLengthUs: wish.minLengthUs, maxLengthUs: wish.maxLengthUs };
  const windows = findWindows(talk, asked);
  if (windows.candidates.length > 0 || talk.lines.length === 0) return { windows, limits: asked, count: wanted };
  const dividing = { ...asked, divideSentences: true };
  const divided = findWindows(talk, dividing);
  if (divided.candidates.length > 0) return { windows: divided, limits: dividing, count: wanted };
  const relaxed = { ...dividing, minLengthUs: leastUs };
  const shorter = asked.minLengthUs > leastUs ? findWindows(talk, relaxed) : divided;
  if (shorter.candidates.length === 0) return { windows, limits: asked, count: wanted };
  const speechUs = talk.lines.at(-1)!.endUs - talk.lines[0]!.startUs;
  const seconds = Math.round(asked.minLengthUs / 1_000_000);
  notices.push({
    code: 'SHORT_CLIP',
    message:
      speechUs < asked.minLengthUs
        ? `the source has ${Math.round(speechUs / 1_000_000)} s of speech, less than the shortest clip of ${seconds} s: one shorter clip was made`
        : `no passage of at least ${seconds} s can be cut without breaking a sentence, an answer or a false start: one shorter clip was made`,
    remedy: 'Give a smaller --min-length to choose freely among short passages.',
    severity: 'degraded',
  });
  return { windows: shorter, limits: relaxed, count: 1 };
}

function measure(talk: Talk, background: Background, window: Window, limits: Limits): { score: number; scoreParts: Record<string, number> } {
  const lines = talk.lines.slice(window.first, window.last + 1);
  return score({ talk, background, window, lines, text: textOf(talk, window), limits });
}

function textOf(talk: Talk, { first, last }: Pick<Window, 'first' | 'last'>): string {
  const lines = talk.lines.slice(first, last + 1);
  return lines.map((line, at) => (at > 0 && talk.words[line.firstWord]!.spaceBefore ? ' ' : '') + line.text).join('');
}

function contentOf(talk: Talk, { first, last }: Window): ReadonlySet<string> {
  return new Set(talk.lines.slice(first, last + 1).flatMap((line) => line.content));
}

function topicOf(talk: Talk, { first, last }: Window): number {
  return talk.lines[Math.floor((first + last) / 2)]!.topic;
}

function idOf({ first, last }: Window): string {
  return `s${first}-${last}`;
}

/** One record for each sentence as a beginning: the chosen window, else the best one, else the reason there is none. */
function recordsOf(known: { talk: Talk; background: Background; limits: Limits; windows: Windows; ranked: readonly Ranked[]; choice: Choice }): CandidateRecord[] {
  const { talk, background, limits, windows, ranked, choice } = known;
  const record = (window: Window, scored: { score: number; scoreParts: Record<string, number> }, state: CandidateRecord['state'], reason: string): CandidateRecord => ({
    id: idOf(window),
    ranges: [{ startUs: window.startUs, endUs: window.endUs }],
    firstSentence: window.first,
    lastSentence: window.last,
    topic: topicOf(talk, window),
    ...scored,
    state,
    reason,
    text: textOf(talk, window),
  });
  const best = new Map<number, Ranked>();
  for (const one of ranked) if ((best.get(one.first)?.score ?? Number.NEGATIVE_INFINITY) < one.score) best.set(one.first, one);
  for (const one of choice.chosen) best.set(one.first, one);
  const accepted = [...best.values()].map((one) => {
    const chosen = choice.chosen.includes(one);
    return record(one, { score: one.score, scoreParts: one.scoreParts }, chosen ? 'selected' : 'rejected', chosen ? reasonChosen(one) : choice.reasonFor(one));
  });
  const refused = windows.refused.map((one: Refused) => record(one, measure(talk, background, one, limits), 'rejected', one.reason));
  return [...accepted, ...refused].toSorted((a, b) => (a.firstSentence ?? 0) - (b.firstSentence ?? 0));
}

function momentsOf(talk: Talk, background: Background, { chosen }: Choice): Moment[] {
  const byWorth = chosen.toSorted((a, b) => b.score - a.score || a.startUs - b.startUs);
  return chosen.map((one, at): Moment => {
    const lines = talk.lines.slice(one.first, one.last + 1);
    const index = at + 1;
    const ranges = [{ startUs: one.startUs, endUs: one.endUs }];
    const retakes = talk.retakes.filter((retake) => retake.firstSentence <= one.last && retake.lastSentence >= one.first);
    return {
      index,
      rank: byWorth.indexOf(one) + 1,
      candidateId: one.id,
      lineage: lineageOf(talk.sourceSha256, ranges),
      ranges,
      ...describe(lines, background),
      score: one.score,
      scoreParts: one.scoreParts,
      reason: reasonChosen(one),
      notices: retakes.map((retake) => ({
        code: 'RETAKE_KEPT',
        stage: 'segment',
        message: `clip ${String(index).padStart(2, '0')} holds a false start at ${clock(talk.lines[retake.firstSentence]!.startUs)} (“${retake.evidence}”)`,
        remedy: 'Watch it, and cut the passage out of the source if it should not be seen.',
        severity: 'degraded',
      })),
      edges: {
        pauseBeforeUs: one.before.pauseUs,
        pauseAfterUs: one.after.pauseUs,
        firstWord: talk.words[lines[0]!.firstWord]!.text,
        lastWord: talk.words[lines.at(-1)!.lastWord]!.text,
      },
    };
  });
}

function noCandidate(talk: Talk, records: readonly CandidateRecord[]): Omit<Notice, 'stage'> {
  const why = talk.lines.length === 0 ? 'no speech was found' : `no passage can be made into a clip: ${mainReasons(records)}`;
  return { code: 'NO_CANDIDATE', message: why, remedy: talk.lines.length === 0 ? 'Check that the right audio track is used and that somebody speaks.' : 'Try other --min-length and --max-length.', severity: 'degraded' };
}
