import type { Look } from '../../../artifacts/schemas/analysis.js';
import { pictureDistance, type PictureSignature } from '../fine/picture-signature.js';
import type { YuvPicture } from '../fine/picture.js';

/** Where every frame is a keyframe, not every one is looked at. */
const apartUs = 400_000;
/** A solid card's samples lie within this many neighbouring grey levels. */
const bandLevels = 16;

/** Measures keyframes as pictures: what a choice without words goes by. */
export class Looks {
  readonly looks: Look[] = [];
  #last: PictureSignature | undefined;

  add(atUs: number, picture: YuvPicture, signature: PictureSignature): void {
    const last = this.looks.at(-1);
    if (last && atUs - last.atUs < apartUs) return;
    const { brightness, contrast, flatness, sharpness } = measureLuma(picture);
    this.looks.push({
      atUs,
      brightness: rounded(brightness),
      contrast: rounded(contrast),
      sharpness: rounded(sharpness),
      colourfulness: rounded(colourfulnessOf(picture)),
      flatness: rounded(flatness),
      change: this.#last ? rounded(pictureDistance(this.#last, signature)) : 0,
    });
    this.#last = signature;
  }
}

function measureLuma({ data, width, height }: YuvPicture): Pick<Look, 'brightness' | 'contrast' | 'flatness' | 'sharpness'> {
  const levels = new Uint32Array(256);
  let steps = 0;
  for (let y = 0; y < height - 1; y += 1) {
    for (let x = 0; x < width - 1; x += 1) {
      const here = data[y * width + x] ?? 0;
      levels[here]! += 1;
      steps += Math.abs((data[y * width + x + 1] ?? 0) - here) + Math.abs((data[(y + 1) * width + x] ?? 0) - here);
    }
  }
  const count = (width - 1) * (height - 1);
  let sum = 0;
  let squares = 0;
  let inBand = 0;
  let fullestBand = 0;
  for (const [level, seen] of levels.entries()) {
    sum += level * seen;
    squares += level * level * seen;
    inBand += seen - (levels[level - bandLevels] ?? 0);
    fullestBand = Math.max(fullestBand, inBand);
  }
  const brightness = sum / count;
  return { brightness, contrast: Math.sqrt(Math.max(0, squares / count - brightness * brightness)), flatness: fullestBand / count, sharpness: steps / (2 * count) };
}

/**
 * D. Hasler and S. Süsstrunk, "Measuring colourfulness in natural images", 2003: spread and mean of the opponent colours R − G and
 * ½(R + G) − B, here from BT.709 chroma, of which both are linear combinations.
 */
function colourfulnessOf({ data, width, height }: YuvPicture): number {
  const columns = (width + 1) >> 1;
  const rows = (height + 1) >> 1;
  const count = columns * rows;
  const cbAt = width * height;
  const crAt = cbAt + count;
  let redGreen = 0;
  let yellowBlue = 0;
  let redGreenSquares = 0;
  let yellowBlueSquares = 0;
  for (let n = 0; n < count; n += 1) {
    const cb = (data[cbAt + n] ?? 128) - 128;
    const cr = (data[crAt + n] ?? 128) - 128;
    const red = 1.793 * cr;
    const green = -0.213 * cb - 0.533 * cr;
    const blue = 2.112 * cb;
    const rg = red - green;
    const yb = (red + green) / 2 - blue;
    redGreen += rg;
    yellowBlue += yb;
    redGreenSquares += rg * rg;
    yellowBlueSquares += yb * yb;
  }
  const mean = Math.hypot(redGreen / count, yellowBlue / count);
  const spread = Math.sqrt(Math.max(0, redGreenSquares / count - (redGreen / count) ** 2 + yellowBlueSquares / count - (yellowBlue / count) ** 2));
  return spread + 0.3 * mean;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
