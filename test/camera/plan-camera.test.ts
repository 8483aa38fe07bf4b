import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Fine } from '../../src/artifacts/schemas/analysis.js';
import type { Range, Rational } from '../../src/artifacts/schemas/common.js';
import { ClipTimeline, frameTimeUs, nearestFrame } from '../../src/media/timeline.js';
import { planCamera, type CameraRequest } from '../../src/pipeline/render/camera/index.js';
import { cropAt, holds } from './truth.js';

const rates: Rational[] = [
  { num: 24_000, den: 1001 },
  { num: 25, den: 1 },
  { num: 30, den: 1 },
  { num: 30_000, den: 1001 },
  { num: 60, den: 1 },
];
const windowUs = 20_000_000;

type Pair = readonly [width: number, height: number];
const pictures = fc.constantFrom<Pair[]>([1280, 720], [1920, 1080], [1080, 1920], [640, 480], [854, 480], [720, 720], [2560, 1080], [322, 242]);
const targets = fc.constantFrom<Pair[]>([1080, 1920], [1080, 1080], [1920, 1080]);

/** A face that wanders at random inside the picture, seen five times a second with gaps. */
function wandering(width: number, height: number, shot: Range): fc.Arbitrary<Fine['tracks'][number]['samples']> {
  const times = Array.from({ length: Math.floor((shot.endUs - shot.startUs) / 200_000) }, (_, index) => shot.startUs + index * 200_000);
  const at = fc.record({ x: fc.double({ min: 0, max: 0.9, noNaN: true }), y: fc.double({ min: 0, max: 0.9, noNaN: true }) });
  return fc.tuple(at, fc.double({ min: 0.03, max: 0.7, noNaN: true }), fc.array(fc.record({ dx: fc.integer({ min: -60, max: 60 }), seen: fc.boolean() }), { minLength: times.length, maxLength: times.length })).map(([start, share, steps]) => {
    let x = start.x * width;
    return times.flatMap((atUs, index) => {
      x = Math.min(width, Math.max(-20, x + (steps[index]?.dx ?? 0)));
      const box = { x, y: start.y * height, width: share * height, height: share * height * 1.2 };
      return steps[index]?.seen ? [{ atUs, box, score: 0.9 }] : [];
    });
  });
}

const requests: fc.Arbitrary<CameraRequest> = fc
  .record({
    size: pictures,
    target: targets,
    fps: fc.constantFrom(...rates),
    borders: fc.uniqueArray(fc.integer({ min: 1, max: windowUs - 1 }), { maxLength: 6 }),
    ranges: fc.array(fc.tuple(fc.integer({ min: 0, max: windowUs - 100_000 }), fc.integer({ min: 40_000, max: 9_000_000 })), { minLength: 1, maxLength: 3 }),
  })
  .chain(({ size: [width, height], target: [targetWidth, targetHeight], fps, borders, ranges }) => {
    const edges = [0, ...borders.toSorted((a, b) => a - b), windowUs];
    const shots = edges.slice(1).map((endUs, index) => ({ startUs: edges[index] ?? 0, endUs }));
    const trackOf = (shot: number): fc.Arbitrary<Fine['tracks'][number]> =>
      wandering(width, height, shots[shot] ?? { startUs: 0, endUs: 0 }).map((samples) => ({ id: 0, shot, samples }));
    const tracks = fc.array(fc.integer({ min: 0, max: shots.length - 1 }).chain(trackOf), { maxLength: 5 });
    return tracks.map((found) => ({
      fine: { schemaVersion: 1 as const, window: { startUs: 0, endUs: windowUs }, shots, sampleFps: 5, tracks: found.map((track, id) => ({ ...track, id })), decodedFrames: 0 },
      ranges: ranges.map(([startUs, length]) => ({ startUs, endUs: Math.min(windowUs, startUs + length) })),
      displayWidth: width,
      displayHeight: height,
      targetWidth,
      targetHeight,
      fps,
    }));
  });

describe('every planned camera', () => {
  test('covers the clip exactly, on the frame grid, with a border wherever the shot changes', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const { shots } = planCamera(request);
        const timeline = new ClipTimeline(request.ranges, request.fps);
        expect(shots[0]?.startUs).toBe(0);
        expect(shots.at(-1)?.endUs).toBe(timeline.durationUs);
        for (const [index, shot] of shots.entries()) {
          expect(shot.endUs).toBeGreaterThan(shot.startUs);
          expect(shots[index + 1]?.startUs ?? shot.endUs).toBe(shot.endUs);
          expect(frameTimeUs(nearestFrame(shot.startUs, request.fps), request.fps)).toBe(shot.startUs);
        }
        const starts = new Set(shots.map(({ startUs }) => startUs));
        for (const piece of timeline.pieces) {
          const first = nearestFrame(piece.startUs, request.fps);
          for (const { startUs } of request.fine.shots.slice(1)) {
            const frame = nearestFrame(startUs, request.fps) - first;
            if (frame > 0 && frame < piece.frames) expect(starts.has(frameTimeUs(piece.firstFrame + frame, request.fps))).toBe(true);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  test('has even boxes of one size and the right shape inside the picture, and keys in order', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const { shots, faceCoverage } = planCamera(request);
        const picture = { x: 0, y: 0, width: request.displayWidth, height: request.displayHeight };
        const sizes = new Set<string>();
        for (const { mode, keys, startUs, endUs } of shots) {
          expect(keys.length > 0).toBe(mode === 'crop');
          for (const [index, { atUs, box }] of keys.entries()) {
            expect(holds(picture, box)).toBe(true);
            expect(box.width % 2).toBe(0);
            expect(box.height % 2).toBe(0);
            const wide = box.width * request.targetHeight;
            const high = box.height * request.targetWidth;
            expect(Math.abs(wide - high)).toBeLessThanOrEqual(1.000_001 * Math.max(request.targetHeight, request.targetWidth));
            expect(atUs).toBeGreaterThanOrEqual(startUs);
            expect(atUs).toBeLessThanOrEqual(endUs);
            if (index > 0) expect(atUs).toBeGreaterThan(keys[index - 1]?.atUs ?? -1);
            sizes.add(`${box.width}×${box.height}`);
          }
        }
        expect(sizes.size).toBeLessThanOrEqual(1);
        if (faceCoverage !== null) expect(faceCoverage).toBeGreaterThanOrEqual(0);
        if (faceCoverage !== null) expect(faceCoverage).toBeLessThanOrEqual(1);
      }),
      { numRuns: 150 },
    );
  });

  test('is the same for the same input, which it leaves alone', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const before = structuredClone(request);
        expect(planCamera(request)).toEqual(planCamera(structuredClone(request)));
        expect(request).toEqual(before);
      }),
      { numRuns: 40 },
    );
  });
});

const fps = { num: 30, den: 1 };
type Path = (seconds: number) => { x: number; y?: number; size?: number } | undefined;

/** A clip of whole shots, each with faces on given paths (their centres, in a 1280 × 720 picture). */
function plan(shots: readonly { seconds: number; faces: readonly Path[] }[], target: { width: number; height: number } = { width: 1080, height: 1920 }): ReturnType<typeof planCamera> {
  const ranges: Range[] = [];
  const tracks: Fine['tracks'] = [];
  let startUs = 0;
  for (const [shot, { seconds, faces }] of shots.entries()) {
    const endUs = startUs + seconds * 1e6;
    ranges.push({ startUs, endUs });
    for (const face of faces) {
      const samples: Fine['tracks'][number]['samples'] = [];
      for (let at = 0; at < seconds - 0.01; at += 0.2) {
        const found = face(at);
        if (!found) continue;
        const { x, y = 260, size = 160 } = found;
        samples.push({ atUs: startUs + Math.round(at * 1e6), box: { x: x - size / 2, y: y - size * 0.6, width: size, height: size * 1.2 }, score: 0.9 });
      }
      tracks.push({ id: tracks.length, shot, samples });
    }
    startUs = endUs;
  }
  const window = { startUs: 0, endUs: startUs };
  const fine: Fine = { schemaVersion: 1, window, shots: ranges, sampleFps: 5, tracks, decodedFrames: 0 };
  return planCamera({ fine, ranges: [window], displayWidth: 1280, displayHeight: 720, targetWidth: target.width, targetHeight: target.height, fps });
}

function modes(camera: ReturnType<typeof planCamera>): string {
  return camera.shots.map(({ mode }) => mode).join(' ');
}

const face: Path = () => ({ x: 500 });

describe('the camera', () => {
  test('rests while a face sways within a fixed crop', () => {
    const camera = plan([{ seconds: 10, faces: [(at) => ({ x: 600 + 60 * Math.sin(at) })] }]);
    expect(camera.shots[0]?.keys).toHaveLength(1);
    expect(camera.faceCoverage).toBe(1);
  });

  test('follows somebody who walks through the picture, evenly and without losing the face', () => {
    const camera = plan([{ seconds: 12, faces: [(at) => ({ x: 250 + 65 * at })] }]);
    expect(camera.faceCoverage).toBe(1);
    const speeds = Array.from({ length: 50 }, (_, step) => (cropAt(camera, (step + 6) * 200_000)?.x ?? 0) - (cropAt(camera, (step + 5) * 200_000)?.x ?? 0));
    expect(Math.min(...speeds)).toBeGreaterThanOrEqual(-0.5);
    // 13 px a step is the walker's own speed.
    expect(Math.max(...speeds)).toBeLessThan(20);
  });

  test('is not shaken by the tremble of detection, nor by one wild sample', () => {
    const camera = plan([{ seconds: 8, faces: [(at) => ({ x: at > 3.9 && at < 4.1 ? 1100 : 640 + (Math.round(at * 5) % 2) * 12 })] }]);
    expect(camera.shots[0]?.keys).toHaveLength(1);
    expect(Math.abs((camera.shots[0]?.keys[0]?.box.x ?? 0) + 202 - 646)).toBeLessThan(10);
  });

  test('stays with one of two faces, the larger', () => {
    const camera = plan([{ seconds: 8, faces: [() => ({ x: 300, size: 140 }), () => ({ x: 980, size: 180 })] }]);
    expect(modes(camera)).toBe('crop');
    const crop = cropAt(camera, 4_000_000);
    expect(crop && crop.x + crop.width / 2).toBeCloseTo(980, -1);
  });

  test('turns to another face once the first has left, and waits for one that comes back', () => {
    const left = plan([{ seconds: 12, faces: [(at) => (at < 7 ? { x: 300, size: 200 } : undefined), () => ({ x: 980, size: 110 })] }]);
    expect(modes(left)).toBe('crop crop');
    expect(cropAt(left, 11_000_000)?.x).toBeGreaterThan(600);
    const back = plan([{ seconds: 12, faces: [(at) => (at < 5 || at > 7 ? { x: 300 } : undefined)] }]);
    expect(modes(back)).toBe('crop');
  });

  test('shows the whole picture rather than a bare wall once the face has been gone for long', () => {
    expect(modes(plan([{ seconds: 12, faces: [(at) => (at < 4 ? { x: 300 } : undefined)] }]))).toBe('crop fit');
  });

  test('shows shots without faces whole, but not for the blink of an eye', () => {
    expect(modes(plan([{ seconds: 3, faces: [face] }, { seconds: 2, faces: [] }, { seconds: 3, faces: [face] }]))).toBe('crop fit crop');
    const flicker = plan([{ seconds: 3, faces: [face] }, { seconds: 0.3, faces: [] }, { seconds: 3, faces: [face] }]);
    expect(modes(flicker)).toBe('crop crop crop');
    expect(flicker.shots[1]?.keys[0]?.box).toEqual(flicker.shots[0]?.keys[0]?.box);
    expect(modes(plan([{ seconds: 3, faces: [] }, { seconds: 0.4, faces: [face] }, { seconds: 3, faces: [] }]))).toBe('fit fit fit');
  });

  test('shows a face too large for any crop whole', () => {
    expect(modes(plan([{ seconds: 4, faces: [() => ({ x: 640, y: 360, size: 560 })] }]))).toBe('fit');
  });

  test('leaves a picture that has the target’s shape alone', () => {
    const camera = plan([{ seconds: 4, faces: [() => ({ x: 200 })] }, { seconds: 4, faces: [] }], { width: 1920, height: 1080 });
    expect(modes(camera)).toBe('crop crop');
    expect(camera.shots.flatMap(({ keys }) => keys.map(({ box }) => box))).toEqual([
      { x: 0, y: 0, width: 1280, height: 720 },
      { x: 0, y: 0, width: 1280, height: 720 },
    ]);
    expect(camera.faceCoverage).toBe(1);
  });

  test('knows of no coverage where no face is', () => {
    expect(plan([{ seconds: 4, faces: [] }]).faceCoverage).toBeNull();
  });

  test('keeps one crop through both halves of a shot from whose middle something was cut', () => {
    const fine: Fine = {
      schemaVersion: 1,
      window: { startUs: 0, endUs: 10_000_000 },
      shots: [{ startUs: 0, endUs: 10_000_000 }],
      sampleFps: 5,
      tracks: [{ id: 0, shot: 0, samples: Array.from({ length: 50 }, (_, index) => ({ atUs: index * 200_000, box: { x: 500 + index, y: 150, width: 160, height: 190 }, score: 0.9 })) }],
      decodedFrames: 300,
    };
    const ranges = [{ startUs: 0, endUs: 4_000_000 }, { startUs: 6_000_000, endUs: 10_000_000 }];
    const { shots } = planCamera({ fine, ranges, displayWidth: 1280, displayHeight: 720, targetWidth: 1080, targetHeight: 1920, fps });
    expect(shots).toHaveLength(2);
    expect(shots[1]?.keys[0]?.box).toEqual(shots[0]?.keys[0]?.box);
  });
});
