import { array, assert, integer, property, tuple } from 'fast-check';
import { expect, it } from 'vitest';
import { isSameToPeople, type Span } from '../../src/ledger/overlap.js';
import { seconds } from './open-test-ledger.js';

it.each<[string, Span, Span, boolean]>([
  ['exactly half of the shorter', seconds([0, 30]), seconds([15, 75]), true],
  ['a little less than half', seconds([0, 30]), seconds([15.1, 75]), false],
  ['one within the other', seconds([0, 90]), seconds([40, 50]), true],
  ['apart', seconds([0, 30]), seconds([30, 60]), false],
  ['joined parts that share one', seconds([0, 10], [50, 60]), seconds([50, 60], [90, 100]), true],
  ['joined parts that share less', seconds([0, 10], [50, 60]), seconds([55, 60], [90, 105]), false],
  ['parts that repeat are counted once', seconds([0, 10], [0, 10], [0, 10]), seconds([4, 10], [20, 26]), true],
  ['nothing', [], seconds([0, 30]), false],
  ['an empty range', seconds([5, 5]), seconds([0, 30]), false],
])('moments with %s', (_how, a, b, same) => {
  expect(isSameToPeople(a, b)).toBe(same);
});

const spans = array(tuple(integer({ min: 0, max: 200 }), integer({ min: 0, max: 60 })).map(([start, length]) => ({ startUs: start, endUs: start + length })), { maxLength: 5 });

function covered(span: Span): boolean[] {
  return Array.from({ length: 261 }, (_, at) => span.some(({ startUs, endUs }) => startUs <= at && at < endUs));
}

it('is the same from both sides, for any order of the ranges, and counts as people would with a finger on the tape', () => {
  assert(
    property(spans, spans, (a, b) => {
      const [inA, inB] = [covered(a), covered(b)];
      const shorter = Math.min(inA.filter(Boolean).length, inB.filter(Boolean).length);
      const common = inA.filter((on, at) => on && inB[at]).length;
      const expected = shorter > 0 && common * 2 >= shorter;
      expect(isSameToPeople(a, b)).toBe(expected);
      expect(isSameToPeople(b, a)).toBe(expected);
      expect(isSameToPeople(a.toReversed(), b)).toBe(expected);
    }),
  );
});
