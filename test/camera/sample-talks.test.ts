import { resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Fine } from '../../src/artifacts/schemas/analysis.js';
import type { Range } from '../../src/artifacts/schemas/common.js';
import { planCamera } from '../../src/pipeline/render/camera/index.js';
import { Looker, type Looked } from '../analyze/look-at.js';
import { countFramed, truthOf } from './truth.js';

const looker = new Looker();
afterAll(() => looker.close());

const fps = { num: 30, den: 1 };

function seconds(from: number, to: number): Range {
  return { startUs: from * 1_000_000, endUs: to * 1_000_000 };
}

/** Each window is decoded and searched once for all tests of this file. */
const windows = {
  closeUp: { name: 'talk', range: seconds(38, 58) },
  photoAndSlides: { name: 'talk', range: seconds(130, 160) },
  conversation: { name: 'talk', range: seconds(196, 232) },
  interview: { name: 'interview', range: seconds(0, 34) },
  japanese: { name: 'short-ja', range: seconds(0, 12) },
} as const;
type WindowName = keyof typeof windows;
const windowNames = Object.keys(windows) as WindowName[];

const looked = new Map<WindowName, Promise<Looked>>();
function look(name: WindowName): Promise<Looked> {
  const known = looked.get(name) ?? looker.look({ path: resolve(`fixtures/${windows[name].name}.mp4`), width: 1280, height: 720, fps }, windows[name].range);
  looked.set(name, known);
  return known;
}

function vertical(fine: Fine, range: Range): ReturnType<typeof planCamera> {
  return planCamera({ fine, ranges: [range], displayWidth: 1280, displayHeight: 720, targetWidth: 1080, targetHeight: 1920, fps });
}

describe.each(windowNames)('the sample window %s', (name) => {
  const { name: video, range } = windows[name];
  const truth = truthOf(video);

  test('has its hard cuts on their very frames, and no border inside a shot', async () => {
    const { fine } = await look(name);
    const inside = truth.cutFrames.map((frame) => Math.round((frame * 1e6) / 30)).filter((us) => us > range.startUs && us < range.endUs);
    const borders = fine.shots.slice(1).map(({ startUs }) => startUs);
    expect(borders.filter((us) => inside.includes(us))).toEqual(inside);
    // The dissolve at 133.7 s is the only other change of picture in these windows.
    const others = borders.filter((us) => !inside.includes(us));
    expect(others.every((us) => us >= 133_700_000 && us <= 134_200_000)).toBe(true);
    expect(fine.shots[0]?.startUs).toBe(range.startUs);
    expect(fine.shots.at(-1)?.endUs).toBe(range.endUs);
  });

  test('keeps a face wholly inside the crop', async () => {
    const { fine } = await look(name);
    const counts = countFramed(vertical(fine, range), truth.faces, range);
    expect(counts.samples).toBeGreaterThan(30);
    expect(counts.inside / counts.samples).toBeGreaterThanOrEqual(0.95);
    expect(counts.cropped / counts.samples).toBeGreaterThanOrEqual(0.9);
  });

  test('does the same for a clip that begins and ends in the middle of shots', async () => {
    const { fine } = await look(name);
    const inner = { startUs: range.startUs + 1_234_567, endUs: range.endUs - 2_345_678 };
    const counts = countFramed(vertical(fine, inner), truth.faces, inner);
    expect(counts.inside / counts.samples).toBeGreaterThanOrEqual(0.95);
    expect(counts.cropped / counts.samples).toBeGreaterThanOrEqual(0.9);
  });
});

test('slides, cards and titles are shown whole', async () => {
  const { fine } = await look('photoAndSlides');
  const camera = vertical(fine, windows.photoAndSlides.range);
  // 130 … 133.7 s is an archive card, 156.7 … 160 s a slide.
  expect(camera.shots[0]?.mode).toBe('fit');
  expect(camera.shots.at(-1)?.mode).toBe('fit');
});

test('a square crop follows faces as well', async () => {
  const { fine } = await look('conversation');
  const { range } = windows.conversation;
  const camera = planCamera({ fine, ranges: [range], displayWidth: 1280, displayHeight: 720, targetWidth: 1080, targetHeight: 1080, fps });
  const counts = countFramed(camera, truthOf('talk').faces, range);
  expect(counts.inside / counts.samples).toBeGreaterThanOrEqual(0.95);
});

test('the camera rests in most shots: it moves only where a fixed crop would lose the face', async () => {
  const { fine } = await look('conversation');
  const camera = vertical(fine, windows.conversation.range);
  const crops = camera.shots.filter(({ mode }) => mode === 'crop');
  const resting = crops.filter(({ keys }) => keys.length === 1);
  expect(resting.length / crops.length).toBeGreaterThan(0.7);
});
