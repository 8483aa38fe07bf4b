import type { Word } from '../../../artifacts/schemas/speech.js';
import { isSpaced } from './languages.js';
import type { Piece } from './token-pieces.js';

/** Punctuation that belongs to the word before it. */
const trailing = /^[\s]*[\p{Pe}\p{Pf}\p{Po}\p{Pd}"'%‰°]+$/u;
/** Opening marks belong to the word after them. */
const opening = /^[\s]*[\p{Ps}\p{Pi}¿¡]+$/u;

/** Groups pieces into words: at spaces, or by dictionary in languages that do not write any. */
export function piecesToWords(pieces: readonly Piece[], language: string): Word[] {
  return isSpaced(language) ? spacedWords(pieces) : unspacedWords(pieces, language);
}

function spacedWords(pieces: readonly Piece[]): Word[] {
  const words: Word[] = [];
  let glueNext = false;
  for (const piece of pieces) {
    const text = piece.text.trim();
    if (text === '') continue;
    const last = words.at(-1);
    const continues = glueNext || !/^\s/u.test(piece.text) || (trailing.test(piece.text) && !opening.test(piece.text));
    if (last && continues) extend(last, text, piece);
    else words.push({ text, spaceBefore: words.length > 0, startUs: piece.startUs, endUs: piece.endUs, confidence: piece.confidence });
    glueNext = opening.test(piece.text);
  }
  return words;
}

function unspacedWords(pieces: readonly Piece[], language: string): Word[] {
  const text = pieces.map((piece) => piece.text).join('');
  const times = characterTimes(pieces);
  const words: Word[] = [];
  let glueNext = false;
  let spaced = false;
  for (const { segment, index } of new Intl.Segmenter(language, { granularity: 'word' }).segment(text)) {
    if (segment.trim() === '') {
      spaced = true;
      continue;
    }
    const span = spanOf(times, index, index + segment.length);
    const last = words.at(-1);
    if (last && (glueNext || (trailing.test(segment) && !opening.test(segment)))) extend(last, segment, span);
    // The model writes a space for a breath; only between two words in Latin letters it is one.
    else words.push({ text: segment, spaceBefore: spaced && /[\p{Script=Latin}\p{N}]$/u.test(last?.text ?? '') && /^[\p{Script=Latin}\p{N}]/u.test(segment), ...span });
    glueNext = opening.test(segment);
    spaced = false;
  }
  return words;
}

type Span = Pick<Word, 'startUs' | 'endUs' | 'confidence'>;

/** Time of each UTF-16 unit: a piece's time is shared evenly by its characters. */
function characterTimes(pieces: readonly Piece[]): Span[] {
  return pieces.flatMap((piece) => {
    const step = (piece.endUs - piece.startUs) / piece.text.length;
    return Array.from({ length: piece.text.length }, (_, i) => ({ startUs: piece.startUs + step * i, endUs: piece.startUs + step * (i + 1), confidence: piece.confidence }));
  });
}

function spanOf(times: readonly Span[], start: number, end: number): Span {
  const own = times.slice(start, end);
  return { startUs: own[0]?.startUs ?? 0, endUs: own.at(-1)?.endUs ?? 0, confidence: Math.min(...own.map((time) => time.confidence)) };
}

function extend(word: Word, text: string, span: Span): void {
  word.text += text;
  word.endUs = span.endUs;
  word.confidence = Math.min(word.confidence, span.confidence);
}
