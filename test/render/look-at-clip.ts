import { execFileSync } from 'node:child_process';

const quiet = ['-v', 'error', '-nostdin'];

/** Mean brightness of every frame, as decoded. */
export function brightness(path: string): number[] {
  const size = 16 * 16;
  const bytes = execFileSync('ffmpeg', [...quiet, '-i', path, '-vf', `scale=16:16:flags=area`, '-fps_mode', 'passthrough', '-pix_fmt', 'gray', '-f', 'rawvideo', '-'], { maxBuffer: 1 << 28 });
  return Array.from({ length: bytes.length / size }, (_, n) => bytes.subarray(n * size, (n + 1) * size).reduce((sum, byte) => sum + byte, 0) / size);
}

/** Where sound begins after some quiet, in seconds. */
export function onsets(path: string, threshold = 0.05, quietSeconds = 0.2): number[] {
  const rate = 48_000;
  const bytes = execFileSync('ffmpeg', [...quiet, '-i', path, '-map', '0:a', '-ac', '1', '-ar', String(rate), '-f', 'f32le', '-'], { maxBuffer: 1 << 28 });
  const found: number[] = [];
  let lastLoud = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < bytes.length / 4; at += 1) {
    if (Math.abs(bytes.readFloatLE(at * 4)) < threshold) continue;
    if (at - lastLoud > rate * quietSeconds) found.push(at / rate);
    lastLoud = at;
  }
  return found;
}

/** One frame as RGB. */
export function frameAtSeconds(path: string, seconds: number): { rgb: Buffer; width: number; height: number } {
  const [width, height] = execFileSync('ffprobe', ['-v', 'error', '-select_streams', 'v', '-show_entries', 'stream=width,height', '-of', 'csv=p=0', path], { encoding: 'utf8' }).trim().split(',').map(Number) as [number, number];
  const rgb = execFileSync('ffmpeg', [...quiet, '-ss', String(seconds), '-i', path, '-frames:v', '1', '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'], { maxBuffer: 1 << 28 });
  return { rgb, width, height };
}

/** The smallest rectangle around pixels of about this colour; undefined when there are none. */
export function boxOfColor({ rgb, width }: { rgb: Buffer; width: number }, [r, g, b]: [number, number, number], tolerance = 60): { left: number; right: number; top: number; bottom: number } | undefined {
  const box = { left: Infinity, right: -1, top: Infinity, bottom: -1 };
  for (let at = 0; at < rgb.length; at += 3) {
    if (Math.abs(rgb[at]! - r) + Math.abs(rgb[at + 1]! - g) + Math.abs(rgb[at + 2]! - b) > tolerance) continue;
    const x = (at / 3) % width;
    const y = Math.floor(at / 3 / width);
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x);
    box.top = Math.min(box.top, y);
    box.bottom = Math.max(box.bottom, y);
  }
  return box.right < 0 ? undefined : box;
}

/** Makes a file with ffmpeg; arguments as given. */
export function makeMedia(args: readonly string[], path: string): string {
  execFileSync('ffmpeg', [...quiet, '-y', ...args, path]);
  return path;
}
