import type { Word } from '../../artifacts/schemas/speech.js';

/** In order of time, none reaching into the next and none empty: what every later stage relies on. */
export function orderWords(words: readonly Word[]): Word[] {
  const ordered = words.map((word) => ({ ...word })).toSorted((a, b) => a.startUs - b.startUs || a.endUs - b.endUs);
  let earliestUs = 0;
  for (const [i, word] of ordered.entries()) {
    const nextUs = ordered[i + 1]?.startUs ?? Infinity;
    word.startUs = Math.max(word.startUs, earliestUs);
    word.endUs = Math.max(word.startUs + 1, Math.min(word.endUs, nextUs));
    earliestUs = word.endUs;
  }
  const first = ordered[0];
  if (first) first.spaceBefore = false;
  return ordered;
}
