import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runFfmpeg } from '../../src/media/ffmpeg.js';
import { overlap } from '../../src/pipeline/analyze/fine/centerface.js';
import { truthOf } from '../camera/truth.js';
import { mediaHost } from '../support/media-host.js';
import { Looker, type Looked } from './look-at.js';

const looker = new Looker();
const folder = mkdtempSync(join(tmpdir(), 'snvg-fine-test-'));
afterAll(async () => {
  await looker.close();
  rmSync(folder, { recursive: true, force: true });
});

const talk = { path: resolve('fixtures/talk.mp4'), width: 1280, height: 720, fps: { num: 30, den: 1 } };
const truth = truthOf('talk');

/** How many true faces of the samples taken in a window were found, and how many finds are no true face. */
function compare({ fine }: Looked, shiftUs = 0): { faces: number; found: number; invented: number } {
  const counts = { faces: 0, found: 0, invented: 0 };
  const finds = fine.tracks.flatMap(({ samples }) => samples);
  for (const { atUs, faces } of truth.faces) {
    const here = finds.filter((sample) => Math.abs(sample.atUs + shiftUs - atUs) < 5_000);
    const sampled = atUs - shiftUs >= fine.window.startUs && atUs - shiftUs < fine.window.endUs - 5_000;
    if (!sampled) continue;
    counts.faces += faces.length;
    counts.found += faces.filter(({ box }) => here.some((sample) => overlap(sample.box, box) > 0.6)).length;
    counts.invented += here.filter((sample) => faces.every(({ box }) => overlap(sample.box, box) < 0.3)).length;
  }
  return counts;
}

describe('a window with two people', () => {
  // The two-shot and the guest, 200.3 … 209.2 s.
  const looked = looker.look(talk, { startUs: 201_000_000, endUs: 208_000_000 });

  test('has both faces where they are, nearly all of the time, and nobody else', async () => {
    const counts = compare(await looked);
    expect(counts.faces).toBeGreaterThan(40);
    expect(counts.found / counts.faces).toBeGreaterThanOrEqual(0.95);
    expect(counts.invented).toBe(0);
  });

  test('is sampled on both sides of its cut', async () => {
    const { fine } = await looked;
    const cutUs = 204_000_000;
    const times = fine.tracks.flatMap(({ samples }) => samples.map(({ atUs }) => atUs));
    expect(times).toContain(cutUs);
    expect(times).toContain(cutUs - 33_333);
  });

  test('counts its frames and the CPU of its children, and says nothing', async () => {
    const { fine, cpuSeconds, notices } = await looked;
    expect(fine.decodedFrames).toBe(210);
    expect(cpuSeconds).toBeGreaterThan(0.2);
    expect(notices).toEqual([]);
  });
});

test('a window without faces has no tracks and says so, without calling it a fault', async () => {
  const { fine, notices } = await looker.look(talk, { startUs: 88_000_000, endUs: 91_000_000 });
  expect(fine.tracks).toEqual([]);
  expect(fine.shots).toEqual([fine.window]);
  expect(notices.map(({ code, severity }) => [code, severity])).toEqual([['NO_FACE_FOUND', 'info']]);
});

test('stretches far apart are looked at by themselves, and what lies between is not decoded', async () => {
  const [first, second] = [{ startUs: 59_500_000, endUs: 60_500_000 }, { startUs: 206_000_000, endUs: 207_000_000 }];
  const { fine } = await looker.look(talk, first, second);
  expect(fine.decodedFrames).toBe(60);
  expect(fine.window).toEqual({ startUs: first.startUs, endUs: second.endUs });
  expect(fine.shots.map(({ startUs, endUs }) => [startUs, endUs])).toEqual([[first.startUs, first.endUs], [second.startUs, second.endUs]]);
  expect(new Set(fine.tracks.map(({ shot }) => shot))).toEqual(new Set([0, 1]));
  for (const { shot, samples } of fine.tracks) expect(samples.every(({ atUs }) => atUs >= fine.shots[shot]!.startUs && atUs < fine.shots[shot]!.endUs)).toBe(true);
  expect(fine.tracks.map(({ id }) => id)).toEqual(fine.tracks.map((_, n) => n));
});

test('the same window gives the same artifact', async () => {
  const window = { startUs: 59_500_000, endUs: 62_000_000 };
  expect((await looker.look(talk, window)).fine).toEqual((await looker.look(talk, window)).fine);
});

/** Two seconds of the host, 5 … 7 s, stored in another way. */
async function stored(name: string, filter: string): Promise<string> {
  const path = join(folder, name);
  await runFfmpeg(mediaHost(), {
    inputs: [{ path: talk.path, seekUs: 5_000_000, durationUs: 2_000_000 }],
    graph: `[0:v]${filter}[out]`,
    outputs: [{ to: path, options: ['-map', '[out]', '-c:v', 'libx264', '-preset', 'ultrafast'] }],
  });
  return path;
}

describe('boxes are in display pixels', () => {
  test('and end at the picture’s edge for a face that it cuts', async () => {
    const path = await stored('cut.mp4', 'crop=200:720:460:0');
    const { fine } = await looker.look({ ...talk, path, width: 200 }, { startUs: 0, endUs: 2_000_000 });
    const boxes = fine.tracks.flatMap(({ samples }) => samples.map(({ box }) => box));
    expect(boxes.length).toBeGreaterThan(5);
    expect(boxes.every(({ x, width }) => x >= 0 && x + width <= 200)).toBe(true);
  });

  test('for samples that are not square', async () => {
    const path = await stored('narrow.mp4', 'scale=640:720,setsar=2');
    const stream = { codedWidth: 640, sampleAspectRatio: { num: 2, den: 1 } };
    const counts = compare(await looker.look({ ...talk, path, stream }, { startUs: 0, endUs: 2_000_000 }), 5_000_000);
    expect(counts.faces).toBe(10);
    expect(counts.found).toBe(10);
  });

  test('for pictures stored on their side', async () => {
    const lying = await stored('lying.mp4', 'transpose=cclock');
    const path = join(folder, 'sideways.mp4');
    execFileSync('python3', ['fixtures/recipe/mp4edit.py', 'rotate', '90', lying, path]);
    const stream = { codedWidth: 720, codedHeight: 1280, rotationDegrees: -90 };
    const counts = compare(await looker.look({ ...talk, path, stream }, { startUs: 0, endUs: 2_000_000 }), 5_000_000);
    expect(counts.faces).toBe(10);
    expect(counts.found).toBe(10);
  });
});
