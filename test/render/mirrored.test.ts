import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';
import { smallClip } from './small-clip.js';

/** a, b, c, d of a track's matrix: where it puts the picture's x and y (ISO/IEC 14496-12 §8.3.2). */
const matrices = {
  'mirrored left to right': [-1, 0, 0, 1],
  'mirrored top to bottom': [1, 0, 0, -1],
  'turned by a quarter': [0, 1, -1, 0],
  'mirrored along one diagonal': [0, 1, 1, 0],
  'mirrored along the other': [0, -1, -1, 0],
} as const;
const corners = [[-1, -1, 'red'], [1, -1, 'green'], [-1, 1, 'blue'], [1, 1, 'white']] as const;
const [width, height] = [128, 64];

/** Wide samples too: the display is 256 × 64 before it is turned. */
function film(matrix: readonly number[], wide: boolean): string {
  const path = join(temporaryFolder(), 'turned.mp4');
  const boxes = corners.map(([x, y, colour]) => `drawbox=${x < 0 ? 0 : width / 2}:${y < 0 ? 0 : height / 2}:${width / 2}:${height / 2}:${colour}:fill`).join(',');
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', `color=black:s=${width}x${height}:r=25:d=0.2,format=yuv444p,${boxes}${wide ? ',setsar=2' : ''}`, '-pix_fmt', 'yuv444p', '-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '4', path]);
  const bytes = readFileSync(path);
  const at = bytes.indexOf('tkhd') + 4 + 40;
  const [a = 1, b = 0, c = 0, d = 1] = matrix;
  for (const [n, value] of [a, b, 0, c, d, 0, 0, 0, 0x4000].entries()) bytes.writeInt32BE(value * 0x1_0000, at + 4 * n);
  writeFileSync(path, bytes);
  return path;
}

function nameOf([r = 0, g = 0, b = 0]: Uint8Array): string {
  if (r > 180 && g > 180) return 'white';
  return r > 150 ? 'red' : b > 150 ? 'blue' : g > 80 ? 'green' : 'black';
}

describe('a picture', () => {
  it.each(Object.entries(matrices).flatMap(([name, matrix]) => [[name, matrix, false] as const, [`${name}, with wide samples`, matrix, true] as const]))('%s is shown as its matrix says, without bars (jub0t/Concat#10, #13)', async (_, matrix, wide) => {
    const [a, b, c, d] = matrix;
    const across = width * (wide ? 2 : 1);
    const size = a === 0 ? { width: height, height: across } : { width: across, height };
    const { clip, video } = await smallClip(film(matrix, wide), size);
    expect(video).toMatchObject({ displayWidth: size.width, displayHeight: size.height });
    const rgb = execFileSync('ffmpeg', ['-v', 'error', '-i', clip, '-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-']);
    const seen = corners.map(([x, y]) => {
      const at = (Math.floor(size.height * (y < 0 ? 0.1 : 0.9)) * size.width + Math.floor(size.width * (x < 0 ? 0.1 : 0.9))) * 3;
      return nameOf(rgb.subarray(at, at + 3));
    });
    const meant = corners.map(([toX, toY]) => corners.find(([x, y]) => Math.sign(a * x + c * y) === toX && Math.sign(b * x + d * y) === toY)?.[2]);
    expect(seen).toEqual(meant);
  });
});
