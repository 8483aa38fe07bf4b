import type { Rational } from '../../artifacts/schemas/common.js';
import type { MediaHost } from '../../media/ffmpeg.js';
import { probePacketsFrom } from '../../media/probe.js';

/** Packets read at each place, those of other streams included. */
const mostPackets = 2_000;
const places = [0, 0.5, 0.9];
/** Time stamps in whole milliseconds are off by this much from one to the next. */
const roundingSeconds = 0.0011;
const tolerance = 0.03;
const leastSteady = 0.97;

/**
 * The rate of a picture whose header calls it variable, by the time stamps of its packets at a few places; undefined when it
 * really varies. Containers without a rate (Matroska from some recorders, edit lists) make ffprobe guess wrongly.
 */
export async function steadyRate(host: MediaHost, source: { path: string; formatStartUs: number; durationUs: number }, streamIndex: number): Promise<Rational | undefined> {
  const steps: number[] = [];
  for (const share of places) {
    const packets = await probePacketsFrom(host, source.path, (source.formatStartUs + share * source.durationUs) / 1e6, mostPackets);
    const times = packets.filter((packet) => packet.streamIndex === streamIndex).map(({ ptsSeconds }) => ptsSeconds).toSorted((a, b) => a - b);
    // Pictures are stored out of order: at either end of what was read some are missing.
    const whole = times.slice(0, -4);
    steps.push(...whole.slice(1).map((time, n) => time - (whole[n] ?? 0)));
  }
  const median = steps.toSorted((a, b) => a - b)[steps.length >> 1];
  if (median === undefined || median <= 0 || steps.length < 12) return undefined;
  const steady = steps.filter((step) => Math.abs(step - median) <= Math.max(roundingSeconds, tolerance * median));
  if (steady.length < leastSteady * steps.length) return undefined;
  const mean = steady.reduce((sum, step) => sum + step, 0) / steady.length;
  return { num: Math.round(1e6 / mean), den: 1_000_000 };
}
