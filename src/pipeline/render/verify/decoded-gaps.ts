/** How the decoded frames of one piece lie in time. */
export interface DecodedGaps {
  /** Frames inside the piece. */
  frames: number;
  /** From the piece's start to its first frame, when none was on screen already. */
  lateUs: number;
  /** The longest time without a new frame. */
  longestUs: number;
}

/**
 * Reads a framecrc listing (`stream, dts, pts, duration, size, crc`, times in µs after the seek).
 *
 * @param fromUs start of the piece on that scale
 */
export function decodedGaps(listing: string, fromUs: number, lengthUs: number): DecodedGaps {
  const times = listing
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => Number(line.split(',')[2]) - fromUs)
    .filter((us) => us < lengthUs);
  const inside = times.filter((us) => us >= 0);
  const first = inside[0] ?? lengthUs;
  const onScreen = times.length > inside.length;
  let longestUs = onScreen ? 0 : first;
  for (const [n, us] of inside.entries()) longestUs = Math.max(longestUs, (inside[n + 1] ?? lengthUs) - us);
  return { frames: inside.length + (onScreen ? 1 : 0), lateUs: onScreen ? 0 : first, longestUs };
}
