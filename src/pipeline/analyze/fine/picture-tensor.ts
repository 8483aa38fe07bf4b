import type { YuvPicture } from './picture.js';

/**
 * A picture as RGB planes 0…255 (1 × 3 × paddedHeight × paddedWidth), padded with black at the
 * right and the bottom to what the network accepts. `out` is reused between pictures of one size.
 */
export function pictureToRgbPlanes(picture: YuvPicture, paddedWidth: number, paddedHeight: number, out: Float32Array): void {
  const { data, width, height } = picture;
  const plane = paddedWidth * paddedHeight;
  const chromaWidth = (width + 1) >> 1;
  const cbStart = width * height;
  const crStart = cbStart + chromaWidth * ((height + 1) >> 1);
  for (let y = 0; y < height; y++) {
    const line = y * width;
    const chromaLine = (y >> 1) * chromaWidth;
    const target = y * paddedWidth;
    for (let x = 0; x < width; x++) {
      const luma = 1.164 * ((data[line + x] ?? 16) - 16);
      const cb = (data[cbStart + chromaLine + (x >> 1)] ?? 128) - 128;
      const cr = (data[crStart + chromaLine + (x >> 1)] ?? 128) - 128;
      out[target + x] = clampByte(luma + 1.793 * cr);
      out[plane + target + x] = clampByte(luma - 0.213 * cb - 0.533 * cr);
      out[2 * plane + target + x] = clampByte(luma + 2.112 * cb);
    }
  }
}

function clampByte(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
