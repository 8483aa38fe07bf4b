import { stopWords } from './stop-words.js';
import { wordSegments } from './words.js';

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** Columns a text takes when full-width letters count two; a letter with its marks is one. */
export function displayWidth(text: string): number {
  let columns = 0;
  for (const { segment } of graphemes.segment(text)) columns += isWide(segment) ? 2 : 1;
  return columns;
}

function isWide(grapheme: string): boolean {
  return /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60]|\p{Emoji_Presentation}/u.test(grapheme);
}

/**
 * Shortens a text to at most `columns`, with an ellipsis: at a comma when one stands late enough, else between two words,
 * and not right after "the" or "that". Never cuts a word or a letter with its marks, except a single word longer than the limit.
 */
export function shorten(text: string, columns: number, language: string): string {
  if (displayWidth(text) <= columns) return text;
  let kept = '';
  let clause = '';
  for (const { segment } of wordSegments(text, language)) {
    if (displayWidth(kept + segment) > columns - 1) break;
    if (/^[,;:!?、，；：—–]$/u.test(segment)) clause = kept;
    kept += segment;
  }
  const whole = displayWidth(clause) >= 0.7 * columns ? clause : kept;
  const trimmed = withoutTail(whole, language);
  if (trimmed !== '') return `${trimmed}…`;
  let cut = '';
  for (const { segment } of graphemes.segment(text)) {
    if (displayWidth(cut + segment) > columns - 1) break;
    cut += segment;
  }
  return `${cut}…`;
}

/** Takes off marks, spaces and words that lean on what follows; nothing is left only when there was nothing else. */
function withoutTail(text: string, language: string): string {
  let trimmed = text.replace(/[\s\p{P}]+$/u, '');
  for (let last = /\s(\S+)$/u.exec(trimmed); last && stopWords(language).has(last[1]!.toLowerCase()); last = /\s(\S+)$/u.exec(trimmed)) {
    trimmed = trimmed.slice(0, last.index).replace(/[\s\p{P}]+$/u, '');
  }
  return trimmed;
}
