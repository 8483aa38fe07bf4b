import type { Rational } from '../artifacts/schemas/common.js';

interface CodedPicture {
  codedWidth: number;
  codedHeight: number;
  rotationDegrees: number;
  sampleAspectRatio: Rational;
}

/**
 * The size a viewer sees, even in both directions: the sample aspect ratio widens or narrows the coded picture, then a quarter
 * turn swaps its sides. ffmpeg turns frames before the first filter, so graphs meet pictures that are upright but still unscaled.
 */
export function displaySize(picture: CodedPicture): { displayWidth: number; displayHeight: number } {
  const { num, den } = picture.sampleAspectRatio;
  const width = even((picture.codedWidth * num) / den);
  const height = even(picture.codedHeight);
  return isQuarterTurn(picture.rotationDegrees) ? { displayWidth: height, displayHeight: width } : { displayWidth: width, displayHeight: height };
}

/** The size of decoded frames as filters meet them: already turned upright, samples as they are stored. */
export function uprightSize({ codedWidth, codedHeight, rotationDegrees }: CodedPicture): { width: number; height: number } {
  return isQuarterTurn(rotationDegrees) ? { width: codedHeight, height: codedWidth } : { width: codedWidth, height: codedHeight };
}

function isQuarterTurn(degrees: number): boolean {
  return Math.abs(degrees) % 180 === 90;
}

function even(size: number): number {
  return Math.max(2, Math.floor(size / 2) * 2);
}
