/** Thresholds as Silero's authors use them: enter above 0.5, leave below 0.35. */
const enterAt = 0.5;
const leaveAt = 0.35;
/** Frames of 32 ms. Shorter silences do not end speech; shorter speech is a click. */
const silenceFrames = 4;
const speechFrames = 8;

/** A run of frames, end exclusive. */
export interface FrameRun {
  first: number;
  end: number;
}

/**
 * Turns speech probabilities into islands of speech: hysteresis between the two thresholds, silences under 128 ms bridged,
 * islands under 256 ms dropped.
 */
export function findIslands(probabilities: ArrayLike<number>): FrameRun[] {
  const islands: FrameRun[] = [];
  let first = -1;
  let quietSince = -1;
  const finish = (end: number): void => {
    if (end - first >= speechFrames) islands.push({ first, end });
    first = -1;
    quietSince = -1;
  };
  for (let i = 0; i < probabilities.length; i++) {
    const p = probabilities[i] ?? 0;
    if (first < 0) {
      if (p >= enterAt) first = i;
      continue;
    }
    if (p >= enterAt) quietSince = -1;
    else if (p < leaveAt && quietSince < 0) quietSince = i;
    if (quietSince >= 0 && i - quietSince + 1 >= silenceFrames) finish(quietSince);
  }
  if (first >= 0) finish(quietSince >= 0 ? quietSince : probabilities.length);
  return islands;
}
