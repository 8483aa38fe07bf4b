import { EdgeFinder, type Edge } from './edges.js';
import { clock } from './clock-text.js';
import type { Window } from './score/parts.js';
import type { Line, Talk } from './talk.js';

export interface Limits {
  minLengthUs: number;
  maxLengthUs: number;
  /** Whether a clip may begin or end at a pause inside an over-long sentence. */
  divideSentences?: boolean;
}

/** A window that may become a clip, with the silences it is cut in. */
export interface Candidate extends Window {
  before: Edge;
  after: Edge;
}

/** A beginning from which no clip may be made, with the reason in plain words. */
export interface Refused extends Window {
  reason: string;
}

export interface Windows {
  candidates: Candidate[];
  refused: Refused[];
  /** How many pairs of a first and a last sentence were looked at. */
  considered: number;
}

/**
 * All windows of whole sentences within the limits that keep the rules: cut only in silences, never begin inside an answer
 * without its question or in a false start, never end on a question whose answer follows or on a broken attempt.
 * Every sentence is tried as a beginning; one that allows no window is returned with the reason.
 */
export function findWindows(talk: Talk, limits: Limits): Windows {
  const edges = new EdgeFinder(talk);
  const before = talk.lines.map((line) => edges.before(line.index));
  const after = talk.lines.map((line) => edges.after(line.index));
  const found: Windows = { candidates: [], refused: [], considered: 0 };
  for (const line of talk.lines) {
    const start = before[line.index]!;
    const badStart = start === null ? `no pause to cut in before “${excerpt(line.text)}”` : startRule(line, talk, limits);
    const reasons: string[] = [];
    let shortest: Window | null = null;
    let made = 0;
    for (let last = line.index; last < talk.lines.length; last += 1) {
      const ending = talk.lines[last]!;
      const startUs = start?.atUs ?? line.startUs;
      const end = after[last]!;
      const window: Window = { first: line.index, last, startUs, endUs: end?.atUs ?? ending.endUs };
      const lengthUs = window.endUs - startUs;
      // One frame is kept from each limit: the renderer moves cuts onto the frame grid.
      if (lengthUs > limits.maxLengthUs - talk.frameUs) break;
      shortest = window;
      if (lengthUs < limits.minLengthUs + talk.frameUs) continue;
      found.considered += 1;
      if (badStart !== null) break;
      const badEnd = end === null ? `no pause to cut in after “${excerpt(ending.text, true)}”` : endRule(ending, talk, limits);
      if (badEnd !== null) {
        reasons.push(badEnd);
        continue;
      }
      found.candidates.push({ ...window, before: start!, after: end! });
      made += 1;
    }
    if (made > 0) continue;
    const window = shortest ?? { first: line.index, last: line.index, startUs: start?.atUs ?? line.startUs, endUs: after[line.index]?.atUs ?? line.endUs };
    found.refused.push({ ...window, reason: badStart ?? reasons[0] ?? lengthReason(window, talk, limits) });
  }
  return found;
}

function startRule(line: Line, talk: Talk, limits: Limits): string | null {
  if (line.fragment.start && !limits.divideSentences) return 'starts in the middle of a sentence';
  if (line.retake) return `starts in a false start (“${excerpt(line.retake.evidence)}”) that is said again at ${clock(talk.lines[line.retake.lastSentence + 1]?.startUs ?? line.endUs)}`;
  if (line.answers !== null) return `starts inside an answer: the question is at ${clock(talk.lines[line.answers]!.startUs)}`;
  return null;
}

function endRule(line: Line, talk: Talk, limits: Limits): string | null {
  if (line.fragment.end && !limits.divideSentences) return 'ends in the middle of a sentence';
  const next = talk.lines[line.index + 1];
  if (line.retake && next) return `ends on a false start that is said again at ${clock(talk.lines[line.retake.lastSentence + 1]?.startUs ?? line.endUs)}`;
  if (line.question && next && next.answers === line.index) return `ends on the question at ${clock(line.startUs)} and leaves out the answer`;
  return null;
}

function lengthReason(window: Window, talk: Talk, limits: Limits): string {
  const restUs = (talk.lines.at(-1)?.endUs ?? 0) - window.startUs;
  if (restUs < limits.minLengthUs) return `only ${seconds(restUs)} s of speech are left from here, the shortest clip is ${seconds(limits.minLengthUs)} s`;
  return `no sentence ends between ${seconds(limits.minLengthUs)} and ${seconds(limits.maxLengthUs)} s after it`;
}

function seconds(us: number): string {
  return String(Math.round(us / 1_000_000));
}

function excerpt(text: string, fromEnd = false): string {
  const letters = [...text];
  if (letters.length <= 32) return text;
  return fromEnd ? `…${letters.slice(-30).join('')}` : `${letters.slice(0, 30).join('')}…`;
}
