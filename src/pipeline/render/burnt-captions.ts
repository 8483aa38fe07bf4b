import type { Cues } from '../../artifacts/schemas/selection.js';
import { joinWords } from '../../captions/atoms.js';
import { openCaptionFonts, type CaptionFonts } from '../../captions/fonts.js';
import { layoutPage, type LaidPage } from '../../captions/layout-page.js';
import { glanceLimits, pageWords } from '../../captions/page-words.js';
import { captionArea, type PixelBox } from '../../captions/safe-area.js';
import { writeAss } from '../../captions/write-ass.js';
import { type ClipTimeline, frameAt, nearestFrame } from '../../media/timeline.js';
import { captionBreaksUs } from './caption-breaks.js';
import type { OutputFormat } from './formats.js';
import type { CaptionLook } from './params.js';
import type { CaptionProbe } from './picture/picture-graph.js';

/** Captions of one clip in one format, with what verification needs to find them in the finished picture. */
export interface BurntCaptions {
  ass: string;
  /** Undefined when no page is on screen long enough to be looked at. */
  proof: { probe: CaptionProbe; leastPixels: number[]; colors: string[] } | undefined;
  /** Scripts that the shipped fonts cannot write. */
  missingScripts: string[];
  /** Rows from the top that captions never reach. */
  clearRows: number;
}

const outlineShare = 0.065;
const mostLines = 2;
/** Line height in ems, with the border: generous over every shipped face. */
const lineEms = 1.5;
const probedPages = 8;
/** Letters of a bold face cover about a quarter of (width × em): a tenth of that is certainly text. */
const leastCoverage = 0.02;

/** Pages, lays out and writes the captions of a clip. Sizes follow the format. */
export async function makeCaptions(cues: Cues, look: CaptionLook, format: OutputFormat, timeline: ClipTimeline, fontsDir: string): Promise<BurntCaptions> {
  const fonts = await openCaptionFonts(fontsDir);
  const { width, height } = format;
  const area = captionArea(width, height);
  const emPx = look.sizePx * format.captionScale;
  const limits = { language: cues.language, emPx, widthPx: area.width - 2 * outlineShare * emPx, uppercase: look.uppercase };
  const pages = pageWords(cues.words, cues.language, glanceLimits, cues.durationUs, captionBreaksUs(timeline)).map((page) => layoutPage(page, cues.words, limits, fonts));
  const box = captionBox(area, emPx);
  return {
    ass: writeAss(pages, cues.words, { color: look.color, highlight: look.highlight, outlineShare }, { width, height, area }, fonts),
    proof: proofOf(pages, fonts, box, timeline, [look.color, look.highlight]),
    missingScripts: fonts.missingScripts(joinWords(cues.words)),
    clearRows: box.y,
  };
}

/** The first row that captions of a size reach in a format, or may be reached by none when they are off. */
export function captionTop(format: OutputFormat, sizePx: number | null): number {
  const area = captionArea(format.width, format.height);
  return sizePx === null ? area.y + area.height : captionBox(area, sizePx * format.captionScale).y;
}

/** Where captions of the usual size stand: the bottom of their area, two lines high. */
function captionBox(area: PixelBox, emPx: number): PixelBox {
  const height = Math.min(area.height, 2 * Math.ceil((mostLines * lineEms * emPx) / 2));
  return { x: 2 * Math.floor(area.x / 2), y: 2 * Math.floor((area.y + area.height - height) / 2), width: 2 * Math.floor(area.width / 2), height };
}

function proofOf(pages: readonly LaidPage[], fonts: CaptionFonts, box: PixelBox, timeline: ClipTimeline, colors: string[]): BurntCaptions['proof'] {
  const seen = pages.flatMap((page) => {
    const frame = frameAt(Math.round((page.startUs + page.endUs) / 2), timeline.fps);
    // A frame that lies wholly inside the page, whichever way its times were rounded.
    const inside = frame - 1 >= nearestFrame(page.startUs, timeline.fps) && frame + 1 < nearestFrame(page.endUs, timeline.fps) && frame < timeline.frames;
    const inked = page.lines.reduce((sum, line) => sum + fonts.widthPx(joinWords(line), page.face, page.emPx) * page.emPx, 0);
    return inside ? [{ frame, least: Math.max(1, Math.floor(inked * leastCoverage)) }] : [];
  });
  const spread = seen.filter((_, index) => seen.length <= probedPages || Math.floor((index * probedPages) / seen.length) !== Math.floor(((index - 1) * probedPages) / seen.length));
  if (spread.length === 0) return undefined;
  return { probe: { frames: spread.map(({ frame }) => frame), box }, leastPixels: spread.map(({ least }) => least), colors };
}
