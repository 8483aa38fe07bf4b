import { loadDefaultJapaneseParser, loadDefaultSimplifiedChineseParser, loadDefaultThaiParser } from 'budoux';
import type { Word } from '../artifacts/schemas/speech.js';

/** Words that may not be torn apart by a page or line break: a word with its continuation pieces, or a Japanese phrase. */
export interface Atom {
  /** Indices into the word list, both inclusive. */
  first: number;
  last: number;
  text: string;
  spaceBefore: boolean;
}

const unspaced = new Set(['ja', 'zh', 'yue', 'th', 'lo', 'km', 'my']);
const parsers = new Map<string, { parseBoundaries(text: string): number[] }>();

/** Whether words of this language (Whisper's code) are written without spaces between them. */
export function isUnspaced(language: string): boolean {
  return unspaced.has(language);
}

/** The text of consecutive words as it is read: spaces only where the words say so, none at the front. */
export function joinWords(words: readonly Pick<Word, 'text' | 'spaceBefore'>[]): string {
  return words.map((word, index) => (index > 0 && word.spaceBefore ? ` ${word.text}` : word.text)).join('');
}

/**
 * Groups words [first, last] into atoms. Runs without spaces are divided at phrase borders found by BudouX
 * (Japanese, Chinese, Thai); in other languages such a run is one word in pieces and stays whole.
 */
export function atomsOf(words: readonly Word[], first: number, last: number, language: string): Atom[] {
  const atoms: Atom[] = [];
  let start = first;
  for (let index = first; index <= last; index += 1) {
    const next = words[index + 1];
    if (index < last && next && !next.spaceBefore) continue;
    atoms.push(...phrasesOf(words, start, index, language));
    start = index + 1;
  }
  return atoms;
}

function phrasesOf(words: readonly Word[], first: number, last: number, language: string): Atom[] {
  const run = words.slice(first, last + 1);
  const text = joinWords(run);
  const parser = isUnspaced(language) ? parserFor(language) : undefined;
  const borders = isUnspaced(language) && first < last ? (parser ? new Set(parser.parseBoundaries(text)) : 'every word') : new Set<number>();
  const atoms: Atom[] = [];
  let offset = 0;
  let start = first;
  let passed = false;
  for (let index = first; index < last; index += 1) {
    const length = words[index]?.text.length ?? 0;
    // A phrase border inside a word moves to the word's end.
    for (let at = offset + 1; at <= offset + length; at += 1) passed ||= borders === 'every word' || borders.has(at);
    offset += length;
    if (!passed) continue;
    atoms.push(atom(words, start, index));
    start = index + 1;
    passed = false;
  }
  atoms.push(atom(words, start, last));
  return atoms;
}

function atom(words: readonly Word[], first: number, last: number): Atom {
  return { first, last, text: joinWords(words.slice(first, last + 1)), spaceBefore: words[first]?.spaceBefore ?? false };
}

function parserFor(language: string): { parseBoundaries(text: string): number[] } | undefined {
  const load = language === 'ja' ? loadDefaultJapaneseParser : language === 'zh' || language === 'yue' ? loadDefaultSimplifiedChineseParser : language === 'th' ? loadDefaultThaiParser : undefined;
  if (!load) return undefined;
  let parser = parsers.get(language);
  if (!parser) {
    parser = load();
    parsers.set(language, parser);
  }
  return parser;
}
