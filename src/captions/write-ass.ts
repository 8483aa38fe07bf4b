import type { Word } from '../artifacts/schemas/speech.js';
import type { CaptionFonts } from './fonts.js';
import type { LaidPage, Piece } from './layout-page.js';
import type { PixelBox } from './safe-area.js';

/** How captions look. Colours are `#rrggbb`. */
export interface AssStyle {
  color: string;
  highlight: string;
  /** Thickness of the dark border as a share of the em. */
  outlineShare: number;
}

export interface AssPicture {
  width: number;
  height: number;
  /** Captions stand on its bottom edge, centred. */
  area: PixelBox;
}

/**
 * An ASS script for one picture size: each page is one event per state of its active word. All states of a page carry the same text
 * and a colour tag before every piece, so that libass shapes and orders glyphs alike in each: only colours change, also from right to left.
 *
 * `words` are those the pages were made of; times on the clip in µs. ASS counts centiseconds: times are rounded down, so that a state
 * is on screen from the frame its word begins in.
 */
export function writeAss(pages: readonly LaidPage[], words: readonly Word[], style: AssStyle, picture: AssPicture, fonts: CaptionFonts): string {
  const { area } = picture;
  const header = [
    '[Script Info]',
    'ScriptType: v4.00+',
    `PlayResX: ${picture.width}`,
    `PlayResY: ${picture.height}`,
    'WrapStyle: 2',
    'ScaledBorderAndShadow: yes',
    'YCbCr Matrix: None',
    '',
    '[V4+ Styles]',
    'Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding',
    // Encoding -1: libass takes the direction of the text from its first strong letter.
    ...new Set(
      pages.map(
        ({ face, emPx }) =>
          `Style: ${styleName(face.family, emPx)},${face.family},${decimal(fonts.assSize(face, emPx))},${assColor(style.color)},${assColor(style.color)},&H00000000,&H80000000,-1,0,0,0,100,100,0,0,1,${decimal(style.outlineShare * emPx)},${decimal((style.outlineShare * emPx) / 3)},2,${area.x},${picture.width - area.x - area.width},${picture.height - area.y - area.height},-1`,
      ),
    ),
    '',
    '[Events]',
    'Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text',
  ];
  const events = pages.flatMap((page) =>
    states(page, words).map(
      ({ startUs, endUs, active }) => `Dialogue: 0,${assTime(startUs)},${assTime(endUs)},${styleName(page.face.family, page.emPx)},,0,0,0,,${pageText(page.lines, active, style)}`,
    ),
  );
  return `${[...header, ...events].join('\n')}\n`;
}

/** One state per word, each until the next begins; words that begin together share the last one's. */
function states(page: LaidPage, words: readonly Word[]): { startUs: number; endUs: number; active: number }[] {
  const result: { startUs: number; endUs: number; active: number }[] = [];
  for (let index = page.first; index <= page.last; index += 1) {
    const startUs = index === page.first ? page.startUs : Math.max(page.startUs, words[index]?.startUs ?? page.startUs);
    const endUs = index === page.last ? page.endUs : Math.min(page.endUs, Math.max(startUs, words[index + 1]?.startUs ?? page.endUs));
    if (Math.floor(endUs / 10_000) > Math.floor(startUs / 10_000)) result.push({ startUs, endUs, active: index });
  }
  return result;
}

function pageText(lines: readonly (readonly Piece[])[], active: number, style: AssStyle): string {
  return lines
    .map((line) => line.map((piece, n) => `${n > 0 && piece.spaceBefore ? ' ' : ''}{\\1c${assColor(piece.word === active ? style.highlight : style.color)}&}${escapeAss(piece.text)}`).join(''))
    .join('\\N');
}

/**
 * Braces would open an override and a backslash a command; a word joiner after the backslash keeps it a letter. Control characters draw
 * nothing: a line end would begin another event, and libass reads no further than a zero.
 */
export function escapeAss(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ').replaceAll('\\', '\\\u2060').replaceAll('{', '\\{').replaceAll('}', '\\}');
}

/** `#rrggbb` → `&H00bbggrr`. */
function assColor(color: string): string {
  return `&H00${color.slice(5, 7)}${color.slice(3, 5)}${color.slice(1, 3)}`.toUpperCase();
}

function assTime(us: number): string {
  const cs = Math.floor(us / 10_000);
  return `${Math.floor(cs / 360_000)}:${twoDigits(Math.floor(cs / 6000) % 60)}:${twoDigits(Math.floor(cs / 100) % 60)}.${twoDigits(cs % 100)}`;
}

function styleName(family: string, emPx: number): string {
  return `${family.replaceAll(' ', '')}-${decimal(emPx)}`;
}

function decimal(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function twoDigits(n: number): string {
  return String(n).padStart(2, '0');
}
