import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { displaySize, uprightSize } from '../../src/media/display.js';
import { decodeFrames, FrameAssembler, type FrameRequest, type RawFrame } from '../../src/media/frames.js';
import { probeFile } from '../../src/media/probe.js';
import { mediaHost } from '../support/media-host.js';
import { oddInputs } from '../support/odd-inputs.js';

const upright = { index: 0, rotationDegrees: 0, sampleAspectRatio: { num: 1, den: 1 }, interlaced: false };
const small = { ...upright, codedWidth: 320, codedHeight: 180, displayWidth: 320, displayHeight: 180 };

async function timesOf(path: string, request: Partial<FrameRequest>): Promise<number[]> {
  const times: number[] = [];
  const { frames } = await decodeFrames(mediaHost(), { path, video: small, width: 32, height: 18, pixelFormat: 'gray', rate: 'every', ...request }, ({ atUs }) => void times.push(atUs));
  expect(frames).toBe(times.length);
  return times;
}

describe('decodeFrames', () => {
  it('gives each frame of a window its own source time', async () => {
    const times = await timesOf(resolve('fixtures/beep-flash.mp4'), { window: { startUs: 7_000_000, endUs: 8_000_000 } });
    expect(times).toHaveLength(30);
    expect(times[0]).toBe(7_000_000);
    expect(times[29]).toBe(7_966_667);
  });

  it('finds the flashes of a variable-rate source where they are, neither doubling nor dropping frames', async () => {
    const flashes: number[] = [];
    let before = 0;
    const { frames } = await decodeFrames(
      mediaHost(),
      { path: resolve('fixtures/beep-flash-vfr.mp4'), video: small, window: { startUs: 20_000_000, endUs: 30_000_000 }, width: 32, height: 18, pixelFormat: 'gray', rate: 'every' },
      ({ atUs, pixels }) => {
        const level = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
        if (level > 180 && before <= 180) flashes.push(atUs);
        before = level;
      },
    );
    expect(frames).toBeLessThan(290);
    expect(flashes).toHaveLength(10);
    for (const [index, atUs] of flashes.entries()) expect(Math.abs(atUs - (20 + index) * 1e6), `flash ${index}`).toBeLessThanOrEqual(1e6 / 15);
  });

  it('samples on a grid that begins at the window', async () => {
    expect(await timesOf(resolve('fixtures/beep-flash-vfr.mp4'), { rate: 5, window: { startUs: 3_033_333, endUs: 5_033_333 } })).toEqual(
      Array.from({ length: 10 }, (_, index) => 3_033_333 + index * 200_000),
    );
  });

  it.each([
    ['start-3600.ts', 'a stream whose clock starts at an hour'],
    ['edit-list.mp4', 'a copy from inside a group of pictures'],
    ['fragmented.mp4', 'a fragmented file'],
    ['no-duration.mkv', 'a live recording without duration'],
  ])('%s counts from zero: %s', async (name) => {
    const times = await timesOf(join(oddInputs(), name), { window: { startUs: 0, endUs: 1_000_000 } });
    // Without an edit list, reordered frames make a picture begin two frames late.
    expect(times[0]).toBeLessThan(70_000);
    expect(times.length).toBeGreaterThanOrEqual(28);
    expect(times.length).toBeLessThanOrEqual(31);
  });

  it('misses nothing in a container without an index, where seeks are late', async () => {
    const window = { startUs: 3_000_000, endUs: 4_000_000 };
    const times = await timesOf(join(oddInputs(), 'start-3600.ts'), { window, container: 'mpegts' });
    expect(times.length).toBeGreaterThanOrEqual(29);
    expect(Math.abs((times[0] ?? 0) - window.startUs)).toBeLessThan(40_000);
    expect(times.at(-1)).toBeLessThan(window.endUs);
  });

  it.each([
    ['rot90.mp4', { ...small, rotationDegrees: -90, displayWidth: 180, displayHeight: 320 }],
    ['sar.mp4', { ...upright, codedWidth: 360, codedHeight: 288, displayWidth: 522, displayHeight: 288, sampleAspectRatio: { num: 16, den: 11 } }],
    ['odd-size.mp4', { ...upright, codedWidth: 321, codedHeight: 181, displayWidth: 320, displayHeight: 180 }],
    ['interlaced.ts', { ...upright, codedWidth: 720, codedHeight: 576, displayWidth: 720, displayHeight: 576, interlaced: true }],
  ])('%s gives whole pictures at display size', async (name, video) => {
    const sizes = new Set<number>();
    const request = { path: join(oddInputs(), name), video, window: { startUs: 0, endUs: 400_000 }, width: video.displayWidth, height: video.displayHeight, pixelFormat: 'yuv420p', rate: 'every' } as const;
    const { frames } = await decodeFrames(mediaHost(), request, ({ pixels }) => void sizes.add(pixels.length));
    expect(frames).toBeGreaterThanOrEqual(10);
    expect([...sizes]).toEqual([(video.displayWidth * video.displayHeight * 3) / 2]);
  });

  it('stands pictures upright', async () => {
    const host = mediaHost();
    const window = { startUs: 0, endUs: 30_000 };
    const turnedFile = join(oddInputs(), 'rot90.mp4');
    const rotation = (await probeFile(host, turnedFile)).streams[0]?.side_data_list[0]?.rotation;
    expect(Math.abs(rotation ?? 0)).toBe(90);
    const [flat, stood] = [Buffer.alloc(320 * 180), Buffer.alloc(180 * 320)];
    const format = { window, pixelFormat: 'gray', rate: 'every' } as const;
    const turned = { ...small, rotationDegrees: rotation ?? 0, displayWidth: 180, displayHeight: 320 };
    await decodeFrames(host, { ...format, path: join(oddInputs(), 'base.mp4'), video: small, width: 320, height: 180 }, ({ pixels }) => void pixels.copy(flat));
    await decodeFrames(host, { ...format, path: turnedFile, video: turned, width: 180, height: 320 }, ({ pixels }) => void pixels.copy(stood));
    // −90 means: to be shown a quarter turn clockwise.
    const at = rotation === -90 ? (x: number, y: number) => stood[x * 180 + (179 - y)] : (x: number, y: number) => stood[(319 - x) * 180 + y];
    expect(meanDifference((x, y) => flat[y * 320 + x] ?? 0, (x, y) => at(x, y) ?? 255)).toBeLessThan(4);
  });

  it('decodes keyframes only when asked', async () => {
    const times = await timesOf(join(oddInputs(), 'gop250.mp4'), { keyframesOnly: true });
    expect(times).toEqual([0, 8_333_333]);
  });
});

const line = (n: number, seconds: number): string => `[Parsed_showinfo_3 @ 0x55] n:${String(n).padStart(4)} pts:${n * 512} pts_time:${seconds} pos: 48 fmt:gray`;

describe('frames put together from two pipes', () => {
  it('wait for a report that is read later, and keep frames and times together when one is lost', async () => {
    const frames: Pick<RawFrame, 'atUs' | 'index'>[] = [];
    const assembler = new FrameAssembler(4, 10_000_000, ({ atUs, index }) => void frames.push({ atUs, index }));
    const feeding = assembler.bytes(Buffer.from([1, 1, 1, 1, 2, 2]));
    setTimeout(() => assembler.logLine(line(0, 0.5)), 5);
    await feeding;
    assembler.logLine(line(2, 1.5));
    await assembler.bytes(Buffer.from([2, 2, 3, 3, 3, 3]));
    expect(frames).toEqual([
      { atUs: 10_500_000, index: 0 },
      { atUs: 10_500_000, index: 1 },
      { atUs: 11_500_000, index: 2 },
    ]);
  });
});

describe('display size', () => {
  it.each([
    [{ codedWidth: 1920, codedHeight: 1080, rotationDegrees: -90, sampleAspectRatio: { num: 1, den: 1 } }, 1080, 1920],
    [{ codedWidth: 848, codedHeight: 480, rotationDegrees: 180, sampleAspectRatio: { num: 1, den: 1 } }, 848, 480],
    [{ codedWidth: 720, codedHeight: 576, rotationDegrees: 0, sampleAspectRatio: { num: 64, den: 45 } }, 1024, 576],
    [{ codedWidth: 853, codedHeight: 481, rotationDegrees: 0, sampleAspectRatio: { num: 1, den: 1 } }, 852, 480],
    [{ codedWidth: 720, codedHeight: 480, rotationDegrees: 90, sampleAspectRatio: { num: 8, den: 9 } }, 480, 640],
  ])('of %o', (coded, displayWidth, displayHeight) => {
    expect(displaySize(coded)).toEqual({ displayWidth, displayHeight });
  });

  it('meets frames that are turned but not yet stretched', () => {
    expect(uprightSize({ ...small, sampleAspectRatio: { num: 4, den: 3 } })).toEqual({ width: 320, height: 180 });
    expect(uprightSize({ ...small, codedHeight: 181, rotationDegrees: -90 })).toEqual({ width: 181, height: 320 });
  });
});

function meanDifference(a: (x: number, y: number) => number, b: (x: number, y: number) => number): number {
  let sum = 0;
  for (let y = 0; y < 180; y += 1) for (let x = 0; x < 320; x += 1) sum += Math.abs(a(x, y) - b(x, y));
  return sum / (320 * 180);
}
