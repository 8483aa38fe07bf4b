import type { Range } from '../../../artifacts/schemas/common.js';
import { frameTimeUs, nearestFrame, type ClipTimeline } from '../../../media/timeline.js';

/** A stretch of the clip inside one shot of the source, in whole output frames. */
export interface Slice extends Range {
  /** Index of the shot. `startUs` and `endUs` are on the source timeline. */
  shot: number;
  /** First frame in the clip. */
  firstFrame: number;
  frames: number;
}

/**
 * Cuts the clip at the shots' borders. The slices follow each other without gap and cover every frame: what lies before
 * the first shot counts to it, what lies after the last to that.
 */
export function sliceClip(timeline: ClipTimeline, shots: readonly Range[]): Slice[] {
  const slices: Slice[] = [];
  for (const piece of timeline.pieces) {
    const pieceStart = nearestFrame(piece.startUs, timeline.fps);
    const pieceEnd = pieceStart + piece.frames;
    for (const [shot] of shots.entries()) {
      const start = shot === 0 ? pieceStart : borderFrame(shots[shot], timeline);
      const end = shot === shots.length - 1 ? pieceEnd : borderFrame(shots[shot + 1], timeline);
      const first = Math.max(start, pieceStart);
      const after = Math.min(end, pieceEnd);
      if (after <= first) continue;
      slices.push({
        shot,
        startUs: frameTimeUs(first, timeline.fps),
        endUs: frameTimeUs(after, timeline.fps),
        firstFrame: piece.firstFrame + first - pieceStart,
        frames: after - first,
      });
    }
  }
  return slices;
}

function borderFrame(shot: Range | undefined, timeline: ClipTimeline): number {
  return nearestFrame(shot?.startUs ?? 0, timeline.fps);
}
