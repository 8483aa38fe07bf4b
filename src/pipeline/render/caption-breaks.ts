import { type ClipTimeline, frameTimeUs } from '../../media/timeline.js';

/** A pause or a filler word taken out: the sentence goes on, and with it its caption. */
const sameBreathUs = 1_500_000;

/** The joins, on the clip's time, at which it goes to another place of the source: what is written before belongs to what was said there. */
export function captionBreaksUs({ pieces, fps }: ClipTimeline): number[] {
  return pieces.flatMap((piece, n) => {
    const before = pieces[n - 1];
    if (!before) return [];
    const gapUs = piece.startUs - before.endUs;
    return gapUs >= 0 && gapUs <= sameBreathUs ? [] : [frameTimeUs(piece.firstFrame, fps)];
  });
}
