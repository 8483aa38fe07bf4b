import type { Word } from '../artifacts/schemas/speech.js';
import { isUnspaced } from './atoms.js';
import type { Cue } from './cue.js';

/** A written word, or several source words that are written as one. */
interface Token {
  text: string;
  spaceBefore: boolean;
}
interface Spoken extends Token {
  words: readonly Word[];
}

/**
 * Puts hand-edited cue texts back onto the times of the words they were made of. Unchanged words keep their times and confidence;
 * as many new words as old ones take their times one by one; otherwise they share the time between the unchanged neighbours by their length.
 * Words under no cue are gone: that is how a person deletes them. Edited words have confidence 1.
 *
 * @param words in order of time, on the clip
 * @param editedCues on the clip, in order of time
 */
export function applyEdits(words: readonly Word[], editedCues: readonly Cue[], language: string): Word[] {
  const result: Word[] = [];
  let next = 0;
  for (const cue of editedCues) {
    const own: Word[] = [];
    for (; next < words.length; next += 1) {
      const word = words[next];
      if (!word || middleOf(word) >= cue.endUs) break;
      if (middleOf(word) >= cue.startUs) own.push(word);
    }
    const made = retimed(own, cue, language);
    const firstOfCue = made[0];
    if (firstOfCue && own.length === 0 && result.length > 0) firstOfCue.spaceBefore = !isUnspaced(language);
    result.push(...made);
  }
  return inOrder(result);
}

function middleOf(word: Word): number {
  return (word.startUs + word.endUs) / 2;
}

function retimed(own: readonly Word[], cue: Cue, language: string): Word[] {
  const old = isUnspaced(language) ? own.map((word): Spoken => ({ text: word.text, spaceBefore: word.spaceBefore, words: [word] })) : writtenWords(own);
  const first = own[0];
  const tokens = isUnspaced(language) ? unspacedTokens(cue.text, old, language) : cue.text.split(/\s+/u).map((text): Token => ({ text, spaceBefore: true }));
  const written = tokens.filter(({ text }) => text !== '');
  if (written[0] && first) written[0].spaceBefore = first.spaceBefore;
  const kept = longestCommon(old, written);
  const made: Word[] = [];
  let o = 0;
  let w = 0;
  for (const [keptOld, keptNew] of [...kept, [old.length, written.length] as const]) {
    made.push(...spread(written.slice(w, keptNew), old.slice(o, keptOld), hole(old, o, keptOld, cue)));
    made.push(...(old[keptOld]?.words ?? []).map((word) => ({ ...word })));
    o = keptOld + 1;
    w = keptNew + 1;
  }
  return made;
}

/** Words with the pieces that continue them. */
function writtenWords(words: readonly Word[]): Spoken[] {
  const result: { text: string; spaceBefore: boolean; words: Word[] }[] = [];
  for (const word of words) {
    const last = result.at(-1);
    if (last && !word.spaceBefore) {
      last.words.push(word);
      last.text += word.text;
    } else result.push({ text: word.text, spaceBefore: word.spaceBefore, words: [word] });
  }
  return result;
}

/** Without spaces, what is unchanged at the front and the back keeps its division into words; the rest is divided anew. */
function unspacedTokens(text: string, old: readonly Spoken[], language: string): Token[] {
  let rest = text.replaceAll('\n', '');
  let front = 0;
  while (front < old.length && rest.startsWith(shown(old, front))) {
    rest = rest.slice(shown(old, front).length);
    front += 1;
  }
  let back = old.length;
  while (back > front && rest.endsWith(shown(old, back - 1))) {
    rest = rest.slice(0, rest.length - shown(old, back - 1).length);
    back -= 1;
  }
  const middle: Token[] = [];
  let spaceBefore = false;
  for (const { segment, isWordLike } of new Intl.Segmenter(language, { granularity: 'word' }).segment(rest)) {
    const last = middle.at(-1);
    if (segment.trim() === '') spaceBefore = true;
    else if (!isWordLike && last && !spaceBefore) last.text += segment;
    else {
      middle.push({ text: segment, spaceBefore });
      spaceBefore = false;
    }
  }
  return [...old.slice(0, front), ...middle, ...old.slice(back)].map(({ text: word, spaceBefore: space }) => ({ text: word, spaceBefore: space }));
}

function shown(old: readonly Spoken[], index: number): string {
  const token = old[index];
  return token === undefined ? '' : index > 0 && token.spaceBefore ? ` ${token.text}` : token.text;
}

/** Index pairs of a longest common subsequence by text, in order. */
function longestCommon(old: readonly Token[], written: readonly Token[]): [number, number][] {
  const length = Array.from({ length: old.length + 1 }, () => Array.from({ length: written.length + 1 }, () => 0));
  const at = (o: number, w: number): number => length[o]?.[w] ?? 0;
  for (let o = old.length - 1; o >= 0; o -= 1) {
    for (let w = written.length - 1; w >= 0; w -= 1) {
      const row = length[o];
      if (row) row[w] = old[o]?.text === written[w]?.text ? at(o + 1, w + 1) + 1 : Math.max(at(o + 1, w), at(o, w + 1));
    }
  }
  const pairs: [number, number][] = [];
  for (let o = 0, w = 0; o < old.length && w < written.length; ) {
    if (old[o]?.text === written[w]?.text) pairs.push([o++, w++]);
    else if (at(o + 1, w) >= at(o, w + 1)) o += 1;
    else w += 1;
  }
  return pairs;
}

/** The time that belongs to replaced words: their own, or what lies between the unchanged neighbours. */
function hole(old: readonly Spoken[], from: number, to: number, cue: Cue): { startUs: number; endUs: number } {
  const before = old[from - 1]?.words.at(-1)?.endUs;
  const after = old[to]?.words[0]?.startUs;
  if (to > from) return { startUs: old[from]?.words[0]?.startUs ?? cue.startUs, endUs: old[to - 1]?.words.at(-1)?.endUs ?? cue.endUs };
  return { startUs: before ?? cue.startUs, endUs: Math.max(before ?? cue.startUs, after ?? cue.endUs) };
}

function spread(written: readonly Token[], old: readonly Spoken[], within: { startUs: number; endUs: number }): Word[] {
  if (written.length === old.length) {
    return written.map((token, n) => ({ ...token, startUs: old[n]?.words[0]?.startUs ?? within.startUs, endUs: old[n]?.words.at(-1)?.endUs ?? within.endUs, confidence: 1 }));
  }
  return share(written, within).map((token) => ({ ...token, confidence: 1 }));
}

/** Nothing runs backwards, and words that a person added where there was no time for them share that of the word before (or after). */
function inOrder(words: readonly Word[]): Word[] {
  const ordered: Word[] = [];
  for (const word of words) {
    const startUs = Math.max(ordered.at(-1)?.startUs ?? 0, word.startUs);
    ordered.push({ ...word, startUs, endUs: Math.max(startUs, word.endUs) });
  }
  for (let index = 0; index < ordered.length; index += 1) {
    if (lengthUs(ordered[index]) >= shortestWordUs) continue;
    let last = index;
    while (last + 1 < ordered.length && lengthUs(ordered[last + 1]) < shortestWordUs) last += 1;
    const first = Math.max(0, index - 1);
    if (index === 0) last = Math.min(ordered.length - 1, last + 1);
    const sharing = ordered.slice(first, last + 1);
    const within = { startUs: sharing[0]?.startUs ?? 0, endUs: Math.max(...sharing.map(({ endUs }) => endUs)) };
    ordered.splice(first, sharing.length, ...share(sharing, within));
    index = last;
  }
  return ordered;
}

const shortestWordUs = 10_000;

function lengthUs(word: Word | undefined): number {
  return word ? word.endUs - word.startUs : 0;
}

/** Divides a time among words by their length. */
function share<T extends Token>(tokens: readonly T[], within: { startUs: number; endUs: number }): (T & { startUs: number; endUs: number })[] {
  const total = tokens.reduce((sum, { text }) => sum + text.length + 1, 0);
  const wholeUs = within.endUs - within.startUs;
  let passed = 0;
  return tokens.map((token) => {
    const startUs = within.startUs + Math.round((wholeUs * passed) / total);
    passed += token.text.length + 1;
    return { ...token, startUs, endUs: within.startUs + Math.round((wholeUs * passed) / total) };
  });
}
