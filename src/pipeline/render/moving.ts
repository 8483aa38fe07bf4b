import type { Range } from '../../artifacts/schemas/common.js';
import { outputFormats } from './formats.js';
import type { ClipParams } from './params.js';
import type { Reading } from './readings.js';

/** CPU seconds a second of clip takes at 1080×1920, decoding, cutting and verifying it included: measured for most presets, between them estimated. */
const perSecond: Readonly<Record<string, number>> = { ultrafast: 0.63, superfast: 1.03, veryfast: 1.39, faster: 2, fast: 2.6, medium: 3.1, slow: 5 };
const measuredPixels = 1080 * 1920;

/** CPU seconds a clip is likely to take. */
export function encodingSeconds({ ranges, format, preset }: Pick<ClipParams, 'ranges' | 'format' | 'preset'>): number {
  const seconds = ranges.reduce((sum, { startUs, endUs }) => sum + endUs - startUs, 0) / 1e6;
  const { width, height } = outputFormats[format];
  return seconds * (perSecond[preset] ?? 2) * ((width * height) / measuredPixels);
}

/** What readings read, each seek once. */
export function readOnce(readings: readonly Reading[]): Range[] {
  const ends = new Map<number, number>();
  for (const { seekUs, endUs } of readings) ends.set(seekUs, Math.max(endUs, ends.get(seekUs) ?? 0));
  return [...ends].map(([startUs, endUs]) => ({ startUs, endUs })).toSorted((a, b) => a.startUs - b.startUs);
}
