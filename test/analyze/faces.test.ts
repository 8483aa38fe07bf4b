import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { analysisSize } from '../../src/pipeline/analyze/fine/analysis-size.js';
import { decodeCenterFace, overlap } from '../../src/pipeline/analyze/fine/centerface.js';
import { goesOnAcross, trackFaces, type FaceSampling } from '../../src/pipeline/analyze/fine/face-tracks.js';

describe('CenterFace’s maps', () => {
  const mapWidth = 20;
  const mapHeight = 12;
  const cells = mapWidth * mapHeight;

  function mapsWith(faces: readonly { row: number; column: number; score: number; width: number; height: number; nose: number }[]): Parameters<typeof decodeCenterFace>[0] {
    const maps = { heat: new Float32Array(cells), scale: new Float32Array(2 * cells), offset: new Float32Array(2 * cells), landmarks: new Float32Array(10 * cells), mapWidth, mapHeight };
    for (const { row, column, score, width, height, nose } of faces) {
      const cell = row * mapWidth + column;
      maps.heat[cell] = score;
      maps.scale[cell] = Math.log(height / 4);
      maps.scale[cells + cell] = Math.log(width / 4);
      maps.landmarks[5 * cells + cell] = nose;
    }
    return maps;
  }

  test('become boxes around their centres, widened evenly for a face seen from the front', () => {
    const [face] = decodeCenterFace(mapsWith([{ row: 5, column: 10, score: 0.8, width: 20, height: 28, nose: 0.5 }]), 0.35);
    expect(face?.score).toBeCloseTo(0.8);
    expect(face?.x).toBeCloseTo(42 - 10 - 2, 3);
    expect(face?.width).toBeCloseTo(24, 3);
    expect(face?.y).toBeCloseTo(22 - 14, 3);
    expect(face?.height).toBeCloseTo(28, 3);
  });

  test('reach to the ear that a turned head shows', () => {
    const [face] = decodeCenterFace(mapsWith([{ row: 5, column: 10, score: 0.8, width: 20, height: 28, nose: 0.8 }]), 0.35);
    expect(face?.x).toBeCloseTo(32 - 20 * 0.28, 3);
    expect((face?.x ?? 0) + (face?.width ?? 0)).toBeCloseTo(52 + 20 * 0.02, 3);
  });

  test('give one face per place, best first, and none below the threshold', () => {
    const faces = decodeCenterFace(
      mapsWith([
        { row: 5, column: 4, score: 0.6, width: 20, height: 28, nose: 0.5 },
        { row: 5, column: 5, score: 0.5, width: 20, height: 28, nose: 0.5 },
        { row: 5, column: 15, score: 0.9, width: 20, height: 28, nose: 0.5 },
        { row: 1, column: 1, score: 0.3, width: 8, height: 8, nose: 0.5 },
      ]),
      0.35,
    );
    expect(faces.map(({ score }) => Math.round(score * 10) / 10)).toEqual([0.9, 0.6]);
  });
});

test('overlap is 1 for equal boxes, 0 for separate ones, and symmetric', () => {
  const box = fc.record({ x: fc.integer({ min: 0, max: 100 }), y: fc.integer({ min: 0, max: 100 }), width: fc.integer({ min: 1, max: 80 }), height: fc.integer({ min: 1, max: 80 }) });
  fc.assert(
    fc.property(box, box, (a, b) => {
      expect(overlap(a, a)).toBe(1);
      expect(overlap(a, b)).toBeCloseTo(overlap(b, a), 9);
      expect(overlap(a, { ...b, x: b.x + 1000 })).toBe(0);
      expect(overlap(a, b)).toBeLessThanOrEqual(1);
    }),
  );
});

function sampling(at: number, ...centers: number[]): FaceSampling {
  return { atUs: Math.round(at * 1e6), faces: centers.map((x) => ({ x: x - 50, y: 100, width: 100, height: 120, score: 0.9 })) };
}

describe('tracks', () => {
  const shot = { startUs: 0, endUs: 10_000_000 };

  test('follow two faces past each other', () => {
    const samplings = Array.from({ length: 20 }, (_, index) => sampling(index / 5, 100 + 10 * index, 800 - 10 * index));
    const tracks = trackFaces(samplings, [shot]);
    expect(tracks.map(({ samples }) => samples.length)).toEqual([20, 20]);
    expect(tracks[0]?.samples.at(-1)?.box.x).toBeCloseTo(100 + 190 - 50);
  });

  test('bridge a second without the face, and end after more', () => {
    const counts = [1, 1.4].map((gap) => trackFaces([0, 0.2, 0.4, 0.4 + gap, 0.6 + gap, 0.8 + gap].map((at) => sampling(at, 300)), [shot]).length);
    expect(counts).toEqual([1, 2]);
  });

  test('never cross a cut, and drop what is seen once in a long shot', () => {
    const samplings = Array.from({ length: 20 }, (_, index) => sampling(index / 5, 300, ...(index === 3 ? [900] : [])));
    const tracks = trackFaces(samplings, [{ startUs: 0, endUs: 2_000_000 }, { startUs: 2_000_000, endUs: 4_000_000 }]);
    expect(tracks.map(({ shot: index, samples }) => [index, samples.length])).toEqual([[0, 10], [1, 10]]);
  });

  test('keep a face in a shot too short for three samples', () => {
    expect(trackFaces([sampling(0, 300), sampling(0.2, 300)], [{ startUs: 0, endUs: 300_000 }])).toHaveLength(1);
  });

  test('go on across a gradual change only where no sample is missing', () => {
    const whole = trackFaces(Array.from({ length: 20 }, (_, index) => sampling(index / 5, 300 + 5 * index)), [shot])[0];
    const broken = trackFaces(Array.from({ length: 20 }, (_, index) => sampling(index / 5, ...(index === 10 ? [] : [300]))), [shot])[0];
    expect(whole && goesOnAcross(whole, 2_000_000)).toBe(true);
    expect(whole && goesOnAcross(whole, 3_900_000)).toBe(false);
    expect(broken && goesOnAcross(broken, 2_000_000)).toBe(false);
  });

  test('hold every believed face exactly once, in order of time, whatever comes', () => {
    const any = fc.array(fc.array(fc.integer({ min: 0, max: 1200 }), { maxLength: 4 }), { maxLength: 40 });
    fc.assert(
      fc.property(any, (rows) => {
        const tracks = trackFaces(rows.map((centers, index) => sampling(index / 5, ...centers)), [shot]);
        for (const { samples } of tracks) {
          for (const [index, { atUs }] of samples.entries()) if (index > 0) expect(atUs).toBeGreaterThan(samples[index - 1]?.atUs ?? -1);
        }
        for (const [index, centers] of rows.entries()) {
          expect(tracks.flatMap(({ samples }) => samples.filter(({ atUs }) => atUs === Math.round(index * 200_000))).length).toBeLessThanOrEqual(centers.length);
        }
      }),
    );
  });
});

test('windows are looked at in even sizes of the display’s shape and about equal area', () => {
  expect(analysisSize({ displayWidth: 1920, displayHeight: 1080 })).toEqual({ width: 480, height: 270 });
  expect(analysisSize({ displayWidth: 1080, displayHeight: 1920 })).toEqual({ width: 270, height: 480 });
  expect(analysisSize({ displayWidth: 320, displayHeight: 240 })).toEqual({ width: 320, height: 240 });
  const square = analysisSize({ displayWidth: 1080, displayHeight: 1080 });
  expect(square.width).toBe(square.height);
  expect(square.width % 2).toBe(0);
});
