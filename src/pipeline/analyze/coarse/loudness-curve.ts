import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Range } from '../../../artifacts/schemas/common.js';
import { usFromSeconds } from '../../../media/timeline.js';

/** ebur128 gives one value for every 100 ms of sound… */
export const hopUs = 100_000;
/** …over the 400 ms that end there (EBU Tech 3341: momentary loudness). */
const windowUs = 400_000;
/** Level of a hop that no report came for, and the lowest that is kept. */
const floorLufs = -100;
/** EBU R 128: below this nothing counts as programme. */
const gateLufs = -70;

/** How much quieter than the programme a pause is. The loudness range of EBU Tech 3342 ends at the same distance. */
const pauseBelowLu = 20;

/**
 * Reads what `ametadata=print:key=lavfi.r128.M` wrote: pairs of `frame:3 pts:14400 pts_time:0.3` and `lavfi.r128.M=-23.100`.
 *
 * @returns momentary loudness in LUFS, one value per `hopUs`, rounded to 0.1; value i is of the window that ends at (i + 1) · hopUs
 */
export async function readLoudnessCurve(path: string): Promise<number[]> {
  const curve: number[] = [];
  let hop = -1;
  for await (const line of createInterface({ input: createReadStream(path, 'utf8') })) {
    const at = usFromSeconds(/pts_time:(\S+)/.exec(line)?.[1]);
    if (at !== undefined) hop = Math.round(at / hopUs);
    const level = Number(/^lavfi\.r128\.M=(\S+)/.exec(line)?.[1]);
    if (hop < 0 || Number.isNaN(level)) continue;
    while (curve.length < hop) curve.push(floorLufs);
    curve[hop] = Math.max(floorLufs, Math.round(level * 10) / 10);
  }
  return curve;
}

/**
 * Stretches of at least 400 ms that are 20 LU or more below the programme. A quiet value says that the whole window before it is
 * quiet, so the union of those windows has its edges where the sound has them, to one hop. Where nothing is programme, all is silence.
 */
export function silencesOf(curve: readonly number[], integratedLufs: number | null, durationUs: number): Range[] {
  const threshold = integratedLufs === null ? Infinity : Math.max(gateLufs, integratedLufs - pauseBelowLu);
  const silences: Range[] = [];
  for (const [hop, level] of curve.entries()) {
    if (level > threshold) continue;
    const endUs = Math.min((hop + 1) * hopUs, durationUs);
    const startUs = Math.max(0, (hop + 1) * hopUs - windowUs);
    const last = silences.at(-1);
    if (last && startUs <= last.endUs) last.endUs = endUs;
    // Before its first full window the meter reads low whatever is heard.
    else if (startUs < endUs && (hop + 1) * hopUs >= windowUs) silences.push({ startUs, endUs });
  }
  return silences;
}

/** The integrated loudness in ebur128's closing summary; null where nothing reached the gate. */
export function integratedFrom(line: string): number | null | undefined {
  const text = /^\s*I:\s+(-?[\d.]+|-?inf|nan) LUFS/.exec(line)?.[1];
  if (text === undefined) return undefined;
  const level = Number(text);
  return Number.isFinite(level) && level > gateLufs ? level : null;
}
