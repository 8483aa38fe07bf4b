import { describe, expect, it } from 'vitest';
import { outputRate, parseRate } from '../../src/pipeline/ingest/frame-rate.js';

const rate = (text: string): ReturnType<typeof parseRate> => parseRate(text);

describe('the output grid', () => {
  it.each([
    // average, base, expected, what it is
    ['30/1', '30/1', '30/1', 'plain'],
    ['24000/1001', '24000/1001', '24000/1001', 'film on video'],
    ['2997/100', '30000/1001', '30000/1001', 'a rounded rate'],
    ['300000/10201', '30000/1001', '30000/1001', 'a second of frames, counted with the last one’s length'],
    ['10000000/333667', '10000000/333667', '30000/1001', 'microsecond frame durations'],
    ['50/1', '50/1', '50/1', 'fast'],
    ['120/1', '120/1', '60/1', 'slow motion: every second frame'],
    ['120000/1001', '120000/1001', '60000/1001', 'its NTSC kind'],
    ['100/1', '100/1', '50/1', 'high-speed PAL'],
    ['240/1', '240/1', '60/1', 'faster still'],
    ['75/1', '75/1', '75/2', 'a screen recording at 75 Hz'],
    ['15/1', '15/1', '30/1', 'a web camera: each frame shown twice'],
    ['25/2', '25/2', '25/1', 'half of PAL'],
    ['10/1', '10/1', '30/1', 'an animation'],
    ['1/1', '1/1', '24/1', 'a slide a second'],
    ['1267/60', '30/1', '30/1', 'variable, from a 30 grid'],
    ['2125/147', '25/1', '25/1', 'variable, from a 25 grid'],
    ['299/10', '60/1', '30/1', 'a phone that jitters around 30'],
    ['45/1', '60/1', '60/1', 'variable between 30 and 60'],
    ['287/10', '90000/1', '30/1', 'variable on no grid'],
    ['1000/1', '60/1', '60/1', 'an average taken over one packet'],
    ['0/0', '25/1', '25/1', 'no average'],
    ['0/0', '0/0', '30/1', 'nothing known'],
  ])('of average %s and base %s is %s: %s', (average, base, expected) => {
    const { fps } = outputRate(rate(average), rate(base));
    expect(`${fps.num}/${fps.den}`).toBe(expected);
  });

  it('counts a frame more or less at the edges of a short stream for nothing', () => {
    // 30 frames whose last is twice as long; the same difference over a minute is a rate of its own.
    expect(outputRate(rate('300000/10201'), rate('2997/100'), 1.02)).toMatchObject({ variable: false });
    expect(outputRate(rate('1350000/43543'), rate('30000/1001'), 0.97)).toEqual({ fps: { num: 30_000, den: 1001 }, variable: false });
    expect(outputRate(rate('1350000/43543'), rate('30000/1001'), 60).variable).toBe(true);
  });

  it.each([
    ['30/1', '30/1', false],
    ['2997/100', '30000/1001', false],
    ['1267/60', '30/1', true],
  ])('knows whether %s against %s varies', (average, base, variable) => {
    expect(outputRate(rate(average), rate(base)).variable).toBe(variable);
  });
});
