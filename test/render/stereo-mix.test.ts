import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { stereoMix } from '../../src/pipeline/render/sound/stereo-mix.js';

/** RMS of both sides in dB after the mix, for a tone of −20 dB in each channel that the expression gives. */
function mixed(layout: string, channels: string, mix: string): { left: number; right: number; sum: number } {
  const graph = `aevalsrc='${channels}':c=${layout}:s=48000:d=0.5,aformat=sample_fmts=flt,${mix}`;
  const bytes = execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-f', 'lavfi', '-i', graph, '-f', 'f32le', '-']);
  const samples = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  expect(samples.length).toBe(2 * 24_000);
  const level = (of: (at: number) => number): number => {
    let sum = 0;
    for (let at = 0; at < samples.length; at += 2) sum += of(at) ** 2;
    return 10 * Math.log10((2 * sum) / samples.length + 1e-12);
  };
  return { left: level((at) => samples[at]!), right: level((at) => samples[at + 1]!), sum: level((at) => (samples[at]! + samples[at + 1]!) / 2) };
}

const voice = '0.1*sin(2*PI*300*t)';
const noise = '0.1*sin(2*PI*1000*t)';
const stereo = { channels: 2, channelLayout: 'stereo' };

describe('the mix to two channels', () => {
  it('plays a voice that is on one side on both, and one that cancels itself out in phase', () => {
    const right = mixed('stereo', `0|${voice}`, stereoMix(stereo, 'right-to-both'));
    const left = mixed('stereo', `${voice}|0`, stereoMix(stereo, 'left-to-both'));
    const turned = mixed('stereo', `${voice}|-1*${voice}`, stereoMix(stereo, 'invert-right'));
    for (const side of [right, left, turned]) {
      expect(side.left).toBeCloseTo(-23, 0);
      expect(side.right).toBeCloseTo(-23, 0);
      expect(side.sum).toBeCloseTo(-23, 0);
    }
    expect(mixed('stereo', `${voice}|0.5*${voice}`, stereoMix(stereo, 'none')).right).toBeCloseTo(-29, 0);
  });

  it.each(['5.1', '5.1(side)', '7.1', '5.0', '4.0', '3.0', '6.1'])('keeps dialogue in front of what surrounds it in %s', (layout) => {
    const names: Record<string, string[]> = { '5.1': ['FL', 'FR', 'FC', 'LFE', 'BL', 'BR'], '5.1(side)': ['FL', 'FR', 'FC', 'LFE', 'SL', 'SR'], '7.1': ['FL', 'FR', 'FC', 'LFE', 'BL', 'BR', 'SL', 'SR'], '5.0': ['FL', 'FR', 'FC', 'BL', 'BR'], '4.0': ['FL', 'FR', 'FC', 'BC'], '3.0': ['FL', 'FR', 'FC'], '6.1': ['FL', 'FR', 'FC', 'LFE', 'BC', 'SL', 'SR'] };
    const channels = names[layout]!;
    const of = (only: (name: string) => boolean, tone: string): string => channels.map((name) => (only(name) ? tone : '0')).join('|');
    const mix = stereoMix({ channels: channels.length, channelLayout: layout }, 'none');
    const centre = mixed(layout, of((name) => name === 'FC', voice), mix);
    const sides = mixed(layout, of((name) => name === 'FL' || name === 'FR', noise), mix);
    const low = mixed(layout, of((name) => name === 'LFE', noise), mix);
    expect(centre.left).toBeCloseTo(centre.right, 3);
    expect(centre.left).toBeGreaterThan(sides.left + 2);
    expect(low.left).toBeLessThan(-80);
  });

  it('leaves other layouts to ffmpeg', () => {
    expect(stereoMix({ channels: 1, channelLayout: 'mono' }, 'none')).toBe('aformat=channel_layouts=stereo');
    expect(stereoMix({ channels: 6, channelLayout: null }, 'none')).toBe('aformat=channel_layouts=stereo');
    // What was found out about two channels says nothing about another number of them.
    expect(stereoMix({ channels: 1, channelLayout: null }, 'left-to-both')).toBe('aformat=channel_layouts=stereo');
  });
});
