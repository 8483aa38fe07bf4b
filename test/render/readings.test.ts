import { array, assert, integer, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClipTimeline } from '../../src/media/timeline.js';
import { planReadings } from '../../src/pipeline/render/readings.js';

const fps = { num: 25, den: 1 };
const limits = { gapUs: 3_000_000, leadUs: (startUs: number) => Math.min(startUs, 700_000), tailUs: 200_000, weightOf: () => 3, mostWeight: 14 };

function readings(...seconds: [number, number][]): number[][] {
  const { pieces } = new ClipTimeline(seconds.map(([start, end]) => ({ startUs: start * 1e6, endUs: end * 1e6 })), fps);
  return planReadings('/film.mp4', pieces, limits).map((reading) => [reading.seekUs / 1e6, reading.endUs / 1e6, reading.pieces.length]);
}

describe('readings', () => {
  it('go on over small gaps, and begin anew for large ones', () => {
    expect(readings([10, 12], [14, 15], [30, 31])).toEqual([[9.3, 15.2, 2], [29.3, 31.2, 1]]);
  });

  it('begin anew for what lies earlier, and for what overlaps', () => {
    expect(readings([10, 12], [5, 6], [5.4, 7])).toEqual([[9.3, 12.2, 1], [4.3, 6.2, 1], [4.7, 7.2, 1]]);
  });

  it('hold as many pieces as their filters may weigh, and no more', () => {
    expect(readings(...Array.from({ length: 10 }, (_, n): [number, number] => [n, n + 0.4]))).toEqual([[0, 3.6, 4], [3.3, 7.6, 4], [7.3, 9.6, 2]]);
  });

  it('hold every piece once, in order, each inside what is read', () => {
    const range = record({ startUs: integer({ min: 0, max: 60_000_000 }), lengthUs: integer({ min: 1, max: 5_000_000 }) });
    assert(
      property(array(range, { minLength: 1, maxLength: 40 }), (list) => {
        const { pieces } = new ClipTimeline(list.map(({ startUs, lengthUs }) => ({ startUs, endUs: startUs + lengthUs })), fps);
        const planned = planReadings('/film.mp4', pieces, limits);
        expect(planned.flatMap((reading) => reading.pieces)).toEqual(pieces);
        for (const { seekUs, endUs, pieces: own } of planned) {
          expect(seekUs).toBeGreaterThanOrEqual(0);
          for (const [n, piece] of own.entries()) {
            expect(piece.startUs).toBeGreaterThanOrEqual(own[n - 1]?.endUs ?? seekUs);
            expect(piece.endUs).toBeLessThan(endUs);
          }
        }
      }),
    );
  });
});
