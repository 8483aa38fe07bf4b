import { execFileSync } from 'node:child_process';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { beginsLikeMp4, isCutShort } from '../../src/media/container-end.js';
import { oddInputs } from '../support/odd-inputs.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const base = join(oddInputs(), 'base.mp4');

/** base.mp4 in another container, streams copied. */
function remuxed(dir: string, name: string, ...options: string[]): string {
  const path = join(dir, name);
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-i', base, '-map', '0', '-c:v', 'copy', ...options, path]);
  return path;
}

describe('a container that announces more than there is', () => {
  it.each([
    ['film.mp4', ['-c:a', 'copy', '-movflags', '+faststart']],
    ['film.mov', ['-c:a', 'copy']],
    ['fragmented.mp4', ['-c:a', 'copy', '-movflags', '+frag_keyframe+empty_moov']],
    ['film.mkv', ['-c:a', 'copy']],
    ['film.webm', ['-c:v', 'libvpx', '-deadline', 'realtime', '-c:a', 'libopus']],
    ['film.avi', ['-c:a', 'libmp3lame']],
  ])('%s, whole and cut at nine tenths', async (name, options) => {
    const path = remuxed(temporaryFolder(), name, ...options);
    expect(await isCutShort(path)).toBe(false);
    truncateSync(path, Math.floor(readFileSync(path).length * 0.9));
    expect(await isCutShort(path)).toBe(true);
  });

  it('is not said of what does not state its size', async () => {
    expect(await isCutShort(join(oddInputs(), 'no-duration.mkv'))).toBeUndefined();
    expect(await isCutShort(join(oddInputs(), 'start-3600.ts'))).toBeUndefined();
    expect(await isCutShort(join(oddInputs(), 'text.mp4'))).toBeUndefined();
    expect(await isCutShort(join(oddInputs(), 'zero-bytes.mp4'))).toBeUndefined();
  });

  it('is not said of bytes after the last box', async () => {
    const path = join(temporaryFolder(), 'padded.mp4');
    writeFileSync(path, Buffer.concat([readFileSync(base), Buffer.alloc(1000, 0xff)]));
    expect(await isCutShort(path)).toBe(false);
  });

  it('survives headers that make no sense', async () => {
    const dir = temporaryFolder();
    for (const [index, bytes] of [[0, 0, 0, 1, 0x66, 0x74, 0x79, 0x70], [0, 0, 0, 4, 0x6d, 0x64, 0x61, 0x74], [0x1a, 0x45, 0xdf, 0xa3], [0x1a, 0x45, 0xdf, 0xa3, 0, 0, 0], [0x52, 0x49, 0x46, 0x46, 9, 0, 0, 0, 0, 0, 0, 0]].entries()) {
      const path = join(dir, `${index}`);
      writeFileSync(path, Buffer.from(bytes));
      expect(typeof (await isCutShort(path)) === 'string').toBe(false);
    }
  });
});

describe('an MP4 by its bytes', () => {
  it('is told from text with its name', async () => {
    expect(await beginsLikeMp4(resolve('fixtures/talk.mp4'))).toBe(true);
    expect(await beginsLikeMp4(join(oddInputs(), 'text.mp4'))).toBe(false);
  });
});
