import type { Range } from '../artifacts/schemas/common.js';

/**
 * Containers without an index: an input seek lands at any packet, and decoding begins at the next keyframe, up to some seconds
 * after the time asked for (measured with ffmpeg 5.1: 0.7–1.8 s late with a keyframe every 2 s, 10 s late with one every 10 s).
 */
const unindexed = new Set(['mpegts', 'mpeg']);
/** The longest distance between keyframes that is to be expected in such files. */
const longestKeyframeGapUs = 12_000_000;

/**
 * Elsewhere a seek lands at the keyframe at or before the wanted time, by the order of decoding: pictures that are shown before a
 * keyframe and stored after it are not decoded from there. No more than 16 are (H.264 and HEVC), 0.67 s at 24 a second.
 * Measured on open groups of pictures, fragmented MP4, Matroska without cues and FLV: exact from here on, not without. It is also more than
 * any decoder of sound needs to run in.
 */
const reorderUs = 700_000;

const nearStartUs = 3_000_000;

/**
 * How much earlier than wanted to seek, so that the frame on screen at the wanted time and all after it are decoded.
 * What comes before the wanted time must then be dropped by filters.
 *
 * @param container ffprobe's format name
 */
export function seekPrerollUs(container: string, wantedUs: number): number {
  const isUnindexed = container.split(',').some((name) => unindexed.has(name));
  // So near the start, reading from it costs little, and what is missing there is missing in the source.
  return wantedUs <= nearStartUs ? wantedUs : Math.min(wantedUs, isUnindexed ? longestKeyframeGapUs : reorderUs);
}

/** A window with what is read before it: where it begins is where to seek. */
export function withPreroll(container: string, { startUs, endUs }: Range): Range {
  return { startUs: startUs - seekPrerollUs(container, startUs), endUs };
}
