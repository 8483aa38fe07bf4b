import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';
import { smallClip } from './small-clip.js';

const size = { width: 720, height: 576 };
const fields = 16;
/** Pixels a bright bar moves between two fields. */
const step = 10;

/** Each field's moment as a whole picture: what an eye would have seen. */
function moments(): Buffer[] {
  return Array.from({ length: fields }, (_, n) => {
    const row = Buffer.alloc(size.width, 60);
    row.fill(200, 200 + step * n, 320 + step * n);
    return Buffer.concat(Array.from({ length: size.height }, () => row));
  });
}

/** Weaves pairs of moments into frames and encodes them as interlaced. */
function interlaced(encoder: readonly string[], name: string, first: 'tff' | 'bff'): string {
  const dir = temporaryFolder();
  const raw = join(dir, 'fields.gray');
  writeFileSync(raw, Buffer.concat(moments()));
  const path = join(dir, name);
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'rawvideo', '-pix_fmt', 'gray', '-s', `${size.width}x${size.height}`, '-r', '50', '-i', raw, '-vf', `format=yuv420p,interlace=scan=${first}:lowpass=off`, ...encoder, path]);
  return path;
}

function greyFrames(path: string): Buffer[] {
  const bytes = execFileSync('ffmpeg', ['-v', 'error', '-i', path, '-map', '0:v', '-vf', 'extractplanes=y', '-fps_mode', 'passthrough', '-f', 'rawvideo', '-'], { maxBuffer: 1 << 28 });
  return Array.from({ length: bytes.length / (size.width * size.height) }, (_, n) => bytes.subarray(n * size.width * size.height, (n + 1) * size.width * size.height));
}

/** How far rows lie from the mean of the rows above and below: 0 for anything that only varies across. */
function combing(frame: Buffer): number {
  let sum = 0;
  for (let at = size.width; at < frame.length - size.width; at += 1) sum += Math.abs(2 * frame[at]! - frame[at - size.width]! - frame[at + size.width]!);
  return sum / frame.length;
}

/** Where the bar is: the mean place of bright pixels, and thereby which field's moment is shown. */
function moment(frame: Buffer): number {
  let [sum, count] = [0, 0];
  for (const [at, value] of frame.entries()) {
    if (value < 130) continue;
    sum += at % size.width;
    count += 1;
  }
  return (sum / count - 259.5) / step;
}

describe('an interlaced source', () => {
  it.each([
    ['top field first in H.264', ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '4', '-flags', '+ildct+ilme', '-x264opts', 'tff=1'], 'fields.ts', 'tff'],
    ['bottom field first in H.264', ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '4', '-flags', '+ildct+ilme', '-x264opts', 'bff=1'], 'fields.ts', 'bff'],
    ['bottom field first in MPEG-2', ['-c:v', 'mpeg2video', '-q:v', '1', '-flags', '+ildct+ilme'], 'fields.mpg', 'bff'],
    ['DV in AVI, where only frames say so', ['-c:v', 'dvvideo', '-pix_fmt', 'yuv420p'], 'fields.avi', 'tff'],
  ] as const)('%s gives frames without combs, each of its first field’s moment', async (_, encoder, name, first) => {
    const source = interlaced(encoder, name, first);
    const { clip, video } = await smallClip(source, size);
    expect(video).toMatchObject({ interlaced: true, fps: { num: 25, den: 1 } });
    const before = greyFrames(source).slice(0, 3).map(combing);
    const shown = greyFrames(clip);
    expect(shown).toHaveLength(3);
    expect(Math.min(...before)).toBeGreaterThan(5);
    for (const [n, frame] of shown.entries()) {
      expect(combing(frame), `frame ${n}`).toBeLessThan(1);
      expect(Math.abs(moment(frame) - 2 * n), `frame ${n} shows moment ${moment(frame)}`).toBeLessThan(0.4);
    }
  });

  it('is told from a progressive one, whose frames stay as they are', async () => {
    const dir = temporaryFolder();
    const path = join(dir, 'progressive.mp4');
    execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=720x576:r=25:d=0.3', '-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '4', '-pix_fmt', 'yuv420p', path]);
    const { clip, video } = await smallClip(path, size);
    expect(video.interlaced).toBe(false);
    const [a, b] = [greyFrames(path)[1]!, greyFrames(clip)[1]!];
    expect(Math.abs(combing(a) / combing(b) - 1)).toBeLessThan(0.1);
  });
});
