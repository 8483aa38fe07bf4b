import { captionArea, type PixelBox } from '../../../captions/safe-area.js';

interface Size {
  width: number;
  height: number;
}

/** Where the parts of a still picture stand. All numbers are even. */
export interface StillLayout {
  /** The cover, whole; null without one. */
  cover: PixelBox | null;
  /** The bars that move with the sound. */
  bars: PixelBox;
}

/** One bar with the gap after it, and the gap alone, in pixels. */
export const barPitchPx = 20;
export const barGapPx = 8;
const partGapPx = 40;
/** Share of the free height that bars below a cover take, and how high they may become alone or beside one. */
const barsShare = 0.17;
const highestBarsPx = 300;
/** Share of a wide frame's free width that the cover beside the bars may take. */
const besideShare = 0.45;

/**
 * Lays a cover and the bars out above the captions, inside the area no platform covers and centred like the captions:
 * one above the other, or side by side where there is twice as much width as height.
 *
 * @param captionTop the first row captions may reach
 * @param cover its size in pixels; null without one
 */
export function stillLayout(frame: Size, captionTop: number, cover: Size | null): StillLayout {
  const area = captionArea(frame.width, frame.height);
  const free = { ...area, height: Math.max(2 * barPitchPx, Math.min(area.height, captionTop - area.y - partGapPx)) };
  if (!cover) return { cover: null, bars: barsIn(free, Math.min(highestBarsPx, free.height)) };
  if (free.width > 2 * free.height) {
    const shown = fitted(cover, { width: free.width * besideShare, height: free.height });
    const left = free.x + shown.width + partGapPx;
    const beside = { x: left, y: free.y, width: free.x + free.width - left, height: free.height };
    return { cover: { ...shown, x: even(free.x), y: even(free.y + (free.height - shown.height) / 2) }, bars: barsIn(beside, Math.min(highestBarsPx, free.height / 2)) };
  }
  const barsHeight = even(free.height * barsShare);
  const shown = fitted(cover, { width: free.width, height: free.height - barsHeight - partGapPx });
  const top = even(free.y + (free.height - shown.height - partGapPx - barsHeight) / 2);
  const below = { x: free.x, y: top + shown.height + partGapPx, width: free.width, height: barsHeight };
  return { cover: { ...shown, x: even(free.x + (free.width - shown.width) / 2), y: top }, bars: barsIn(below, barsHeight) };
}

/** As many whole bars as fit, an odd number so that one is in the middle; centred. */
function barsIn(box: PixelBox, height: number): PixelBox {
  const fitting = Math.max(1, Math.floor((box.width + barGapPx) / barPitchPx));
  const width = (fitting % 2 === 0 ? fitting - 1 : fitting) * barPitchPx - barGapPx;
  const high = 4 * Math.floor(height / 4);
  return { x: even(box.x + (box.width - width) / 2), y: even(box.y + (box.height - high) / 2), width, height: high };
}

function fitted(size: Size, room: Size): Size {
  const share = Math.min(room.width / size.width, room.height / size.height);
  return { width: Math.max(2, even(size.width * share)), height: Math.max(2, even(size.height * share)) };
}

function even(value: number): number {
  return 2 * Math.floor(value / 2);
}
