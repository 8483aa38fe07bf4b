import type { Range } from '../../../artifacts/schemas/common.js';
import type { Word } from '../../../artifacts/schemas/speech.js';

/** Speech this long without a word that could fill it: a phrase was left out. */
export const unheardLimitUs = 600_000;

/** How long a word can be said for: generous, so that slow and stressed speech is not doubted. */
const wordUs = 350_000;
const characterUs = 90_000;
const ideographUs = 350_000;

export function lengthUs(ranges: readonly Range[]): number {
  return ranges.reduce((sum, range) => sum + range.endUs - range.startUs, 0);
}

/** Speech that no word accounts for, altogether. */
export function unheardUs(words: readonly Word[], islands: readonly Range[]): number {
  return gapsOf(words, islands).reduce((sum, gap) => sum + gap, 0);
}

/** The longest stretch of speech between two words that neither can fill. */
export function longestUnheardUs(words: readonly Word[], islands: readonly Range[]): number {
  return Math.max(0, ...gapsOf(words, islands));
}

/** Speech between consecutive words: alignment stretches the word before a missing phrase, so its plausible length counts. */
function gapsOf(words: readonly Word[], islands: readonly Range[]): number[] {
  const gaps: number[] = [];
  let fromUs = 0;
  for (const word of words) {
    const spokenUs = Math.min(word.endUs - word.startUs, longestSayableUs(word.text));
    // The stretched part may lie on either side of the word: take it as one gap together with the pause before.
    gaps.push(speechBetween(islands, fromUs, word.startUs) + Math.max(0, speechBetween(islands, word.startUs, word.endUs) - spokenUs));
    fromUs = word.endUs;
  }
  gaps.push(speechBetween(islands, fromUs, Infinity));
  return gaps;
}

function longestSayableUs(text: string): number {
  const ideographs = text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{N}]/gu)?.length ?? 0;
  return wordUs + ideographs * ideographUs + (text.length - ideographs) * characterUs;
}

function speechBetween(islands: readonly Range[], startUs: number, endUs: number): number {
  return islands.reduce((sum, island) => sum + Math.max(0, Math.min(island.endUs, endUs) - Math.max(island.startUs, startUs)), 0);
}
