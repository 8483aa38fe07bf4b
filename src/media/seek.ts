/**
 * Containers without an index: an input seek lands at any packet, and decoding begins at the next keyframe, up to some seconds
 * after the time asked for (measured with ffmpeg 5.1: 0.7–1.8 s late with a keyframe every 2 s; exact in every other container).
 */
const unindexed = new Set(['mpegts', 'mpeg']);
/** The longest distance between keyframes that is to be expected in such files. */
const longestKeyframeGapUs = 12_000_000;

/** With a variable frame rate, the frame on screen at the wanted time may have begun this long before; a seek drops it. */
const longestFrameUs = 5_000_000;

const nearStartUs = 3_000_000;

/**
 * How much earlier than wanted to seek, so that the frame on screen at the wanted time and all after it are decoded.
 * What comes before the wanted time must then be dropped by filters.
 *
 * @param source `container` is ffprobe's format name
 */
export function seekPrerollUs(source: { container: string; variableFrameRate: boolean }, wantedUs: number): number {
  const isUnindexed = source.container.split(',').some((name) => unindexed.has(name));
  const prerollUs = isUnindexed ? longestKeyframeGapUs : source.variableFrameRate ? longestFrameUs : 0;
  // So near the start, reading from it costs little, and what is missing there is missing in the source.
  return wantedUs <= nearStartUs ? wantedUs : Math.min(wantedUs, prerollUs);
}
