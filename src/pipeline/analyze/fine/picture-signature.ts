import type { YuvPicture } from './picture.js';

/**
 * What the shot finder keeps of a frame: block histograms and a tiny luma picture, about 20 kB. The distance between two of
 * them adds the change of colours per block to the change of structure that motion of up to three small pixels does not explain.
 */
export interface PictureSignature {
  /** Per block of a 4 × 3 grid: 16 luma, 8 Cb and 8 Cr bins, each group summing to 1. */
  readonly histograms: Float32Array;
  /** Luma of the picture as 80 × 45 area averages. */
  readonly luma: Uint8Array;
  /** Summed-area table of `luma`. */
  readonly sums: Int32Array;
  /** Mean luma, 0…255. */
  readonly brightness: number;
}

const columns = 4;
const rows = 3;
const lumaBins = 16;
const chromaBins = 8;
const binsPerBlock = lumaBins + 2 * chromaBins;
const thumbWidth = 80;
const thumbHeight = 45;
/** Each histogram cell is this many times finer than the thumbnail, so that fine texture still counts. */
const fineWidth = thumbWidth * 2;
const fineHeight = thumbHeight * 2;
/** Histogram distance that a structure distance of 1 can vouch for. */
const colourShare = 6;
/** Grey levels of mean difference that count as noise. */
const stillLevel = 1.5;
/** Nearest first: most blocks do not move, and the search ends where the difference is already noise. */
const shifts = nearestFirst(3);

/** Reads a frame once; its buffer may be reused afterwards. */
export function signPicture(picture: YuvPicture): PictureSignature {
  const { data, width, height } = picture;
  const chromaWidth = (width + 1) >> 1;
  const chromaHeight = (height + 1) >> 1;
  const lumaSize = width * height;
  const chromaSize = chromaWidth * chromaHeight;
  const fine = areaAverage(data, width, height, fineWidth, fineHeight);
  const histograms = new Float32Array(columns * rows * binsPerBlock);
  countBins(fine, 0, fineWidth, fineHeight, 1, histograms, 0, lumaBins);
  // Every second chroma sample in both directions: colour carries no detail that would be missed.
  countBins(data, lumaSize, chromaWidth, chromaHeight, 2, histograms, lumaBins, chromaBins);
  countBins(data, lumaSize + chromaSize, chromaWidth, chromaHeight, 2, histograms, lumaBins + chromaBins, chromaBins);
  const luma = areaAverage(fine, fineWidth, fineHeight, thumbWidth, thumbHeight);
  const sums = summedArea(luma);
  return { histograms, luma, sums, brightness: (sums.at(-1) ?? 0) / luma.length };
}

/**
 * How different two pictures are: 0 for equal ones, about 0.1 for a cut between similar pictures, up to about 1.5.
 * A change of colours counts only as far as the structure changes too: a fade or a flicker of exposure moves whole areas
 * from one histogram bin to the next, and leaves the structure as it was.
 */
export function pictureDistance(before: PictureSignature, after: PictureSignature): number {
  const structure = structureDistance(before, after);
  return Math.min(histogramDistance(before, after), colourShare * structure) + 1.5 * structure;
}

/** Mean over blocks of the weighted half-L1 distances (0…1): luma counts as much as both chroma planes. */
function histogramDistance(before: PictureSignature, after: PictureSignature): number {
  const a = before.histograms;
  const b = after.histograms;
  let total = 0;
  for (let block = 0; block < columns * rows; block++) {
    const start = block * binsPerBlock;
    let luma = 0;
    for (let bin = start; bin < start + lumaBins; bin++) luma += Math.abs((a[bin] ?? 0) - (b[bin] ?? 0));
    let chroma = 0;
    for (let bin = start + lumaBins; bin < start + binsPerBlock; bin++) chroma += Math.abs((a[bin] ?? 0) - (b[bin] ?? 0));
    total += luma / 4 + chroma / 8;
  }
  return total / (columns * rows);
}

/** Mean absolute luma difference (0…1) per block after the best shift and without the change of mean brightness. */
function structureDistance(before: PictureSignature, after: PictureSignature): number {
  const blockWidth = thumbWidth / columns;
  const blockHeight = thumbHeight / rows;
  let total = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      total += blockStructure(before, after, column * blockWidth, row * blockHeight, blockWidth, blockHeight);
    }
  }
  return total / (columns * rows * 255);
}

function blockStructure(before: PictureSignature, after: PictureSignature, left: number, top: number, width: number, height: number): number {
  const pixels = width * height;
  const beforeSum = blockSum(before.sums, left, top, width, height);
  let best = Infinity;
  for (const [dx, dy] of shifts) {
    const x0 = left + dx;
    const y0 = top + dy;
    if (x0 < 0 || y0 < 0 || x0 + width > thumbWidth || y0 + height > thumbHeight) continue;
    const gain = (blockSum(after.sums, x0, y0, width, height) - beforeSum) / pixels;
    let sum = 0;
    for (let y = 0; y < height && sum < best; y++) {
      const here = (top + y) * thumbWidth + left;
      const there = (y0 + y) * thumbWidth + x0;
      for (let x = 0; x < width; x++) sum += Math.abs((after.luma[there + x] ?? 0) - (before.luma[here + x] ?? 0) - gain);
    }
    if (sum < best) best = sum;
    // Unmoved but for noise: no shift can explain much more.
    if (best <= stillLevel * pixels) break;
  }
  return best / pixels;
}

/** Sum of a rectangle of the thumbnail from its summed-area table (one row and column of zeros first). */
function blockSum(sums: Int32Array, left: number, top: number, width: number, height: number): number {
  const stride = thumbWidth + 1;
  const above = top * stride + left;
  const below = (top + height) * stride + left;
  return (sums[below + width] ?? 0) - (sums[below] ?? 0) - (sums[above + width] ?? 0) + (sums[above] ?? 0);
}

function summedArea(luma: Uint8Array): Int32Array {
  const stride = thumbWidth + 1;
  const sums = new Int32Array(stride * (thumbHeight + 1));
  for (let y = 0; y < thumbHeight; y++) {
    let line = 0;
    for (let x = 0; x < thumbWidth; x++) {
      line += luma[y * thumbWidth + x] ?? 0;
      sums[(y + 1) * stride + x + 1] = (sums[y * stride + x + 1] ?? 0) + line;
    }
  }
  return sums;
}

function areaAverage(source: Uint8Array, width: number, height: number, outWidth: number, outHeight: number): Uint8Array {
  const out = new Uint8Array(outWidth * outHeight);
  for (let y = 0; y < outHeight; y++) {
    const top = Math.floor((y * height) / outHeight);
    const bottom = Math.max(top + 1, Math.floor(((y + 1) * height) / outHeight));
    for (let x = 0; x < outWidth; x++) {
      const left = Math.floor((x * width) / outWidth);
      const right = Math.max(left + 1, Math.floor(((x + 1) * width) / outWidth));
      let sum = 0;
      for (let sy = top; sy < bottom; sy++) {
        const line = sy * width;
        for (let sx = left; sx < right; sx++) sum += source[line + sx] ?? 0;
      }
      out[y * outWidth + x] = sum / ((bottom - top) * (right - left));
    }
  }
  return out;
}

/** Adds normalised counts of one plane to every block's histogram. */
function countBins(
  plane: Uint8Array,
  offset: number,
  width: number,
  height: number,
  step: number,
  histograms: Float32Array,
  firstBin: number,
  bins: number,
): void {
  const valuesPerBin = 256 / bins;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const counts = new Uint32Array(bins);
      let seen = 0;
      const bottom = Math.floor(((row + 1) * height) / rows);
      const right = Math.floor(((column + 1) * width) / columns);
      for (let y = Math.floor((row * height) / rows); y < bottom; y += step) {
        const line = offset + y * width;
        for (let x = Math.floor((column * width) / columns); x < right; x += step) {
          const bin = Math.floor((plane[line + x] ?? 0) / valuesPerBin);
          counts[bin] = (counts[bin] ?? 0) + 1;
          seen++;
        }
      }
      const start = (row * columns + column) * binsPerBlock + firstBin;
      for (let bin = 0; bin < bins; bin++) histograms[start + bin] = seen === 0 ? 0 : (counts[bin] ?? 0) / seen;
    }
  }
}

function nearestFirst(radius: number): readonly (readonly [number, number])[] {
  const all: [number, number][] = [];
  for (let dy = -radius; dy <= radius; dy++) {
    for (let dx = -radius; dx <= radius; dx++) all.push([dx, dy]);
  }
  return all.toSorted((a, b) => a[0] ** 2 + a[1] ** 2 - (b[0] ** 2 + b[1] ** 2));
}
