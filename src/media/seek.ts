/**
 * Containers without an index: an input seek lands at any packet, and decoding begins at the next keyframe, up to some seconds
 * after the time asked for (measured with ffmpeg 5.1: 0.7–1.8 s late with a keyframe every 2 s; exact in every other container).
 */
const unindexed = new Set(['mpegts', 'mpeg']);
/** The longest distance between keyframes that is to be expected in such files. */
const longestKeyframeGapUs = 12_000_000;

/**
 * How much earlier than wanted to seek in a container (ffprobe's format name), so that every wanted frame is decoded.
 * What comes before the wanted time must then be dropped by filters.
 */
export function seekPrerollUs(container: string, wantedUs: number): number {
  return container.split(',').some((name) => unindexed.has(name)) ? Math.min(wantedUs, longestKeyframeGapUs) : 0;
}
