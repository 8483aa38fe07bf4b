import { execFileSync } from 'node:child_process';

/** Pictures whose stripes are the bits of their number, so that any decoder's frame says which one it is. */
const bits = 12;
const counterSize = { width: 192, height: 108 } as const;
const stripe = counterSize.width / bits;
const levels = { zero: 50, one: 200 } as const;

/** Raw grey pictures number 0 … `frames` − 1. */
function counterFrames(frames: number): Buffer {
  const { width, height } = counterSize;
  const all = Buffer.alloc(width * height * frames);
  for (let frame = 0; frame < frames; frame += 1) {
    const row = Buffer.from(Array.from({ length: width }, (_, x) => ((frame >> Math.floor(x / stripe)) & 1 ? levels.one : levels.zero)));
    for (let y = 0; y < height; y += 1) row.copy(all, (frame * height + y) * width);
  }
  return all;
}

/**
 * Encodes numbered pictures, with a tone beside them that lasts as long.
 *
 * @param options for the picture's encoder and the container, and before the inputs' filters
 */
export function makeCounterVideo(path: string, { frames, rate, options, filter = 'null', outputOptions = [] }: { frames: number; rate: string; options: readonly string[]; filter?: string; outputOptions?: readonly string[] }): string {
  const [num = 1, den = 1] = rate.split('/').map(Number);
  execFileSync(
    'ffmpeg',
    [
      '-v', 'error', '-y', '-f', 'rawvideo', '-pix_fmt', 'gray', '-s', `${counterSize.width}x${counterSize.height}`, '-r', rate, '-i', 'pipe:0',
      '-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${(frames * den) / num}`,
      '-filter_complex', `[0:v]${filter},format=yuv420p[v]`, '-map', '[v]', '-map', '1:a', '-fps_mode', 'passthrough', '-threads', '1', ...options, ...outputOptions, path,
    ],
    { input: counterFrames(frames), maxBuffer: 1 << 28 },
  );
  return path;
}

/** The numbers of all frames of a file as its decoder gives them; `crop` is where in the picture the counter stands. */
export function readCounters(path: string, crop?: string): number[] {
  const { width } = counterSize;
  const filter = [...(crop === undefined ? [] : [`crop=${crop}`]), `scale=${width}:2:flags=area`, 'format=gray'].join(',');
  const bytes = execFileSync('ffmpeg', ['-v', 'error', '-i', path, '-map', '0:v', '-vf', filter, '-fps_mode', 'passthrough', '-f', 'rawvideo', '-'], { maxBuffer: 1 << 28 });
  return Array.from({ length: bytes.length / (2 * width) }, (_, frame) => {
    let number = 0;
    for (let bit = 0; bit < bits; bit += 1) {
      const at = frame * 2 * width + bit * stripe + stripe / 2;
      if ((bytes[at - 1]! + bytes[at]! + bytes[at + 1]!) / 3 > (levels.zero + levels.one) / 2) number |= 1 << bit;
    }
    return number;
  });
}
