import type { Range, Rational } from '../artifacts/schemas/common.js';

/**
 * The one module that maps between integer microseconds on the source's presentation timeline, the text ffmpeg reads and
 * writes, and frames of an output grid. Time 0 is where ffmpeg's filters count from after opening a file: pts − format.start_time.
 * An input seek (`-ss` before `-i`) is relative to that same zero, so a source time is a seek time as it stands.
 *
 * A grid of `fps` has its frame n at n·den/num seconds. All steps are exact: `Math.round` on such products loses a frame
 * after some hours at 60000/1001, so they are made with BigInt.
 */

/** `1500000` → `1.500000`: the exact decimal that ffmpeg's time options and filters read. Negative times are allowed. */
export function secondsText(us: number): string {
  const sign = us < 0 ? '-' : '';
  const digits = String(Math.abs(us)).padStart(7, '0');
  return `${sign}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

/** `1.5`, `-0.023` or `1e-05` as ffmpeg prints seconds → µs; undefined for `N/A`, `NOPTS` and other non-numbers. */
export function usFromSeconds(text: string | undefined): number | undefined {
  const seconds = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(seconds) ? Math.round(seconds * 1e6) : undefined;
}

/** The time of the first instant of frame `frame`, rounded to the nearest µs. */
export function frameTimeUs(frame: number, fps: Rational): number {
  return divideRounded(BigInt(frame) * 1_000_000n * BigInt(fps.den), BigInt(fps.num));
}

/** The frame whose first instant lies nearest to `us`. */
export function nearestFrame(us: number, fps: Rational): number {
  return divideRounded(BigInt(us) * BigInt(fps.num), 1_000_000n * BigInt(fps.den));
}

/** The frame that is on screen at `us`: the last one that starts at or before it (in the rounded times of `frameTimeUs`). */
export function frameAt(us: number, fps: Rational): number {
  const nearest = nearestFrame(us, fps);
  return frameTimeUs(nearest, fps) <= us ? nearest : nearest - 1;
}

/** `us` moved to the nearest frame border. Cuts lie on such times. */
export function snapToFrame(us: number, fps: Rational): number {
  return frameTimeUs(nearestFrame(us, fps), fps);
}

/** How many frames a range shows once both of its ends are moved to the grid; at least one. */
export function frameCount(range: Range, fps: Rational): number {
  return Math.max(1, nearestFrame(range.endUs, fps) - nearestFrame(range.startUs, fps));
}

/** The length of `frames` frames in µs. */
export function framesDurationUs(frames: number, fps: Rational): number {
  return frameTimeUs(frames, fps);
}

/** One stretch of the source inside a clip, on the grid: where in the source it lies, and which frames of the clip show it. */
export interface ClipPiece extends Range {
  firstFrame: number;
  frames: number;
}

/** Several source ranges shown one after the other, on one output grid. */
export class ClipTimeline {
  readonly fps: Rational;
  /** In playing order. Ranges that go on where the one before them ended are one piece: nothing is cut there. */
  readonly pieces: readonly ClipPiece[];
  readonly frames: number;

  constructor(ranges: readonly Range[], fps: Rational) {
    this.fps = fps;
    const pieces: ClipPiece[] = [];
    let firstFrame = 0;
    for (const range of ranges) {
      const frames = frameCount(range, fps);
      const first = nearestFrame(range.startUs, fps);
      const last = pieces.at(-1);
      const startUs = frameTimeUs(first, fps);
      const endUs = frameTimeUs(first + frames, fps);
      if (last?.endUs === startUs) {
        last.frames += frames;
        last.endUs = endUs;
      } else pieces.push({ startUs, endUs, firstFrame, frames });
      firstFrame += frames;
    }
    this.pieces = pieces;
    this.frames = firstFrame;
  }

  get durationUs(): number {
    return framesDurationUs(this.frames, this.fps);
  }

  /** Where an instant of the source is shown; undefined when it is cut out. A piece's last instant belongs to it. */
  clipTimeUs(sourceUs: number): number | undefined {
    const piece = this.pieces.find(({ startUs, endUs }) => sourceUs >= startUs && sourceUs <= endUs);
    if (!piece) return undefined;
    const nextFrame = piece.firstFrame + piece.frames;
    // Rounding may make a piece 1 µs longer in the source than in the clip: it must not reach into the next.
    const lastUs = nextFrame === this.frames ? this.durationUs : frameTimeUs(nextFrame, this.fps) - 1;
    return Math.min(frameTimeUs(piece.firstFrame, this.fps) + (sourceUs - piece.startUs), lastUs);
  }

  /** Which instant of the source is shown at a time of the clip (held within the clip). */
  sourceTimeUs(clipUs: number): number {
    const held = Math.min(Math.max(0, clipUs), this.durationUs);
    const piece = this.pieces.findLast(({ firstFrame }) => frameTimeUs(firstFrame, this.fps) <= held);
    if (!piece) return 0;
    return Math.min(piece.startUs + (held - frameTimeUs(piece.firstFrame, this.fps)), piece.endUs);
  }
}

/** Nearest integer, halves away from zero; `denominator` is positive. */
function divideRounded(numerator: bigint, denominator: bigint): number {
  const half = denominator / 2n;
  return Number(numerator >= 0n ? (numerator + half) / denominator : -((-numerator + half) / denominator));
}
