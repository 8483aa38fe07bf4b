import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';
import { Looker } from './look-at.js';

const looker = new Looker();
afterAll(() => looker.close());

test('shots of a film of variable rate follow each other without gaps and end where the picture changes, the last at the end (PySceneDetect#168, #479, #561, #569)', async () => {
  const path = join(temporaryFolder(), 'vfr.mp4');
  const scaled = 'scale=640:360,setsar=1,format=yuv420p';
  // 2 s at 15 frames a second, 2 s at 60, 2 s at 15.
  const graph = `[0:v]trim=10:12,setpts=PTS-STARTPTS,fps=15,${scaled}[a];testsrc2=s=640x360:r=60:d=2,${scaled}[b];[0:v]trim=40:42,setpts=PTS-STARTPTS,fps=15,${scaled},negate[c];[a][b][c]concat=n=3:v=1:a=0[v]`;
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-t', '43', '-i', resolve('fixtures/talk.mp4'), '-filter_complex', graph, '-map', '[v]', '-fps_mode', 'vfr', '-c:v', 'libx264', '-preset', 'ultrafast', path]);
  const window = { startUs: 0, endUs: 6_000_000 };
  const { fine } = await looker.look({ path, width: 640, height: 360, fps: { num: 30, den: 1 }, stream: { variableFrameRate: true } }, window);
  expect(fine.decodedFrames).toBe(180);
  expect(fine.shots).toHaveLength(3);
  expect([fine.shots[0]?.startUs, fine.shots[2]?.endUs]).toEqual([window.startUs, window.endUs]);
  for (const [index, cutUs] of [2_000_000, 4_000_000].entries()) {
    expect(fine.shots[index]?.endUs).toBe(fine.shots[index + 1]?.startUs);
    expect(Math.abs((fine.shots[index]?.endUs ?? 0) - cutUs)).toBeLessThanOrEqual(33_334);
  }
});
