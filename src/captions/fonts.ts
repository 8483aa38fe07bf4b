import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { create, type Font } from 'fontkit';

/** A shipped face. `family` is the name libass finds it by. */
export interface CaptionFace {
  family: string;
  file: string;
}

const latin: CaptionFace = { family: 'Inter ExtraBold', file: 'Inter_800ExtraBold.ttf' };
const japanese: CaptionFace = { family: 'Noto Sans JP', file: 'NotoSansJP_700Bold.ttf' };
const faces = [latin, japanese] as const;

/** Scripts worth naming when the shipped fonts cannot write them. */
const scripts: readonly (readonly [string, RegExp])[] = [
  ...['Arabic', 'Hebrew', 'Hangul', 'Devanagari', 'Bengali', 'Gurmukhi', 'Gujarati', 'Tamil', 'Telugu', 'Kannada', 'Malayalam', 'Sinhala', 'Thai', 'Lao', 'Khmer', 'Myanmar', 'Georgian', 'Armenian', 'Ethiopic', 'Tibetan', 'Han'].map(
    (name) => [name, new RegExp(`\\p{Script=${name}}`, 'u')] as const,
  ),
  ['emoji', /\p{Extended_Pictographic}/u],
];
const invisible = /[\s\p{Default_Ignorable_Code_Point}\p{Cc}]/u;

/** The shipped faces with their metrics. Reading them takes a few ms. */
export interface CaptionFonts {
  /** The face that writes all of the text, or most of it; Japanese comes first in Japanese clips. */
  faceFor(text: string, language: string): CaptionFace;
  /** Width of one line in pixels at an em of `emPx` pixels. */
  widthPx(text: string, face: CaptionFace, emPx: number): number;
  /** The ASS font size that gives an em of `emPx` pixels: libass counts ascent plus descent. */
  assSize(face: CaptionFace, emPx: number): number;
  /** Names of the scripts of which the text has characters that no shipped face can write. */
  missingScripts(text: string): string[];
}

/** Hash of the shipped faces, for task keys: other glyphs are another picture. */
export async function fontsIdentity(fontsDir: string): Promise<string> {
  const hash = createHash('sha256');
  for (const face of faces) hash.update(face.family).update(await readFile(join(fontsDir, face.file)));
  return hash.digest('hex');
}

/** Opens the faces in `fontsDir` (assets/fonts). */
export async function openCaptionFonts(fontsDir: string): Promise<CaptionFonts> {
  const opened = new Map<CaptionFace, Font>();
  for (const face of faces) {
    const font = create(await readFile(join(fontsDir, face.file)));
    if (!('hasGlyphForCodePoint' in font)) throw new TypeError(`${face.file} is a font collection`);
    opened.set(face, font);
  }
  const fontOf = (face: CaptionFace): Font => {
    const font = opened.get(face);
    if (!font) throw new TypeError(`${face.family} is not a shipped face`);
    return font;
  };
  const uncovered = (text: string, face: CaptionFace): string[] =>
    Array.from(text).filter((char) => !invisible.test(char) && !fontOf(face).hasGlyphForCodePoint(char.codePointAt(0) ?? 0));
  return {
    faceFor: (text, language) => {
      const order = language === 'ja' || language === 'zh' ? [japanese, latin] : [latin, japanese];
      const counted = order.map((face) => ({ face, missing: uncovered(text, face).length }));
      return counted.reduce((best, next) => (next.missing < best.missing ? next : best)).face;
    },
    widthPx: (text, face, emPx) => (fontOf(face).layout(text).advanceWidth / fontOf(face).unitsPerEm) * emPx,
    assSize: (face, emPx) => {
      const { unitsPerEm, 'OS/2': os2 } = fontOf(face);
      return (emPx * (os2.winAscent + os2.winDescent)) / unitsPerEm;
    },
    missingScripts: (text) => {
      const missing = faces.map((face) => new Set(uncovered(text, face)));
      const nowhere = Array.from(text).filter((char) => missing.every((set) => set.has(char)));
      return [...new Set(nowhere.map((char) => scripts.find(([, pattern]) => pattern.test(char))?.[0] ?? 'symbols'))];
    },
  };
}
