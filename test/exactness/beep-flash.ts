import { join } from 'node:path';
import { brightness, makeMedia, onsets } from '../render/look-at-clip.js';

/** fixtures/beep-flash.mp4: at each whole second from 1 to 59 a white frame and a beep, each 1/30 s long. */
export const beepFlash = 'fixtures/beep-flash.mp4';

/** Sound that begins 2 s late: seconds 1 and 2 have a flash alone. */
export function lateSound(dir: string, name = 'late.mkv'): string {
  const sound = makeMedia(['-ss', '2.5', '-i', beepFlash, '-vn', '-c:a', 'aac'], join(dir, 'late.m4a'));
  return makeMedia(['-i', beepFlash, '-itsoffset', '2.5', '-i', sound, '-map', '0:v', '-map', '1:a', '-c', 'copy'], join(dir, name));
}

/** Of 46.875 sound packets a second, those of 20.4 to 22.7 s and two at 30.5 s are missing: what comes after must stay where it is. */
export function holedSound(dir: string): string {
  return makeMedia(['-i', beepFlash, '-c', 'copy', '-bsf:a', "noise=drop='between(n,957,1064)+between(n,1430,1431)'"], join(dir, 'holed.mp4'));
}

/** Onsets of flashes in frames, and of beeps in seconds. */
export function measure(path: string): { flashes: number[]; beeps: number[]; frames: number } {
  const levels = brightness(path);
  const middle = (Math.min(...levels) + Math.max(...levels)) / 2;
  const flashes = levels.flatMap((level, n) => (level > middle && !((levels[n - 1] ?? 0) > middle) ? [n] : []));
  return { flashes, beeps: onsets(path, 0.02, 0.05), frames: levels.length };
}
