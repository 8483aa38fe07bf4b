import { opensThread, outsideReferences, unnamedReference } from '../../../text/openings.js';
import type { Line, Talk } from '../talk.js';
import { ramp, type Scored } from './parts.js';

/** −14…15: does it begin where something begins, and end where a thought has ended? */
export function completeness(scored: Scored): number {
  return beginning(scored) + ending(scored);
}

function beginning({ talk, lines }: Scored): number {
  const first = lines[0]!;
  const previous = talk.lines[first.index - 1];
  if (!previous || previous.topic !== first.topic) return 5;
  if (first.question || opensThread(first.text, first.language)) return 4;
  return pausePoints(talk, first.pauseBeforeUs, 4);
}

function ending({ talk, lines }: Scored): number {
  const last = lines.at(-1)!;
  const next = talk.lines[last.index + 1];
  if (!next) return 10;
  const marked = /[\p{Sentence_Terminal}…"'”’」』)]$/u.test(last.text);
  let points = (last.fragment.end ? -8 : marked ? 2 : 0) + pausePoints(talk, last.pauseAfterUs, 4);
  if (next.topic !== last.topic || next.question || opensThread(next.text, next.language)) points += 4;
  // The speaker goes straight on with the same thought.
  if (next.opening?.kind === 'hard' && !next.question) points -= 6;
  else if (next.opening?.kind === 'soft' && !next.question) points -= 3;
  if (last.answers !== null && next.answers === last.answers) points -= 3;
  return Math.max(-14, points);
}

/** A pause counts by how it compares with the usual one between two sentences. */
function pausePoints(talk: Talk, pauseUs: number, points: number): number {
  return ramp(pauseUs / Math.max(150_000, talk.medianPauseUs), 0.8, 2, points);
}

/** −8…8: can it be understood without the rest? "As you can see", "this slide", an unnamed "she" and a lost thread cost. */
export function selfContained({ lines, talk }: Scored): number {
  const outside = lines.reduce((sum, line) => sum + outsideReferences(line.text, line.language), 0);
  const early = lines.slice(0, 2).every((line) => line.content.length === 0) ? 3 : 0;
  const border = lines.some((line, at) => at >= 2 && at < lines.length - 1 && line.topic !== talk.lines[line.index - 1]!.topic) ? 4 : 0;
  return Math.max(-8, 8 - 4 * outside - early - border - (unnamedReference(lines[0]!.text, lines[0]!.language) ? 5 : 0));
}

/** 0…8: a question is asked and answered inside. */
export function answer({ lines, talk }: Scored): number {
  const lastInside = lines.at(-1)!.index;
  let best = 0;
  for (const line of lines) {
    if (!line.question) continue;
    let lasts = 0;
    for (let next = line.index + 1; talk.lines[next]?.answers === line.index; next += 1) lasts += 1;
    if (lasts > 0) best = Math.max(best, (8 * Math.min(lasts, lastInside - line.index)) / lasts);
  }
  return best;
}

/** 0…10: 25–40 s is liked best; falls to 0 at half and at twice that. The limits asked for come first. */
export function length({ window, limits }: Scored): number {
  const seconds = (window.endUs - window.startUs) / 1_000_000;
  const low = Math.min(Math.max(25, limits.minLengthUs / 1_000_000), limits.maxLengthUs / 1_000_000);
  const high = Math.max(Math.min(40, limits.maxLengthUs / 1_000_000), low);
  return Math.min(ramp(seconds, low / 2, low, 10), ramp(-seconds, -2 * high, -high, 10));
}

/** −10…0: a point for each second without words beyond 2.5 s in one gap: music, silence, applause. */
export function silence({ talk, lines }: Scored): number {
  let lostUs = 0;
  for (let word = lines[0]!.firstWord + 1; word <= lines.at(-1)!.lastWord; word += 1) {
    const gapUs = talk.words[word]!.startUs - talk.words[word - 1]!.endUs;
    lostUs += Math.max(0, gapUs - 2_500_000);
  }
  return -Math.min(10, lostUs / 1_000_000);
}

/** −24…0: a false start that is said again inside costs 12. */
export function retake({ lines }: Scored): number {
  return -Math.min(24, 12 * new Set(lines.map((line) => line.retake).filter((found: Line['retake']) => found !== null)).size);
}
