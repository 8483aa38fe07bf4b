/** How the decoded frames of one piece lie in time. */
export interface DecodedGaps {
  /** Frames inside the piece, and the one on screen when it begins. */
  frames: number;
  /** From the piece's start to its first frame, when none was on screen already. */
  lateUs: number;
  /** The longest time without a new frame. */
  longestUs: number;
  /** Whether the source has frames of its own at the times of the piece's first and last frame, to half a frame of the grid. */
  endsMet: boolean;
}

/** Reads a framecrc listing (`stream, dts, pts, duration, size, crc`, times in µs): the times in order of decoding. */
export function decodedTimes(listing: string): number[] {
  return listing
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => Number(line.split(',')[2]));
}

/** Time stamps of Matroska and FLV are rounded to milliseconds. */
const roundingUs = 1_000;

/**
 * @param timesUs of all frames decoded around the piece
 * @param frameUs of the clip's grid
 */
export function decodedGaps(timesUs: readonly number[], piece: { startUs: number; frames: number }, frameUs: number): DecodedGaps {
  const lengthUs = piece.frames * frameUs;
  const times = timesUs.map((us) => us - piece.startUs).filter((us) => us < lengthUs);
  const inside = times.filter((us) => us >= 0);
  const first = inside[0] ?? lengthUs;
  const onScreen = times.length > inside.length;
  let longestUs = onScreen ? 0 : first;
  for (const [n, us] of inside.entries()) longestUs = Math.max(longestUs, (inside[n + 1] ?? lengthUs) - us);
  const has = (wantedUs: number): boolean => times.some((us) => Math.abs(us - wantedUs) <= frameUs / 2 + roundingUs);
  return { frames: inside.length + (onScreen ? 1 : 0), lateUs: onScreen ? 0 : first, longestUs, endsMet: has(0) && has(lengthUs - frameUs) };
}
