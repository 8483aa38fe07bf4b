import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Range } from '../../src/artifacts/schemas/common.js';
import { packChunks } from '../../src/pipeline/transcribe/pack-chunks.js';
import { findIslands } from '../../src/pipeline/transcribe/recogniser/islands.js';

const second = 1_000_000;
const middle = ({ startUs, endUs }: Range): number => Math.round((startUs + endUs) / 2);

/** Islands as alternating pauses and lengths in ms. */
const islandsOf = (steps: readonly (readonly [number, number])[]): Range[] => {
  let us = 0;
  return steps.map(([pauseMs, lengthMs]) => {
    const startUs = us + pauseMs * 1000;
    us = startUs + lengthMs * 1000;
    return { startUs, endUs: us };
  });
};

describe('islands of speech', () => {
  it('bridge short silences, drop clicks and end with the stream', () => {
    const p = [...Array(10).fill(0.9), ...Array(3).fill(0.1), ...Array(10).fill(0.9), ...Array(20).fill(0.1), ...Array(4).fill(0.9), ...Array(20).fill(0.1), ...Array(9).fill(0.9)] as number[];
    expect(findIslands(p)).toEqual([
      { first: 0, end: 23 },
      { first: 67, end: 76 },
    ]);
  });

  it('do not leave speech between the two thresholds', () => {
    expect(findIslands([...Array(10).fill(0.6), ...Array(30).fill(0.4)] as number[])).toEqual([{ first: 0, end: 40 }]);
    expect(findIslands(Array(40).fill(0.4) as number[])).toEqual([]);
  });
});

describe('chunks', () => {
  it('are cut at the longest pause of the second half', () => {
    // Pauses of 300 ms, one of 900 ms after 20 s of 35 s.
    const islands = islandsOf(Array.from({ length: 10 }, (_, i) => [i === 6 ? 900 : 300, 3_200] as const));
    const [first, next] = packChunks(islands, 60 * second, middle);
    expect(first?.endUs).toBe((islands[5] as Range).endUs + 400_000);
    expect(next?.startUs).toBe((islands[6] as Range).startUs - 400_000);
  });

  it('end at a pause of more than 2 s', () => {
    const islands = islandsOf([
      [1_000, 2_000],
      [7_000, 2_000],
    ]);
    expect(packChunks(islands, 20 * second, middle)).toEqual([
      { startUs: 600_000, endUs: 3_400_000 },
      { startUs: 9_600_000, endUs: 12_400_000 },
    ]);
  });

  it('are none where nobody speaks', () => {
    expect(packChunks([], 60 * second, middle)).toEqual([]);
  });

  it('hold every island, in order, none longer than the recogniser hears, none overlapping', () => {
    const step = fc.tuple(fc.integer({ min: 130, max: 4_000 }), fc.integer({ min: 260, max: 70_000 }));
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const islands = islandsOf(steps);
        const durationUs = (islands.at(-1) as Range).endUs + 100_000;
        const chunks = packChunks(islands, durationUs, middle);
        for (const [i, chunk] of chunks.entries()) {
          expect(chunk.endUs - chunk.startUs).toBeLessThanOrEqual(28_800_000);
          expect(chunk.endUs).toBeGreaterThan(chunk.startUs);
          expect(chunk.startUs).toBeGreaterThanOrEqual(chunks[i - 1]?.endUs ?? 0);
        }
        expect((chunks.at(-1) as Range).endUs).toBeLessThanOrEqual(durationUs);
        for (const island of islands) {
          const covered = chunks.reduce((sum, chunk) => sum + Math.max(0, Math.min(chunk.endUs, island.endUs) - Math.max(chunk.startUs, island.startUs)), 0);
          expect(covered).toBe(island.endUs - island.startUs);
        }
      }),
    );
  });
});
