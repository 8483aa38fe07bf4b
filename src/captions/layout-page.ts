import type { Word } from '../artifacts/schemas/speech.js';
import { atomsOf, joinWords } from './atoms.js';
import type { CaptionFace, CaptionFonts } from './fonts.js';
import type { Page } from './page-words.js';
import { graphemesOf } from './text-width.js';

/** A word on a line; a word broken over two lines is two pieces with the same index. */
export interface Piece {
  word: number;
  text: string;
  spaceBefore: boolean;
}

/** A page ready to draw: one or two lines that fit the width. */
export interface LaidPage extends Page {
  lines: Piece[][];
  face: CaptionFace;
  /** Pixels of an em; smaller than asked only when something would not fit. */
  emPx: number;
}

export interface LayoutLimits {
  language: string;
  emPx: number;
  widthPx: number;
  uppercase: boolean;
}

/** Below this share of the asked size a word is broken rather than shrunk further. */
const smallestShare = 0.6;

/**
 * Sets a page in at most two lines no wider than the limit: breaks between words or phrases where the lines come out most even,
 * shrinks what is still too wide, and breaks inside a word when it would become too small.
 */
export function layoutPage(page: Page, words: readonly Word[], limits: LayoutLimits, fonts: CaptionFonts): LaidPage {
  const shown = words.map((word, index) => (index < page.first || index > page.last || !limits.uppercase ? word : { ...word, text: word.text.toLocaleUpperCase(limits.language) }));
  const pieces = shown.slice(page.first, page.last + 1).map((word, n): Piece => ({ word: page.first + n, text: word.text, spaceBefore: word.spaceBefore }));
  const face = fonts.faceFor(joinWords(pieces), limits.language);
  const width = (line: readonly Piece[]): number => fonts.widthPx(joinWords(line), face, limits.emPx);
  const set = (lines: Piece[][]): Setting => ({ lines, widest: Math.max(...lines.map(width)) });

  let chosen = set([pieces]);
  if (chosen.widest > limits.widthPx) {
    const atoms = atomsOf(shown, page.first, page.last, limits.language);
    const betweenAtoms = atoms.slice(1).map(({ first }) => set([pieces.slice(0, first - page.first), pieces.slice(first - page.first)]));
    chosen = narrowest([chosen, ...betweenAtoms]);
    if (limits.widthPx / chosen.widest < smallestShare) {
      const betweenWords = pieces.slice(1).map((_, n) => set([pieces.slice(0, n + 1), pieces.slice(n + 1)]));
      chosen = narrowest([chosen, ...betweenWords, ...insideWords(pieces).map(set)]);
    }
  }
  return { ...page, lines: chosen.lines, face, emPx: limits.emPx * Math.min(1, limits.widthPx / chosen.widest) };
}

interface Setting {
  lines: Piece[][];
  /** Pixels of the widest line at the asked size. */
  widest: number;
}

function narrowest(settings: readonly [Setting, ...Setting[]]): Setting {
  return settings.reduce((best, next) => (next.widest < best.widest ? next : best));
}

/** Every division into two lines that breaks one word between two of its letters. */
function insideWords(pieces: readonly Piece[]): Piece[][][] {
  return pieces.flatMap((piece, n) => {
    const letters = graphemesOf(piece.text);
    return letters.slice(1).map((_, cut) => {
      const head = { ...piece, text: letters.slice(0, cut + 1).join('') };
      const tail = { ...piece, text: letters.slice(cut + 1).join(''), spaceBefore: false };
      return [[...pieces.slice(0, n), head], [tail, ...pieces.slice(n + 1)]];
    });
  });
}
