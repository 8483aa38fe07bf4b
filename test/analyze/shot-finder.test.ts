import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeFrames } from '../../src/media/frames.js';
import { pictureDistance, signPicture } from '../../src/pipeline/analyze/fine/picture-signature.js';
import { pictureBytes, type YuvPicture } from '../../src/pipeline/analyze/fine/picture.js';
import { ShotFinder, type ShotBorder } from '../../src/pipeline/analyze/fine/shot-finder.js';
import { mediaHost } from '../support/media-host.js';

const width = 480;
const height = 270;

/** A picture of soft bars and boxes, different for every seed, moved to the right by `shift`. */
function scene(seed: number, shift = 0, brightness = 1): YuvPicture {
  const data = new Uint8Array(pictureBytes(width, height)).fill(128);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const wave = Math.sin((x - shift) / (9 + 7 * seed)) + Math.sin(y / (13 + 5 * seed) + seed) + Math.sin((x - shift + 2 * y) / (31 + seed));
      data[y * width + x] = 16 + brightness * (70 + 10 * (seed % 5) + 24 * wave);
    }
  }
  const chroma = (width / 2) * (height / 2);
  data.fill(128 + 12 * ((seed % 5) - 2), width * height, width * height + chroma);
  return { data, width, height };
}

function mixed(a: YuvPicture, b: YuvPicture, share: number): YuvPicture {
  return { width, height, data: a.data.map((value, index) => value * (1 - share) + (b.data[index] ?? 0) * share) };
}

function bordersOf(pictures: Iterable<YuvPicture>, fps = 30): ShotBorder[] {
  const finder = new ShotFinder(fps);
  for (const picture of pictures) finder.push(signPicture(picture));
  finder.flush();
  return finder.borders();
}

function* shot(seed: number, frames: number, speed = 0): Generator<YuvPicture> {
  for (let frame = 0; frame < frames; frame++) yield scene(seed, frame * speed);
}

describe('borders in made pictures', () => {
  test('a cut is found on its first frame, even close to the end', () => {
    expect(bordersOf([...shot(1, 40), ...shot(2, 40), ...shot(3, 2)])).toEqual([
      { frame: 40, kind: 'cut' },
      { frame: 80, kind: 'cut' },
    ]);
  });

  test('a cut is reported after a delay that is known in advance', () => {
    const finder = new ShotFinder(30);
    const reported = [...shot(1, 40), ...shot(2, 20)].map((picture) => finder.push(signPicture(picture)));
    expect(reported.indexOf(40)).toBe(40 + finder.delayFrames);
  });

  test('a still picture, a pan and a change of exposure are one shot', () => {
    expect(bordersOf(shot(1, 60))).toEqual([]);
    expect(bordersOf(shot(1, 90, 4))).toEqual([]);
    expect(bordersOf(Array.from({ length: 60 }, (_, frame) => scene(1, 0, 1 - 0.3 * Math.min(1, frame / 50))))).toEqual([]);
  });

  test('a flash of up to three frames is no border', () => {
    for (const frames of [1, 2, 3]) {
      const white = { ...scene(1), data: scene(1).data.map(() => 235) };
      expect(bordersOf([...shot(1, 40), ...Array.from({ length: frames }, () => white), ...shot(1, 40)])).toEqual([]);
    }
  });

  test('a dissolve is one border near its middle', () => {
    const dissolve = Array.from({ length: 15 }, (_, index) => mixed(scene(1), scene(2), (index + 1) / 16));
    const [border, ...others] = bordersOf([...shot(1, 60), ...dissolve, ...shot(2, 60)]);
    expect(others).toEqual([]);
    expect(border?.kind).toBe('gradual');
    expect(Math.abs((border?.frame ?? 0) - 67)).toBeLessThanOrEqual(8);
  });

  test('a fade through black is one border in the dark', () => {
    const out = Array.from({ length: 15 }, (_, index) => scene(1, 0, 1 - (index + 1) / 15));
    const into = Array.from({ length: 15 }, (_, index) => scene(2, 0, (index + 1) / 15));
    const [border, ...others] = bordersOf([...shot(1, 60), ...out, ...into, ...shot(2, 60)]);
    expect(others).toEqual([]);
    expect(Math.abs((border?.frame ?? 0) - 75)).toBeLessThanOrEqual(3);
  });

  test('distance is zero for equal pictures and small for moved ones', () => {
    const here = signPicture(scene(1));
    expect(pictureDistance(here, here)).toBe(0);
    expect(pictureDistance(here, signPicture(scene(1, 6)))).toBeLessThan(0.06);
    expect(pictureDistance(here, signPicture(scene(2)))).toBeGreaterThan(0.2);
  });
});

const media = process.env.SNVG_TEST_MEDIA;

async function find(file: string, fps: number): Promise<ShotBorder[]> {
  const finder = new ShotFinder(fps);
  const video = { index: 0, codedWidth: 1280, codedHeight: 720, displayWidth: 1280, displayHeight: 720, rotationDegrees: 0, sampleAspectRatio: { num: 1, den: 1 }, interlaced: false };
  await decodeFrames(mediaHost(), { path: join(media ?? '', file), video, width, height, pixelFormat: 'yuv420p', rate: 'every', scaling: 'area' }, ({ pixels }) => {
    finder.push(signPicture({ data: pixels, width, height }));
  });
  finder.flush();
  return finder.borders();
}

/** Hard cuts within one frame, gradual ones anywhere in their span; what is left over is false. */
function score(borders: readonly ShotBorder[], hard: readonly number[], gradual: readonly { first: number; last: number }[]): number {
  const left = [...borders];
  const take = (fits: (frame: number) => boolean): number => {
    const index = left.findIndex(({ frame }) => fits(frame));
    if (index < 0) return 0;
    left.splice(index, 1);
    return 1;
  };
  const hits = hard.reduce((sum, cut) => sum + take((frame) => Math.abs(frame - cut) <= 1), 0) + gradual.reduce((sum, { first, last }) => sum + take((frame) => frame >= first - 3 && frame <= last + 3), 0);
  return (2 * hits) / (borders.length + hard.length + gradual.length);
}

describe.skipIf(!media || !existsSync(join(media, 'shots')))('borders in real video (SNVG_TEST_MEDIA names a folder of it)', () => {
  test('a reel of cuts, dissolves, fades, a wipe and a flash', async () => {
    const truth = JSON.parse(readFileSync(join(media ?? '', 'shots/reel_720p.truth.json'), 'utf8')) as { hard_cuts: number[]; gradual: { first: number; last: number }[] };
    expect(score(await find('shots/reel_720p.mp4', 25), truth.hard_cuts, truth.gradual)).toBeGreaterThanOrEqual(0.95);
  });

  test('an animated film with titles and wings across the picture', async () => {
    const truth = JSON.parse(readFileSync(join(media ?? '', 'shots/big_buck_bunny_0_30.cuts.json'), 'utf8')) as { hard_cuts_s: number[] };
    const hard = truth.hard_cuts_s.map((seconds) => Math.round(seconds * 24));
    const borders = await find('video/big_buck_bunny_0_30.webm', 24);
    expect(hard.filter((cut) => borders.some(({ frame }) => Math.abs(frame - cut) <= 1))).toEqual(hard);
    expect(borders.length - hard.length).toBeLessThanOrEqual(2);
  });
});
