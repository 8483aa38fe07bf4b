import { array, assert, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Look } from '../../src/artifacts/schemas/analysis.js';
import { chooseSeen } from '../../src/pipeline/segment/seen/choose.js';
import { seenScorer } from '../../src/pipeline/segment/seen/score.js';
import type { View } from '../../src/pipeline/segment/seen/view.js';
import { seenWindows } from '../../src/pipeline/segment/seen/windows.js';

const s = 1_000_000;
const limits = { minLengthUs: 20 * s, maxLengthUs: 60 * s };
const ordinary: Omit<Look, 'atUs'> = { brightness: 110, contrast: 50, sharpness: 6, colourfulness: 30, flatness: 0.2, change: 0.1 };

/** A view of shots that end at these seconds, with a look every 2 s. */
function viewOf(shotEnds: readonly number[], lookAt: (second: number) => Partial<Look> = () => ({})): View {
  const shots = shotEnds.map((end, n) => ({ startUs: (shotEnds[n - 1] ?? 0) * s, endUs: end * s }));
  const durationUs = shotEnds.at(-1)! * s;
  const looks = Array.from({ length: Math.ceil(durationUs / (2 * s)) }, (_, n): Look => ({ ...ordinary, ...lookAt(2 * n), atUs: 2 * n * s }));
  return { sourceSha256: 'ab'.repeat(32), name: 'holiday', durationUs, frameUs: 40_000, shots, looks };
}

describe('choosing by what is seen', () => {
  it('takes the passage in which most moves, from shot to shot, and says where it is from', () => {
    const view = viewOf([30, 60, 90, 100, 110, 120, 150, 180], (second) => ({ change: second >= 90 && second < 120 ? 0.3 : 0.03 }));
    const { selection, notices } = chooseSeen(view, { ...limits, clips: 1 });
    expect(selection.moments).toHaveLength(1);
    const [moment] = selection.moments;
    expect(moment).toMatchObject({ title: 'holiday 1:30', rank: 1, ranges: [{ startUs: 90 * s, endUs: 120 * s }], hashtags: [], description: '' });
    expect(moment!.reason).toMatch(/^chosen by what is seen, with [\d.]+ points in 30 s: much moves, several views, begins and ends with a shot$/);
    expect(notices).toEqual([]);
  });

  it('leaves out what is black, frozen or a card, each with its reason', () => {
    const faults: Record<string, Partial<Look>> = {
      'the picture is black or empty': { brightness: 17, contrast: 1, change: 0, sharpness: 0, colourfulness: 0, flatness: 1 },
      'the picture stands still': { change: 0 },
      'one flat tone': { change: 0.005, flatness: 0.9, colourfulness: 4 },
    };
    for (const [reason, look] of Object.entries(faults)) {
      const { selection, candidates, notices } = chooseSeen(viewOf([60], () => look), { ...limits, clips: null });
      expect(selection.moments).toEqual([]);
      expect(candidates.candidates.length).toBeGreaterThan(0);
      for (const candidate of candidates.candidates) expect(candidate.reason).toContain(reason);
      expect(notices.map(({ code }) => code)).toEqual(['NO_CANDIDATE']);
      expect(notices[0]!.message).toContain(reason);
    }
  });

  it('gives each part its documented points', () => {
    const score = (look: Partial<Look>, window: Partial<{ endUs: number; endsShot: boolean }> = {}): Record<string, number> =>
      seenScorer(viewOf([100], (second) => (second < 30 ? look : {})), limits)({ startUs: 0, endUs: 30 * s, startsShot: true, endsShot: false, ...window }).scoreParts;
    expect(score({})).toMatchObject({ movement: 12.7, variety: 0, light: 10, length: 10, shape: 8, still: 0, dark: 0, card: 0 });
    expect(score({ change: 0.25 })['movement']).toBeGreaterThan(score({ change: 0.1 })['movement']!);
    expect(score({ change: 0.001 })).toMatchObject({ movement: 0, still: -40 });
    expect(score({ brightness: 20 })).toMatchObject({ light: 0, dark: -40 });
    expect(score({ flatness: 0.8 })).toMatchObject({ card: -20 });
    expect(score({ colourfulness: 40 })['colour']).toBe(10);
    expect(score({ colourfulness: 5 })['colour']).toBe(0);
    expect(score({ sharpness: 1 })['sharpness']).toBe(0);
    expect(score({}, { endUs: 100 * s, endsShot: true })).toMatchObject({ shape: 12, length: 0 });
    const fourShots = seenScorer(viewOf([10, 20, 30, 40, 100]), limits);
    expect([20, 30, 40].map((end) => fourShots({ startUs: 0, endUs: end * s, startsShot: true, endsShot: true }).scoreParts['variety'])).toEqual([10, 15, 20]);
  });

  it('chooses where keyframes are further apart than a clip is long', () => {
    const view = { ...viewOf([120]), looks: [{ ...ordinary, change: 0, atUs: 0 }, { ...ordinary, atUs: 60 * s }] };
    expect(chooseSeen(view, { ...limits, clips: 2 }).selection.moments).toHaveLength(2);
  });

  it('keeps the limits, overlaps nothing and is always the same, whatever the shots', () => {
    assert(
      property(
        array(integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 20 }),
        integer({ min: 3, max: 30 }),
        integer({ min: 0, max: 40 }),
        integer({ min: 1, max: 6 }),
        (lengths, min, more, clips) => {
          const ends = lengths.map((_, n) => lengths.slice(0, n + 1).reduce((sum, length) => sum + length, 0));
          const wish = { minLengthUs: min * s, maxLengthUs: (min + more) * s, clips };
          const view = viewOf(ends, (second) => ({ change: (second * 7919) % 100 / 200 }));
          if (view.durationUs < wish.minLengthUs) return;
          const windows = seenWindows(view, wish);
          expect(windows.length).toBeGreaterThan(0);
          for (const { startUs, endUs } of windows) {
            expect(endUs - startUs).toBeGreaterThanOrEqual(Math.min(wish.minLengthUs, view.durationUs));
            expect(endUs - startUs).toBeLessThanOrEqual(wish.maxLengthUs);
            expect(endUs).toBeLessThanOrEqual(view.durationUs);
          }
          const { selection } = chooseSeen(view, wish);
          const ranges = selection.moments.map((moment) => moment.ranges[0]!);
          for (const [n, range] of ranges.entries()) expect(range.startUs).toBeGreaterThanOrEqual(ranges[n - 1]?.endUs ?? 0);
          expect(chooseSeen(view, wish)).toEqual(chooseSeen(view, wish));
        },
      ),
      { numRuns: 25 },
    );
  });
});
