import type { Sentence } from '../artifacts/schemas/speech.js';
import { wordsOf } from './words.js';

/** A passage the speaker took back and said again. Sentence indices, both inclusive. */
export interface Retake {
  firstSentence: number;
  lastSentence: number;
  /** The sentence that gave it away. */
  evidence: string;
}

const announcements: Readonly<Record<string, RegExp>> = {
  en: /\b(let me|let's|let us|i('ll| will)|i'm going to|can i|we('ll| will)) (just |please )?(re-?start|start|begin|try|do|say|take|read|go)\b[^.?!]{0,25}\b(again|over|from the (top|beginning|start))\b|\b(let me|let's|i('ll| will)) (just )?(re-?start|redo|rephrase|retake)\b|\b(start|starting) over\b|\bscratch that\b|\btake (two|three|2|3)\b[.!]?$|\b(can|could) (we|you) cut (that|this)\b|\bsorry,? (let me|one more time|again|from the top)\b/iu,
  ja: /(言い|やり|撮り|取り|読み)直(し|させて|そう)|もう一度(最初|初め|はじめ|頭)から|(すみません|すいません|失礼|ごめん)[^。]{0,12}もう(一度|一回)|(間違え|噛み|噛んじゃい|かみ)ました/u,
  de: /\b(noch ?mal|nochmals)\b[^.?!]{0,20}\b(von vorne?|anfangen|an)\b|\bich fange? (noch ?mal|von vorne?)/iu,
  fr: /\bje (recommence|reprends|la refais)\b|\bon (recommence|reprend|la refait)\b/iu,
  es: /\b(empiezo|empecemos|empezamos|lo digo|lo repito) (otra vez|de nuevo)\b|\bvuelvo a empezar\b/iu,
  it: /\b(ricomincio|rifaccio|ripeto da capo|ricominciamo)\b/iu,
  pt: /\b(vou recomeçar|começar de novo|vou repetir|de novo do (início|começo))\b/iu,
};
const apology: Readonly<Record<string, RegExp>> = { en: /^(oh |no |wait |um )*(sorry|excuse me|pardon|oops|apologies)\b/iu, ja: /^(すみません|すいません|失礼|ごめん)/u };
/** At most this many sentences may stand between a false start and the words that say it again. */
const reach = 3;

/**
 * Finds false starts: a sentence announces a new attempt ("sorry, let me start that again", もう一度最初から), or a broken
 * sentence is begun again with the same words. A retake covers the broken attempt and the announcement, not the good take.
 * Repetition as a figure of speech is not one: both halves are then whole sentences.
 */
export function findRetakes(sentences: readonly Sentence[], language: string): Retake[] {
  const openings = sentences.map((sentence) => openingOf(sentence.text, language));
  const found: Retake[] = [];
  for (const [index, sentence] of sentences.entries()) {
    const retake = announced(sentences, openings, index, language) ?? begunAgain(sentences, openings, index);
    const previous = found.at(-1);
    if (retake && previous && retake.firstSentence <= previous.lastSentence + 1) previous.lastSentence = Math.max(previous.lastSentence, retake.lastSentence);
    else if (retake && sentence.text.length > 0) found.push(retake);
  }
  return found;
}

function announced(sentences: readonly Sentence[], openings: readonly string[][], index: number, language: string): Retake | null {
  if (!announcements[language]?.test(sentences[index]!.text)) return null;
  // The good take follows: whatever before it begins with the same words is the broken one.
  let first = index;
  const good = openings[index + 1] ?? [];
  for (let before = index - 1; before >= Math.max(0, index - reach); before -= 1) {
    const broken = shared(openings[before]!, good) >= 2 || isBroken(sentences[before]!.text) || (apology[language]?.test(sentences[before]!.text) ?? false);
    if (broken) first = before;
  }
  return { firstSentence: first, lastSentence: index, evidence: sentences[index]!.text };
}

function begunAgain(sentences: readonly Sentence[], openings: readonly string[][], index: number): Retake | null {
  if (!isBroken(sentences[index]!.text)) return null;
  const own = openings[index]!;
  for (let later = index + 1; later <= Math.min(sentences.length - 1, index + reach); later += 1) {
    // Everything said before it broke off, or three words of it, comes again.
    const common = shared(own, openings[later]!);
    if (own.length >= 2 && common >= Math.min(3, own.length)) return { firstSentence: index, lastSentence: later - 1, evidence: sentences[index]!.text };
  }
  return null;
}

/** Broken off: an ellipsis, a dash, or no mark at all in a text that otherwise has marks. */
function isBroken(text: string): boolean {
  return /(\.\.\.|…|[-–—])["'”’]?$/u.test(text.trim());
}

function openingOf(text: string, language: string): string[] {
  return wordsOf(text, language)
    .map((word) => word.toLowerCase())
    .filter((word) => !/^(u+m+|u+h+|er+m?|sorry|so|and|well)$/u.test(word))
    .slice(0, 6);
}

function shared(a: readonly string[], b: readonly string[]): number {
  let count = 0;
  while (count < Math.min(a.length, b.length) && a[count] === b[count]) count += 1;
  return count;
}
