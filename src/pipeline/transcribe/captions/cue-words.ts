import type { Range } from '../../../artifacts/schemas/common.js';
import type { Word } from '../../../artifacts/schemas/speech.js';
import type { Cue } from '../../../captions/cue.js';
import { orderWords } from '../order-words.js';
import { isSpaced } from '../recogniser/languages.js';
import { piecesToWords } from '../recogniser/piece-words.js';
import type { Piece } from '../recogniser/token-pieces.js';

/** "[music]", "(laughs)", "♪ la la ♪": sounds, not speech. Each search ends at the next opening, or a row of them would take for ever. */
const sounds = /\[[^[\]]*\]|\([^()]*\)|（[^（）]*）|【[^【】]*】|♪[^♪]*♪?/gu;
/** "JOHN:", ">>", "- " at the start of a line: who speaks. */
const speakers = /^(?:\s*(?:>>+|[-–—])\s*)?(?:\p{Lu}[\p{Lu}\p{N} .'’]{0,24}:\s)?/gmu;

/**
 * Words of captions that have times for whole cues only: the words of a cue share the speech inside it by their length,
 * so that none lies in a pause. The times are estimates.
 *
 * @param islands where somebody speaks; a cue without any keeps its own span
 */
export function cueWords(cues: readonly Cue[], islands: readonly Range[], language: string, durationUs: number): Word[] {
  const words: Word[] = [];
  let lastLines: string[] = [];
  for (const cue of cues) {
    const lines = cue.text.replaceAll(sounds, ' ').replaceAll(speakers, '').split('\n').map((line) => line.trim()).filter((line) => line !== '');
    const fresh = withoutRolledUp(lines, lastLines);
    if (lines.length > 0) lastLines = lines;
    const startUs = Math.min(cue.startUs, durationUs);
    const endUs = Math.min(cue.endUs, durationUs);
    if (fresh.length > 0 && endUs > startUs) words.push(...wordsOfCue(fresh.join(' '), speechIn(islands, { startUs, endUs }), language));
  }
  return orderWords(words);
}

/** Live captions roll: a cue repeats the last lines of the one before. */
function withoutRolledUp(lines: readonly string[], before: readonly string[]): string[] {
  for (let shared = Math.min(lines.length, before.length); shared > 0; shared--) {
    if (before.slice(-shared).every((line, i) => line === lines[i])) return lines.slice(shared);
  }
  return [...lines];
}

function wordsOfCue(text: string, spans: readonly Range[], language: string): Word[] {
  const tokens = isSpaced(language) ? text.split(/\s+/u).map((token) => ` ${token}`) : [text];
  const total = tokens.reduce((sum, token) => sum + token.length, 0);
  const speechUs = spans.reduce((sum, span) => sum + span.endUs - span.startUs, 0);
  let said = 0;
  const pieces = tokens.map((token): Piece => {
    const from = (said / total) * speechUs;
    said += token.length;
    return { text: token, startUs: from, endUs: (said / total) * speechUs, confidence: 1 };
  });
  return piecesToWords(pieces, language).map((word) => ({ ...word, spaceBefore: isSpaced(language), ...place(word, spans) }));
}

/** From time counted in speech alone to the source's; a word over a pause stays on the side where more of it lies. */
function place(word: { startUs: number; endUs: number }, spans: readonly Range[]): Range {
  let passedUs = 0;
  let best: Range = { startUs: 0, endUs: 0 };
  let bestUs = -1;
  for (const span of spans) {
    const lengthUs = span.endUs - span.startUs;
    const fromUs = Math.max(word.startUs, passedUs);
    const toUs = Math.min(word.endUs, passedUs + lengthUs);
    if (toUs - fromUs > bestUs) {
      bestUs = toUs - fromUs;
      best = { startUs: Math.round(span.startUs + fromUs - passedUs), endUs: Math.round(span.startUs + toUs - passedUs) };
    }
    passedUs += lengthUs;
  }
  return best;
}

function speechIn(islands: readonly Range[], cue: Range): Range[] {
  const inside = islands
    .map((island) => ({ startUs: Math.max(island.startUs, cue.startUs), endUs: Math.min(island.endUs, cue.endUs) }))
    .filter((span) => span.endUs > span.startUs);
  return inside.length > 0 ? inside : [cue];
}
