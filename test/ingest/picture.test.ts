import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Source } from '../../src/artifacts/schemas/source.js';
import { decodeFrames } from '../../src/media/frames.js';
import { planIngest } from '../../src/pipeline/ingest/index.js';
import { mediaHost } from '../support/media-host.js';
import { realPlanner, type RealPlanner } from '../support/real-planner.js';
import { temporaryFolder } from '../support/temporary-folder.js';

let run: RealPlanner;
beforeAll(async () => {
  run = await realPlanner();
});
afterAll(() => run.close());

const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
/** A block that moves 6 pixels from one field to the next, at 50 fields a second. */
const moving = (size: string, seconds = 3): string[] => ['-f', 'lavfi', '-i', `color=0x404040:s=${size}:r=50:d=${seconds}[b];color=white:s=80x200:r=50:d=${seconds}[w];[b][w]overlay=x='mod(n*6\\,500)':y=100`];

function make(name: string, ...args: string[]): string {
  const path = join(temporaryFolder(), name);
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args, path]);
  return path;
}
async function video(path: string): Promise<NonNullable<Source['video']>> {
  const { source } = await planIngest(run.planner, { path, minLengthUs: 100_000 });
  return (await run.planner.read(source)).video!;
}

describe('fields', () => {
  it.each(['tff', 'bff'] as const)('that no header states are seen, %s, and made whole pictures', async (order) => {
    const path = make('lies.mp4', ...moving('720x576'), '-vf', `interlace=scan=${order}:lowpass=0,setfield=prog`, ...x264);
    const seen = await video(path);
    expect(seen).toMatchObject({ interlaced: true, fieldOrder: order });
    // Where a comb is, a line differs from the ones above and below in the same direction.
    const combs: number[] = [];
    for (const fieldOrder of [null, order]) {
      let comb = 0;
      await decodeFrames(mediaHost(), { path, video: { ...seen, interlaced: fieldOrder !== null, fieldOrder }, window: { startUs: 1_000_000, endUs: 1_200_000 }, width: 720, height: 576, pixelFormat: 'gray', rate: 'every' }, ({ pixels }) => {
        for (let at = 150 * 720; at < 250 * 720; at += 1) {
          const [above, here, below] = [pixels[at - 720]!, pixels[at]!, pixels[at + 720]!];
          if ((here - above) * (here - below) > 900) comb += 1;
        }
      });
      combs.push(comb);
    }
    expect(combs[0]).toBeGreaterThan(1000);
    expect(combs[1]).toBeLessThan(combs[0]! / 20);
  });

  it('are not seen where there are none', async () => {
    expect(await video(make('whole.mp4', ...moving('720x576'), '-r', '25', ...x264))).toMatchObject({ interlaced: false, fieldOrder: null });
    expect(await video(make('card.mp4', '-f', 'lavfi', '-i', 'testsrc2=s=720x576:r=25:d=3', ...x264))).toMatchObject({ interlaced: false });
    expect(await video(make('still.mp4', '-f', 'lavfi', '-i', 'color=gray:s=720x576:r=25:d=2', ...x264))).toMatchObject({ interlaced: false });
  });
});

describe('the frame rate', () => {
  it('is measured where the container makes it seem to vary', async () => {
    // Live Matroska: times in whole milliseconds, no rate.
    const path = make('base.mkv', '-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=30:d=4', ...x264);
    const bytes = execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-i', path, '-c', 'copy', '-r', '120', '-live', '1', '-f', 'matroska', '-'], { maxBuffer: 2 ** 26 });
    const live = join(temporaryFolder(), 'live.mkv');
    writeFileSync(live, bytes);
    expect(await video(live)).toMatchObject({ fps: { num: 30, den: 1 }, variableFrameRate: false });
    const varying = make('varying.mp4', '-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=30:d=6', '-vf', `select='if(lt(t,3),1,not(mod(n,3)))'`, '-fps_mode', 'passthrough', ...x264);
    expect(await video(varying)).toMatchObject({ fps: { num: 30, den: 1 }, variableFrameRate: true });
  });
});

/** All eight ways to turn and mirror a picture, as an MP4 track's matrix (ISO/IEC 14496-12 §8.3.2): a, b, c, d. */
const matrices: [number, number, number, number][] = [
  [1, 0, 0, 1], [-1, 0, 0, 1], [1, 0, 0, -1], [-1, 0, 0, -1], [0, 1, 1, 0], [0, 1, -1, 0], [0, -1, 1, 0], [0, -1, -1, 0],
];

describe('a turned or mirrored picture', () => {
  it.each(matrices)('with the matrix %d %d %d %d is decoded as it is shown, in its probed size', async (a, b, c, d) => {
    // Four quarters of different light: bright at the top left, dark at the bottom right.
    const quarters = [240, 180, 110, 40];
    const path = make('quarters.mp4', '-f', 'lavfi', '-i', `nullsrc=s=64x32:r=10:d=1,geq=lum='if(lt(Y,H/2),if(lt(X,W/2),${quarters[0]},${quarters[1]}),if(lt(X,W/2),${quarters[2]},${quarters[3]}))':cb=128:cr=128`, ...x264, '-qp', '10');
    turn(path, [a, b, c, d]);
    const seen = await video(path);
    expect([seen.displayWidth, seen.displayHeight]).toEqual(a === 0 ? [32, 64] : [64, 32]);
    const { displayWidth: width, displayHeight: height } = seen;
    let corners: number[] = [];
    await decodeFrames(mediaHost(), { path, video: seen, width, height, pixelFormat: 'gray', rate: 'every' }, ({ pixels }) => {
      const at = (x: number, y: number): number => quarters.reduce((best, level) => (Math.abs(level - pixels[y * width + x]!) < Math.abs(best - pixels[y * width + x]!) ? level : best));
      corners = [at(4, 4), at(width - 5, 4), at(4, height - 5), at(width - 5, height - 5)];
    });
    // The point (x, y) of the stored picture, from its middle, is shown at (a·x + c·y, b·x + d·y).
    const shown = (x: number, y: number): number => [[-1, -1], [1, -1], [-1, 1], [1, 1]].findIndex(([left, top]) => left === Math.sign(a * x + c * y) && top === Math.sign(b * x + d * y));
    const expected: number[] = [];
    for (const [n, [x, y]] of ([[-1, -1], [1, -1], [-1, 1], [1, 1]] as const).entries()) expected[shown(x, y)] = quarters[n]!;
    expect(corners).toEqual(expected);
  });
});

/** Writes a matrix into the track header of an MP4 file's first track. */
function turn(path: string, [a, b, c, d]: [number, number, number, number]): void {
  const bytes = readFileSync(path);
  const matrix = bytes.indexOf('tkhd') + 4 + 40;
  for (const [n, value] of [a, b, 0, c, d, 0, 0, 0, 0x4000].entries()) bytes.writeInt32BE(value * 0x1_0000, matrix + 4 * n);
  writeFileSync(path, bytes);
}
