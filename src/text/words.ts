import { hasStopWords, stopWords } from './stop-words.js';

const segmenters = new Map<string, Intl.Segmenter>();

function segmenterOf(language: string): Intl.Segmenter {
  let segmenter = segmenters.get(language);
  if (!segmenter) {
    const known = Intl.Segmenter.supportedLocalesOf([language].filter((code) => /^[a-z]{2,3}$/u.test(code)));
    segmenter = new Intl.Segmenter(known.length > 0 ? known : 'und', { granularity: 'word' });
    segmenters.set(language, segmenter);
  }
  return segmenter;
}

/** A text in words and what stands between them; joined again they give the text. */
export function wordSegments(text: string, language: string): Intl.Segments {
  return segmenterOf(language).segment(text);
}

/**
 * The words of a text in any language, as written, without punctuation. Scripts without spaces are divided by the
 * dictionaries of Intl.Segmenter; contractions and hyphenated parts follow Unicode word rules (UAX 29).
 */
export function wordsOf(text: string, language: string): string[] {
  const words: string[] = [];
  for (const part of wordSegments(text.replaceAll('’', "'"), language)) if (part.isWordLike) words.push(part.segment);
  return words;
}

/** Words that carry content, in a form that equal words share: lower case, NFKC, English plural endings removed. */
export function contentWords(text: string, language: string): string[] {
  const kept: string[] = [];
  for (const word of wordsOf(text, language)) if (isContentWord(word, language)) kept.push(stem(word, language));
  return kept;
}

/**
 * Whether a word says something on its own: not a stop word, not a lone kana or letter, no bare small number.
 * A language without a stop list goes by length: four letters or more.
 */
export function isContentWord(word: string, language: string): boolean {
  const lower = word.normalize('NFKC').toLowerCase();
  if (stopWords(language).has(lower)) return false;
  if (/^[\p{N}.,]+$/u.test(lower)) return false;
  if (/^\p{Script=Hiragana}+$/u.test(lower)) return lower.length >= 4;
  if (/\p{Script=Han}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Script=Thai}/u.test(lower)) return lower.length >= 2 || /\p{Script=Han}/u.test(lower);
  return lower.length >= (hasStopWords(language) ? 3 : 4);
}

/** The shared form of a word; only English endings are cut, others stay whole. */
export function stem(word: string, language: string): string {
  const lower = word.normalize('NFKC').toLowerCase().replace(/'s?$/u, '');
  if (language !== 'en' || lower.length < 5) return lower;
  if (/[^aeiou]ies$/u.test(lower)) return `${lower.slice(0, -3)}y`;
  if (/(?:ss|x|z|ch|sh)es$/u.test(lower)) return lower.slice(0, -2);
  if (/[^su]s$/u.test(lower)) return lower.slice(0, -1);
  return lower;
}
