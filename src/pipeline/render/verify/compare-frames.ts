/** Two runs of small grey pictures of the same frames: as meant (before captions and encoding) and as decoded from the file. */
export interface FramePair {
  meant: Uint8Array;
  decoded: Uint8Array;
  /** Bytes of one picture. */
  frameBytes: number;
}

export interface FrameComparison {
  meantFrames: number;
  decodedFrames: number;
  /** The frame that differs most: mean absolute difference in grey levels. */
  worst: { frame: number; difference: number };
  /** Stretches of at least `longestFrames` frames that are black, or do not change, in the file but not in what was meant. */
  blackFrames: number;
  frozenFrames: number;
}

const blackLevel = 24;
/** Mean change below which a picture counts as standing still, and the change a meant stretch must reach for that to be a fault. */
const stillLevel = 0.05;
const movedLevel = 3;

/** Compares frame by frame. A decoded picture is never exactly the meant one; a wrong, black or stuck one is far from it. */
export function compareFrames({ meant, decoded, frameBytes }: FramePair, longestFrames: number): FrameComparison {
  const meantFrames = Math.floor(meant.length / frameBytes);
  const decodedFrames = Math.floor(decoded.length / frameBytes);
  const frames = Math.min(meantFrames, decodedFrames);
  const at = (bytes: Uint8Array, frame: number): Uint8Array => bytes.subarray(frame * frameBytes, (frame + 1) * frameBytes);
  let worst = { frame: 0, difference: 0 };
  const black = new Run(longestFrames);
  const frozen = new Run(longestFrames);
  let frozenSince = 0;
  for (let frame = 0; frame < frames; frame += 1) {
    const shown = at(decoded, frame);
    const wanted = at(meant, frame);
    const difference = meanDifference(shown, wanted);
    if (difference > worst.difference) worst = { frame, difference };
    black.next(mean(shown) < blackLevel && mean(wanted) >= blackLevel);
    const still = frame > 0 && meanDifference(shown, at(decoded, frame - 1)) < stillLevel;
    if (!still) frozenSince = frame;
    frozen.next(still && meanDifference(wanted, at(meant, frozenSince)) > movedLevel);
  }
  return { meantFrames, decodedFrames, worst, blackFrames: black.total, frozenFrames: frozen.total };
}

/** Counts the frames of runs that are long enough. */
class Run {
  total = 0;
  #length = 0;
  readonly #least: number;

  constructor(least: number) {
    this.#least = least;
  }

  next(holds: boolean): void {
    this.#length = holds ? this.#length + 1 : 0;
    if (this.#length === this.#least) this.total += this.#least;
    else if (this.#length > this.#least) this.total += 1;
  }
}

function mean(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum += byte;
  return sum / bytes.length;
}

function meanDifference(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += Math.abs((a[index] ?? 0) - (b[index] ?? 0));
  return sum / a.length;
}
