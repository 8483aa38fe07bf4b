import { execFileSync } from 'node:child_process';
import type { Box, Rational } from '../../src/artifacts/schemas/common.js';

const quiet = ['-v', 'error', '-nostdin'];
const side = 24;

/** What a finished file says of its picture, and what its sound measures when decoded. */
export interface Finished {
  width: number;
  height: number;
  pixelFormat: string;
  /** Primaries, transfer, matrix and range, joined by `/`. */
  color: string;
  frames: number;
  /** Times of the first frame and the first sample, seconds. */
  starts: { video: number; audio: number };
  integratedLufs: number;
  truePeakDbtp: number;
}

export function measureClip(path: string): Finished {
  const probed = JSON.parse(execFileSync('ffprobe', ['-v', 'error', '-count_frames', '-show_streams', '-of', 'json', path], { encoding: 'utf8' })) as { streams: Record<string, string | number>[] };
  const video = probed.streams.find((stream) => stream['codec_type'] === 'video') ?? {};
  const audio = probed.streams.find((stream) => stream['codec_type'] === 'audio') ?? {};
  const said = execFileSync('sh', ['-c', 'exec ffmpeg -nostdin -hide_banner -i "$0" -map 0:a -af ebur128=peak=true -f null - 2>&1', path], { encoding: 'utf8' });
  const summary = said.slice(said.lastIndexOf('Summary:'));
  return {
    width: Number(video['width']),
    height: Number(video['height']),
    pixelFormat: String(video['pix_fmt']),
    color: ['color_primaries', 'color_transfer', 'color_space', 'color_range'].map((name) => String(video[name])).join('/'),
    frames: Number(video['nb_read_frames']),
    starts: { video: Number(video['start_time']), audio: Number(audio['start_time']) },
    integratedLufs: Number(/I:\s+(-?[\d.]+) LUFS/.exec(summary)?.[1] ?? Number.NaN),
    truePeakDbtp: Number(/Peak:\s+(-?[\d.]+|-inf) dBFS/.exec(summary)?.[1] ?? Number.NaN),
  };
}

/**
 * The brightness of a part of one frame of the grid, as `side`² values; of the source as any player shows it: upright and with
 * square samples. Read from the start: no seek can be wrong.
 */
export function brightnessOf(path: string, stream: string, at: { frame: number; fps: Rational }, display: { width: number; height: number }, part: Box): number[] {
  const { x, y, width, height } = part;
  const crop = `crop=${Math.round(width)}:${Math.round(height)}:${Math.round(x)}:${Math.round(y)}`;
  const filters = `fps=${at.fps.num}/${at.fps.den}:start_time=0,select=eq(n\\,${at.frame}),scale=${display.width}:${display.height},${crop},scale=${side}:${side}:flags=area`;
  const bytes = execFileSync('ffmpeg', [...quiet, '-i', path, '-map', stream, '-frames:v', '1', '-vf', filters, '-pix_fmt', 'gray', '-f', 'rawvideo', '-'], { maxBuffer: 1 << 24 });
  return [...bytes.subarray(0, side * side)];
}

/** Pearson's correlation, −1 … 1; 1 for two plain pictures. */
export function likeness(one: readonly number[], other: readonly number[]): number {
  const [a, b] = [mean(one), mean(other)];
  let [both, left, right] = [0, 0, 0];
  for (const [n, value] of one.entries()) {
    const [p, q] = [value - a, (other[n] ?? 0) - b];
    both += p * q;
    left += p * p;
    right += q * q;
  }
  return left === 0 || right === 0 ? Number(left === right) : both / Math.sqrt(left * right);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
