import { signPicture, type PictureSignature } from './picture-signature.js';
import type { YuvPicture } from './picture.js';
import { ShotFinder, type ShotBorder } from './shot-finder.js';

/** Face samples a second. */
export const sampleFps = 5;

/** A picture chosen for the face detector. */
export interface ChosenPicture {
  frame: number;
  picture: YuvPicture;
  /** Index of an earlier chosen frame that looks the same to the last grey level: its faces hold for this one too. */
  sameAs: number | undefined;
}

/**
 * Reads the frames of a window in one pass: finds shot borders, and chooses the pictures in which to look for faces (five
 * a second, and the two on either side of every cut).
 */
export class WindowReader {
  readonly #finder: ShotFinder;
  readonly #timesUs: number[] = [];
  readonly #chosen = new Set<number>();
  /** The frames a late-found cut may still ask for, oldest first. */
  readonly #ring: { frame: number; signature: PictureSignature; picture: YuvPicture }[] = [];
  readonly #toleranceUs: number;
  #nextSampleUs: number;
  #last: { frame: number; signature: PictureSignature } | undefined;

  constructor(startUs: number, fps: number) {
    this.#finder = new ShotFinder(fps);
    this.#nextSampleUs = startUs;
    this.#toleranceUs = 0.5e6 / fps;
  }

  get frames(): number {
    return this.#timesUs.length;
  }

  /** Time of a frame that was read. */
  timeUs(frame: number): number {
    return this.#timesUs[frame] ?? 0;
  }

  /**
   * Takes the next frame; its data may be reused afterwards. Returns what to look at for faces, if anything: those pictures
   * are valid until the next call.
   */
  push(atUs: number, picture: YuvPicture): ChosenPicture[] {
    const frame = this.#timesUs.length;
    this.#timesUs.push(atUs);
    const signature = signPicture(picture);
    this.#keep(frame, signature, picture);
    const cut = this.#finder.push(signature);
    const chosen = cut === undefined ? [] : this.#aroundCut(cut);
    if (atUs + this.#toleranceUs >= this.#nextSampleUs) {
      chosen.push(...this.#choose(frame));
      while (this.#nextSampleUs <= atUs + this.#toleranceUs) this.#nextSampleUs += 1e6 / sampleFps;
    }
    return chosen;
  }

  /** After the last frame: pictures around cuts near the end. */
  finish(): ChosenPicture[] {
    return this.#finder.flush().flatMap((cut) => this.#aroundCut(cut));
  }

  /** After `finish`. */
  borders(): ShotBorder[] {
    return this.#finder.borders();
  }

  /** Copies a frame over the oldest one that no cut can ask for any more. */
  #keep(frame: number, signature: PictureSignature, picture: YuvPicture): void {
    const full = this.#ring.length >= this.#finder.delayFrames + 2;
    const data = (full ? this.#ring.shift()?.picture.data : undefined) ?? new Uint8Array(picture.data.length);
    data.set(picture.data);
    this.#ring.push({ frame, signature, picture: { ...picture, data } });
  }

  #aroundCut(cut: number): ChosenPicture[] {
    return [...this.#choose(cut - 1), ...this.#choose(cut)];
  }

  #choose(frame: number): ChosenPicture[] {
    const kept = this.#ring.find((entry) => entry.frame === frame);
    if (!kept || this.#chosen.has(frame)) return [];
    this.#chosen.add(frame);
    const sameAs = this.#last && looksSame(this.#last.signature, kept.signature) ? this.#last.frame : undefined;
    if (sameAs === undefined) this.#last = { frame, signature: kept.signature };
    return [{ frame, picture: kept.picture, sameAs }];
  }
}

/** Slides and freeze frames stay the same for seconds; the coder's noise is below one level of the small picture. */
function looksSame(a: PictureSignature, b: PictureSignature): boolean {
  return a.luma.every((value, index) => Math.abs(value - (b.luma[index] ?? 0)) <= 1);
}
