/** The caption box of one frame as planar YUV 4:4:4, before and after captions. */
export interface CaptionLook {
  before: Uint8Array;
  after: Uint8Array;
}

type Yuv = readonly [number, number, number];

/** Encoding smears colour; black borders of letters are darker than this. */
const tolerance = 40;
const darkLuma = 40;
const changedLuma = 24;

/**
 * How many pixels of the box show captions: of a fill colour where the picture was not, or changed to the border's black.
 * ffmpeg draws captions with BT.601 or BT.709 depending on its version, so both renderings of a colour count.
 *
 * @param colors `#rrggbb`
 */
export function captionPixels({ before, after }: CaptionLook, colors: readonly string[]): { fill: number; border: number } {
  const plane = after.length / 3;
  const targets = colors.flatMap((color) => [toYuv(color, 0.299, 0.114), toYuv(color, 0.2126, 0.0722)]);
  const isFill = (bytes: Uint8Array, at: number): boolean =>
    targets.some(([y, u, v]) => Math.abs((bytes[at] ?? 0) - y) < tolerance && Math.abs((bytes[plane + at] ?? 0) - u) < tolerance && Math.abs((bytes[2 * plane + at] ?? 0) - v) < tolerance);
  let fill = 0;
  let border = 0;
  for (let at = 0; at < plane; at += 1) {
    if (isFill(after, at)) {
      if (!isFill(before, at)) fill += 1;
    } else if ((after[at] ?? 0) < darkLuma && (before[at] ?? 0) - (after[at] ?? 0) > changedLuma) border += 1;
  }
  return { fill, border };
}

/** 8-bit limited range. */
function toYuv(color: string, kr: number, kb: number): Yuv {
  const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255) as [number, number, number];
  const y = kr * r + (1 - kr - kb) * g + kb * b;
  return [16 + 219 * y, 128 + (112 * (b - y)) / (1 - kb), 128 + (112 * (r - y)) / (1 - kr)];
}
