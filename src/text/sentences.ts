import type { Sentence, Word } from '../artifacts/schemas/speech.js';
import { stopKind } from './abbreviations.js';

/** A silence this long ends a sentence that has no mark at its end. */
const pauseEndsUs = 1_200_000;
/** After a comma, or before a small letter, the sentence goes on, so the pause must be longer. */
const pauseGoingOnEndsUs = 2_000_000;
/** Short enough that a doubtful mark ("etc.", "...", "Yahoo!") is read together with the next word. */
const runsOnUs = 350_000;
/** Japanese polite endings close a sentence without a mark when at least this much silence follows. */
const politePauseUs = 400_000;
/** Longer sentences are cut at their best pause: nothing can be chosen inside a sentence. */
const longestUs = 20_000_000;
const shortestPieceUs = 2_500_000;
const shortestPauseUs = 150_000;

const closers = /[\p{Pe}\p{Pf}"'”’»]+$/u;
const clauseMark = /[,;:、，；：—–،؛]$/u;
const politeEnding = /(です|ます|ました|でした|ません|でしょう|ください|だった|のだ|んだ)[かねよ]?$/u;

/**
 * Groups words into sentences: at end marks of any script (not after "Mr.", "e.g.", initials or ordinals), at long
 * pauses where marks are missing, and inside over-long sentences at their best pause.
 * Every word belongs to exactly one sentence and sentences keep the order of the words.
 *
 * @param words in time order; `spaceBefore` decides how the text is joined.
 * @param language ISO 639-1 code; only abbreviations, ordinals and Japanese endings depend on it.
 * @returns sentences with times in µs and word indices, both inclusive.
 */
export function buildSentences(words: readonly Word[], language: string): Sentence[] {
  const capitals = usesCapitals(words);
  const sentences: Sentence[] = [];
  let first = 0;
  for (let index = 0; index < words.length; index += 1) {
    if (index < words.length - 1 && !endsAfter(words, first, index, language, capitals)) continue;
    for (const [from, to] of splitLong(words, first, index)) sentences.push(sentenceOf(words, from, to));
    first = index + 1;
  }
  return sentences;
}

/**
 * The text of words `first`…`last` (inclusive) as a person would write it, without a leading space.
 */
export function joinWords(words: readonly Pick<Word, 'text' | 'spaceBefore'>[], first: number, last: number): string {
  let text = '';
  for (const [offset, word] of words.slice(first, last + 1).entries()) text += (offset > 0 && word.spaceBefore ? ' ' : '') + word.text;
  return text;
}

function sentenceOf(words: readonly Word[], first: number, last: number): Sentence {
  return { startUs: words[first]!.startUs, endUs: words[last]!.endUs, firstWord: first, lastWord: last, text: joinWords(words, first, last) };
}

function endsAfter(words: readonly Word[], first: number, index: number, language: string, capitals: boolean): boolean {
  const word = words[index]!;
  const next = words[index + 1]!;
  const gapUs = next.startUs - word.endUs;
  const text = word.text.replace(closers, '') || word.text;
  const lower = startsWith(next.text, /\p{Ll}/u);
  const upper = startsWith(next.text, /\p{Lu}/u);
  if (!endMark(text)) {
    const goesOn = clauseMark.test(text) || (capitals && lower);
    if (gapUs >= (goesOn ? pauseGoingOnEndsUs : pauseEndsUs)) return true;
    return language === 'ja' && gapUs >= politePauseUs && politeEnding.test(joinWords(words, Math.max(first, index - 6), index));
  }
  switch (stopKind(text, next.text, language)) {
    case 'open':
      return gapUs >= pauseEndsUs;
    case 'ordinal':
      return gapUs >= runsOnUs;
    case 'closed':
      return (capitals && upper) || gapUs >= 2 * runsOnUs;
    case 'initial': {
      // "John F. Kennedy", "J. K. Rowling", but "plan B. Then …".
      const inName = index === first || startsWith(words[index - 1]!.text, /\p{Lu}/u) || stopKind(next.text, '', language) === 'initial';
      return !(inName && upper && gapUs < runsOnUs);
    }
    case 'none':
      // A small letter after a mark goes on with the sentence ("Wait! he cried"), where the text has capitals at all.
      return !(capitals && lower && gapUs < runsOnUs);
  }
}

function endMark(text: string): boolean {
  return /[\p{Sentence_Terminal}…‥]$/u.test(text);
}

function startsWith(text: string, letter: RegExp): boolean {
  const found = /[\p{L}\p{N}]/u.exec(text);
  return found !== null && letter.test(found[0]);
}

/** Whether sentences in this text begin with capitals; captions typed all in small letters do not. */
function usesCapitals(words: readonly Word[]): boolean {
  let upper = 0;
  let lower = 0;
  for (let index = 1; index < words.length; index += 1) {
    if (!/[^.][.!?]$/u.test(words[index - 1]!.text.replace(closers, ''))) continue;
    if (startsWith(words[index]!.text, /\p{Lu}/u)) upper += 1;
    else if (startsWith(words[index]!.text, /\p{Ll}/u)) lower += 1;
  }
  return upper > lower;
}

/** Cuts words `first`…`last` into pieces of at most `longestUs`, as far as there are pauses to cut at. */
function splitLong(words: readonly Word[], first: number, last: number): [number, number][] {
  const startUs = words[first]!.startUs;
  const endUs = words[last]!.endUs;
  if (endUs - startUs <= longestUs) return [[first, last]];
  let best = -1;
  let bestWorth = 0;
  for (let index = first; index < last; index += 1) {
    const leftUs = words[index]!.endUs - startUs;
    const rightUs = endUs - words[index + 1]!.startUs;
    if (Math.min(leftUs, rightUs) < shortestPieceUs) continue;
    const gapUs = words[index + 1]!.startUs - words[index]!.endUs;
    const clause = clauseMark.test(words[index]!.text.replace(closers, ''));
    if (gapUs < shortestPauseUs && !clause) continue;
    // A long pause counts most, a comma like half a second; even halves are a tie-break.
    const worth = gapUs + (clause ? 500_000 : 0) + (200_000 * Math.min(leftUs, rightUs)) / (endUs - startUs);
    if (worth > bestWorth) [best, bestWorth] = [index, worth];
  }
  if (best < 0) return [[first, last]];
  return [...splitLong(words, first, best), ...splitLong(words, best + 1, last)];
}
