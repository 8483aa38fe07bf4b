import type { Word } from '../../../artifacts/schemas/speech.js';

/** Nobody speaks faster: auctioneers reach about 25 letters a second, 12 kana or hanzi. */
const fastestLetters = 35;
const fastestIdeographs = 16;
/** A phrase of this many words at most is looked for, said more often than people say it. */
const longestPhrase = 8;
const sayable = { word: 6, phrase: 3 };
/** A sound description is short; a bracket that never closes is a slip of the recogniser. */
const longestTag = 8;

const openTag = /^[[(♪*]/u;
const loneMark = /^[♪*]+$/u;
const closeTag = /[\])♪*][\p{P}]*$/u;

/**
 * What remains of a chunk's words once everything is dropped that a listener did not hear: descriptions of sounds
 * ("[Music]", "(laughs)", "♪"), phrases said over and over, text too long for the time it is said in.
 */
export function believableWords(words: readonly Word[], speechUs: number): Word[] {
  const kept = withoutRepeats(withoutTags(words));
  return isTooFast(kept, speechUs) ? [] : kept;
}

function withoutTags(words: readonly Word[]): Word[] {
  const kept: Word[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as Word;
    if (openTag.test(word.text)) {
      // A lone "♪" opens and looks like a close: its partner comes later.
      const from = loneMark.test(word.text) ? i + 1 : i;
      const end = words.slice(from, from + longestTag).findIndex((other) => closeTag.test(other.text));
      if (end >= 0) {
        i = from + end;
        continue;
      }
    }
    if (/[\p{L}\p{N}\p{S}]/u.test(word.text.replaceAll('♪', ''))) kept.push(word);
  }
  return kept;
}

function withoutRepeats(words: readonly Word[]): Word[] {
  const key = words.map((word) => word.text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, ''));
  const kept: Word[] = [];
  for (let i = 0; i < words.length; ) {
    const { size, times } = repeatAt(key, i);
    if (times > 1) {
      kept.push(...words.slice(i, i + size));
      i += size * times;
    } else {
      kept.push(words[i] as Word);
      i++;
    }
  }
  return kept;
}

/** The phrase that starts at `start` and is repeated more often than people do; `times` is 1 when there is none. */
function repeatAt(key: readonly string[], start: number): { size: number; times: number } {
  for (let size = 1; size <= longestPhrase; size++) {
    let times = 1;
    while (start + size * (times + 1) <= key.length && samePhrase(key, start, start + size * times, size)) times++;
    if (times > (size === 1 ? sayable.word : sayable.phrase)) return { size, times };
  }
  return { size: 1, times: 1 };
}

function samePhrase(key: readonly string[], a: number, b: number, size: number): boolean {
  for (let k = 0; k < size; k++) if (key[a + k] !== key[b + k]) return false;
  return true;
}

function isTooFast(words: readonly Word[], speechUs: number): boolean {
  const text = words.map((word) => word.text).join('');
  const ideographs = text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu)?.length ?? 0;
  const letters = (text.match(/[\p{L}\p{N}]/gu)?.length ?? 0) - ideographs;
  return letters / fastestLetters + ideographs / fastestIdeographs > speechUs / 1e6 + 0.5;
}
