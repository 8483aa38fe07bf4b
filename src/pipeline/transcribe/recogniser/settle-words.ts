import type { Word } from '../../../artifacts/schemas/speech.js';
import { findPauses, quietestNear, type Envelope, type Span } from './pauses.js';

const snapReachUs = 40_000;
const shortestWordUs = 40_000;
/** A pause inside a word is a stop consonant unless it is long or nearly at the word's edge. */
const pauseSplitsUs = 250_000;
const edgeUs = 80_000;

/**
 * Moves word times from where the model's attention lies to where the sound is: the model's own offset, word borders to
 * the quietest moment nearby, no word inside a pause, order kept.
 *
 * @param offsetUs added to every time: how late a model's attention comes is a property of the model
 */
export function settleWords(words: readonly Word[], envelope: Envelope, offsetUs: number, lengthUs: number): Word[] {
  const settled = words.map((word) => ({ ...word, startUs: word.startUs + offsetUs, endUs: word.endUs + offsetUs }));
  settled.forEach((word, i) => {
    const startUs = quietestNear(envelope, word.startUs, snapReachUs);
    const before = settled[i - 1];
    if (before && Math.abs(before.endUs - word.startUs) < 5_000) before.endUs = startUs;
    word.startUs = startUs;
  });
  const pauses = findPauses(envelope);
  for (const word of settled) leavePauses(word, pauses);
  keepOrder(settled, lengthUs);
  return settled;
}

function leavePauses(word: Word, pauses: readonly Span[]): void {
  for (const pause of pauses) {
    if (pause.startUs >= word.endUs || pause.endUs <= word.startUs) continue;
    const coversStart = pause.startUs <= word.startUs;
    const coversEnd = pause.endUs >= word.endUs;
    // A word wholly inside a pause is a whisper the threshold missed: nothing says where it is.
    if (coversStart && coversEnd) continue;
    if (coversStart) word.startUs = pause.endUs;
    else if (coversEnd) word.endUs = pause.startUs;
    else splitAt(word, pause);
  }
}

function splitAt(word: Word, pause: Span): void {
  const leftUs = pause.startUs - word.startUs;
  const rightUs = word.endUs - pause.endUs;
  if (pause.endUs - pause.startUs < pauseSplitsUs && Math.min(leftUs, rightUs) >= edgeUs) return;
  if (leftUs < rightUs) word.startUs = pause.endUs;
  else word.endUs = pause.startUs;
}

/** Whole µs, inside the chunk, each word after the one before it and at least 40 ms long where there is room. */
function keepOrder(words: Word[], lengthUs: number): void {
  let earliestUs = 0;
  for (const [i, word] of words.entries()) {
    // Every later word must still find at least 1 µs.
    const latestEndUs = lengthUs - (words.length - i - 1);
    const nextUs = Math.max(0, Math.round(words[i + 1]?.startUs ?? lengthUs));
    const startUs = Math.min(Math.max(Math.round(word.startUs), earliestUs), latestEndUs - 1);
    const wantedUs = Math.max(Math.min(Math.round(word.endUs), nextUs), startUs + shortestWordUs);
    word.startUs = startUs;
    word.endUs = Math.min(wantedUs, latestEndUs);
    earliestUs = word.endUs;
  }
}
