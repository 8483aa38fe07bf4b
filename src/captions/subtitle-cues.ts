import type { Word } from '../artifacts/schemas/speech.js';
import { atomsOf, joinWords } from './atoms.js';
import type { Cue } from './cue.js';
import { pageWords, readingLimits } from './page-words.js';
import { columnsOf } from './text-width.js';

const lineColumns = 38;

/** The cues of a subtitle file: up to two even lines each, made to be read, unlike the glances burnt into the picture. Times on the clip, on whole ms. No cue reaches across a break. */
export function subtitleCues(words: readonly Word[], language: string, durationUs: number, breaksUs: readonly number[] = []): Cue[] {
  return pageWords(words, language, readingLimits, durationUs, breaksUs)
    .map((page) => ({
      startUs: Math.floor(page.startUs / 1000) * 1000,
      endUs: Math.floor(page.endUs / 1000) * 1000,
      text: twoLines(words, page.first, page.last, language),
    }))
    .filter((cue) => cue.endUs > cue.startUs);
}

function twoLines(words: readonly Word[], first: number, last: number, language: string): string {
  const whole = joinWords(words.slice(first, last + 1));
  if (columnsOf(whole) <= lineColumns) return whole;
  const options = atomsOf(words, first, last, language)
    .slice(1)
    .map(({ first: border }) => [joinWords(words.slice(first, border)), joinWords(words.slice(border, last + 1))] as const);
  return options.length === 0 ? whole : options.reduce((best, next) => (widest(next) < widest(best) ? next : best)).join('\n');
}

function widest(lines: readonly string[]): number {
  return Math.max(...lines.map(columnsOf));
}
