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

/**
 * Filters that bring a decoded (already upright) frame to exactly display size with square samples; empty when it is there already.
 * The second `setsar` undoes the rounding of `scale`.
 */
export function toDisplaySize(picture: CodedPicture & { displayWidth: number; displayHeight: number }): string[] {
  const { num, den } = picture.sampleAspectRatio;
  const turned = isQuarterTurn(picture.rotationDegrees);
  const width = turned ? picture.codedHeight : picture.codedWidth;
  const height = turned ? picture.codedWidth : picture.codedHeight;
  if (num === den && width === picture.displayWidth && height === picture.displayHeight) return [];
  return [`scale=${picture.displayWidth}:${picture.displayHeight}`, 'setsar=1'];
}

function isQuarterTurn(degrees: number): boolean {
  return Math.abs(degrees) % 180 === 90;
}

function even(size: number): number {
  return Math.max(2, Math.floor(size / 2) * 2);
}
