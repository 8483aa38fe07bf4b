import { array, assert, constantFrom, double, integer, oneof, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClipTimeline, frameAt, frameCount, frameTimeUs, framesDurationUs, nearestFrame, secondsText, snapToFrame, usFromSeconds } from '../../src/media/timeline.js';

const day = 24 * 3600 * 1e6;
const timeUs = integer({ min: 0, max: day });
const fps = oneof(
  constantFrom({ num: 24_000, den: 1001 }, { num: 25, den: 1 }, { num: 30_000, den: 1001 }, { num: 30, den: 1 }, { num: 60_000, den: 1001 }, { num: 60, den: 1 }),
  record({ num: integer({ min: 1, max: 2_505_000 }), den: integer({ min: 1, max: 83_831 }) }).filter(({ num, den }) => num / den >= 1 && num / den <= 60),
);

describe('times as text', () => {
  it('are exact decimals', () => {
    expect(secondsText(0)).toBe('0.000000');
    expect(secondsText(7)).toBe('0.000007');
    expect(secondsText(3_601_378_667)).toBe('3601.378667');
    expect(secondsText(-23_000)).toBe('-0.023000');
  });

  it('come back as they went', () => {
    assert(property(integer({ min: -day, max: day }), (us) => usFromSeconds(secondsText(us)) === us));
  });

  it.each(['N/A', 'NOPTS', '', undefined])('%s is no time', (text) => {
    expect(usFromSeconds(text)).toBeUndefined();
  });
});

describe('the frame grid', () => {
  it('has no drift: after a day at 60000/1001 every frame is still its own', () => {
    assert(property(integer({ min: 0, max: 5_178_000 }), fps, (frame, rate) => nearestFrame(frameTimeUs(frame, rate), rate) === frame));
  });

  it('moves no time by more than half a frame', () => {
    assert(
      property(timeUs, fps, (us, rate) => {
        const moved = Math.abs(snapToFrame(us, rate) - us);
        expect(moved).toBeLessThanOrEqual((1e6 * rate.den) / rate.num / 2 + 1);
      }),
    );
  });

  it('is stable: a time on it stays', () => {
    assert(property(timeUs, fps, (us, rate) => snapToFrame(snapToFrame(us, rate), rate) === snapToFrame(us, rate)));
  });

  it('shows at any time the last frame that has begun', () => {
    assert(
      property(timeUs, fps, (us, rate) => {
        const frame = frameAt(us, rate);
        expect(frameTimeUs(frame, rate)).toBeLessThanOrEqual(us);
        expect(frameTimeUs(frame + 1, rate)).toBeGreaterThan(us);
      }),
    );
  });

  it('counts adjoining ranges without losing or doubling a frame', () => {
    assert(
      property(array(integer({ min: 40_000, max: 90_000_000 }), { minLength: 2, maxLength: 200 }), fps, (steps, rate) => {
        const frameUs = (1e6 * rate.den) / rate.num;
        const edges = steps.reduce<number[]>((all, step) => [...all, (all.at(-1) ?? 0) + Math.ceil(step + frameUs)], [0]);
        const frames = edges.slice(1).reduce((sum, endUs, index) => sum + frameCount({ startUs: edges[index] ?? 0, endUs }, rate), 0);
        expect(frames).toBe(nearestFrame(edges.at(-1) ?? 0, rate));
      }),
    );
  });
});

describe('a clip of several ranges', () => {
  const ranges = array(record({ gap: integer({ min: 0, max: 60_000_000 }), length: integer({ min: 200_000, max: 60_000_000 }) }), { minLength: 1, maxLength: 6 })
    .map((steps) => {
      let at = 0;
      return steps.map(({ gap, length }) => {
        const startUs = at + gap;
        at = startUs + length;
        return { startUs, endUs: at };
      });
    });
  const steady = constantFrom({ num: 24_000, den: 1001 }, { num: 25, den: 1 }, { num: 30_000, den: 1001 }, { num: 60, den: 1 });

  it('lasts as long as its frames', () => {
    assert(
      property(ranges, steady, (cut, rate) => {
        const clip = new ClipTimeline(cut, rate);
        expect(clip.durationUs).toBe(framesDurationUs(clip.frames, rate));
        const asked = cut.reduce((sum, { startUs, endUs }) => sum + endUs - startUs, 0);
        expect(Math.abs(clip.durationUs - asked)).toBeLessThanOrEqual(cut.length * ((1e6 * rate.den) / rate.num + 2));
      }),
    );
  });

  it('maps source times to the clip and back to within the rounding of a µs per cut', () => {
    assert(
      property(ranges, steady, double({ min: 0, max: 1, noNaN: true }), (cut, rate, share) => {
        const clip = new ClipTimeline(cut, rate);
        for (const piece of clip.pieces) {
          const sourceUs = Math.min(piece.endUs - 1, Math.round(piece.startUs + share * (piece.endUs - piece.startUs)));
          const clipUs = clip.clipTimeUs(sourceUs);
          expect(clipUs).toBeDefined();
          expect(Math.abs(clip.sourceTimeUs(clipUs ?? -1) - sourceUs)).toBeLessThanOrEqual(2);
        }
      }),
    );
  });

  it('does not show what is cut out', () => {
    const clip = new ClipTimeline([{ startUs: 1_000_000, endUs: 2_000_000 }, { startUs: 5_000_000, endUs: 6_000_000 }], { num: 25, den: 1 });
    expect(clip.clipTimeUs(500_000)).toBeUndefined();
    expect(clip.clipTimeUs(3_000_000)).toBeUndefined();
    expect(clip.clipTimeUs(5_000_000)).toBe(1_000_000);
    expect(clip.sourceTimeUs(1_400_000)).toBe(5_400_000);
  });
});
