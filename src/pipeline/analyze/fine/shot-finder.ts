import { pictureDistance, type PictureSignature } from './picture-signature.js';

/** A border between shots. `frame` is the first frame of the later one. */
export interface ShotBorder {
  frame: number;
  /** `gradual`: a dissolve, wipe or fade; `frame` is its middle, or its darkest frame. */
  kind: 'cut' | 'gradual';
}

/** A cut is at least this different… */
const cutDistance = 0.085;
/** …and this many times the upper quartile of its neighbourhood, which motion raises as a whole. */
const cutContrast = 3;
const cutNeighbours = 6;
/** The two sides of a flash are alike: a cut stays different across it. */
const persistentShare = 0.6;
const flashSeconds = 0.1;
/** A gradual change is judged over this span, with a calm span of half its length on either side. */
const gradualSeconds = 0.8;
const gradualDistance = 0.22;
const calmShare = 0.4;
const gradualStride = 3;
/** Mean luma (limited range: black is 16) of a picture faded to black. */
const blackLevel = 22;

/**
 * Finds shot borders in a stream of pictures, keeping only the last second and a half of them.
 * Hard cuts: adaptive threshold on the distance of neighbours, in the manner of PySceneDetect's AdaptiveDetector, on block
 * histograms and motion-compensated luma. Gradual changes: the distance across a span while both its sides are calm.
 */
export class ShotFinder {
  readonly #spanFrames: number;
  readonly #flashFrames: number;
  readonly #recent: PictureSignature[] = [];
  readonly #steps: number[] = [];
  /** Distance from frame k − flash − 1 to k, only near large steps. */
  readonly #across = new Map<number, number>();
  /** Distance from k − span to k and from k − span / 2 to k, every few frames. */
  readonly #span: number[] = [];
  readonly #half: number[] = [];
  readonly #brightness: number[] = [];
  readonly #cuts: number[] = [];
  #decided = 0;

  /** @param fps frames per second of the stream */
  constructor(fps: number) {
    this.#spanFrames = Math.max(2 * gradualStride, 2 * gradualStride * Math.round((gradualSeconds * fps) / (2 * gradualStride)));
    this.#flashFrames = Math.max(1, Math.round(flashSeconds * fps));
  }

  /** How many frames after its own a cut is reported. */
  get delayFrames(): number {
    return Math.max(cutNeighbours, this.#flashFrames + 1);
  }

  /** Takes the next frame; returns the first frame of a new shot when a hard cut has just become certain. */
  push(signature: PictureSignature): number | undefined {
    const frame = this.#steps.length;
    this.#recent.push(signature);
    if (this.#recent.length > this.#spanFrames + 1) this.#recent.shift();
    this.#brightness.push(signature.brightness);
    this.#steps.push(this.#distanceBack(1) ?? 0);
    const large = this.#steps.slice(-this.#flashFrames - 1).some((step) => step >= cutDistance);
    if (large) this.#across.set(frame, this.#distanceBack(this.#flashFrames + 1) ?? Infinity);
    if (frame % gradualStride === 0) {
      this.#span.push(this.#distanceBack(this.#spanFrames) ?? 0);
      this.#half.push(this.#distanceBack(this.#spanFrames / 2) ?? 0);
    }
    return frame >= this.delayFrames ? this.#decide(frame - this.delayFrames) : undefined;
  }

  /** Cuts among the last frames that `push` could not yet report. */
  flush(): number[] {
    const cuts: number[] = [];
    while (this.#decided < this.#steps.length) {
      const cut = this.#decide(this.#decided);
      if (cut !== undefined) cuts.push(cut);
    }
    return cuts;
  }

  /** All borders in order; call after `flush`. */
  borders(): ShotBorder[] {
    const cuts = this.#cuts.map((frame): ShotBorder => ({ frame, kind: 'cut' }));
    return [...cuts, ...this.#gradual()].toSorted((a, b) => a.frame - b.frame);
  }

  #distanceBack(frames: number): number | undefined {
    const now = this.#recent.at(-1);
    const then = this.#recent.at(-1 - frames);
    return now && then ? pictureDistance(then, now) : undefined;
  }

  #decide(frame: number): number | undefined {
    this.#decided = frame + 1;
    const step = this.#steps[frame] ?? 0;
    if (frame === 0 || step < cutDistance) return undefined;
    for (let near = frame - 2; near <= frame + 2; near++) {
      const other = this.#steps[near] ?? 0;
      if (other > step || (other === step && near < frame)) return undefined;
    }
    const around: number[] = [];
    for (let near = Math.max(1, frame - cutNeighbours); near <= frame + cutNeighbours; near++) {
      const other = this.#steps[near];
      if (near !== frame && other !== undefined) around.push(other);
    }
    if (step < cutContrast * upperQuartile(around)) return undefined;
    const before = this.#across.get(frame) ?? Infinity;
    const after = this.#across.get(frame + this.#flashFrames) ?? Infinity;
    if (Math.min(before, after) < persistentShare * Math.min(step, 2 * cutDistance)) return undefined;
    this.#cuts.push(frame);
    return frame;
  }

  #gradual(): ShotBorder[] {
    const half = this.#spanFrames / 2;
    const inStrides = half / gradualStride;
    const fades = this.#fades();
    const found: { frame: number; height: number }[] = [];
    // Both calm sides must lie inside the window.
    for (let index = 3 * inStrides; index + inStrides < this.#span.length; index++) {
      const height = this.#span[index] ?? 0;
      if (height < gradualDistance) continue;
      const calmBefore = this.#half[index - 2 * inStrides] ?? 0;
      const calmAfter = this.#half[index + inStrides] ?? 0;
      if (Math.max(calmBefore, calmAfter) > calmShare * height) continue;
      const frame = index * gradualStride - half;
      // A hard cut or a fade near by explains the difference already.
      if ([...this.#cuts, ...fades].some((border) => Math.abs(border - frame) <= this.#spanFrames)) continue;
      found.push({ frame, height });
    }
    const frames = [...fades, ...separatePeaks(found, this.#spanFrames)];
    return frames.map((frame): ShotBorder => ({ frame, kind: 'gradual' }));
  }

  /** The darkest frame of every black stretch that begins and ends softly: a hard edge is a border by itself. */
  #fades(): number[] {
    const fades: number[] = [];
    let start: number | undefined;
    for (const [frame, brightness] of [...this.#brightness, blackLevel + 1].entries()) {
      if (brightness <= blackLevel) {
        start ??= frame;
        continue;
      }
      // Black up to either end of the window separates nothing.
      if (start !== undefined && start > 0 && frame < this.#brightness.length && !this.#cutBetween(start - 1, frame + 1)) {
        fades.push(this.#darkest(start, frame - 1));
      }
      start = undefined;
    }
    return fades;
  }

  #cutBetween(from: number, to: number): boolean {
    return this.#cuts.some((cut) => cut >= from && cut <= to);
  }

  #darkest(from: number, to: number): number {
    let best = from;
    for (let frame = from; frame <= to; frame++) {
      if ((this.#brightness[frame] ?? 255) < (this.#brightness[best] ?? 255)) best = frame;
    }
    return best;
  }
}

/** Of candidates within `distance` frames of each other the highest stays. */
function separatePeaks(found: readonly { frame: number; height: number }[], distance: number): number[] {
  const kept: number[] = [];
  for (const { frame } of found.toSorted((a, b) => b.height - a.height || a.frame - b.frame)) {
    if (kept.every((other) => Math.abs(other - frame) > distance)) kept.push(frame);
  }
  return kept;
}

function upperQuartile(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(0.75 * (sorted.length - 1))] ?? 0;
}
