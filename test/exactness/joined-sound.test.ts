import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/pipeline/transcribe/recogniser/seeded-random.js';
import type { Range } from '../../src/artifacts/schemas/common.js';
import { ClipTimeline, frameTimeUs } from '../../src/media/timeline.js';
import { cutFile, cutSound, samplesAt } from '../../src/pipeline/render/sound/cut-sound.js';
import { makeMedia } from '../render/look-at-clip.js';
import { mediaHost } from '../support/media-host.js';

const fps = { num: 30_000, den: 1001 };
/** Samples of half a crossfade. */
const half = 192;

/** The left channel of the clip's sound before levelling, and at which of its samples pieces meet. */
async function cut(source: readonly string[], ranges: Range[], name = 'source.wav'): Promise<{ left: Float32Array; joins: number[] }> {
  const host = mediaHost();
  const path = makeMedia(source, join(host.scratchDir, name));
  const timeline = new ClipTimeline(ranges, fps);
  await cutSound(host, { path, container: name.split('.').at(-1)!, streamIndex: 0, mix: 'aformat=channel_layouts=stereo', timeline });
  const bytes = readFileSync(join(host.scratchDir, cutFile.name));
  const samples = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  expect(samples.length).toBe(2 * samplesAt(timeline.frames, timeline));
  return { left: samples.filter((_, n) => n % 2 === 0), joins: timeline.pieces.slice(1).map(({ firstFrame }) => samplesAt(firstFrame, timeline)) };
}

function randomRanges(count: number, seconds: number): Range[] {
  const random = seededRandom(count);
  return Array.from({ length: count }, () => {
    const startUs = Math.floor(random() * (seconds - 1) * 1e6);
    return { startUs, endUs: startUs + 200_000 + Math.floor(random() * 200_000) };
  });
}

/** The largest change of slope: a click is a step, which has every frequency. */
function roughness(left: Float32Array, from: number, to: number): number {
  let most = 0;
  for (let n = Math.max(2, from); n < Math.min(left.length, to); n += 1) most = Math.max(most, Math.abs(left[n]! - 2 * left[n - 1]! + left[n - 2]!));
  return most;
}

function levelDb(left: Float32Array, from: number, to: number): number {
  return 10 * Math.log10(left.subarray(from, to).reduce((sum, sample) => sum + sample * sample, 0) / (to - from));
}

/** Of the first half second of `part`, and what `whole` holds from `at` on. */
function differenceDb(part: Float32Array, whole: Float32Array, at: number): number {
  let error = 0;
  let power = 0;
  for (let n = 0; n < 24_000; n += 1) {
    error += (part[n]! - whole[at + n]!) ** 2;
    power += whole[at + n]! ** 2;
  }
  return 10 * Math.log10(error / power);
}

/** When a frame of the grid begins. */
function frameUs(frame: number): number {
  return frameTimeUs(frame, fps);
}

describe('joined sound', () => {
  it('of a sine has no clicks: joins are within 6 dB as smooth as the sine itself, a plain cut would be 45 dB rougher', async () => {
    const { left, joins } = await cut(['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000:duration=20', '-c:a', 'pcm_s16le'], randomRanges(60, 20));
    const sine = roughness(left, 2, joins[0]! - half);
    expect(joins).toHaveLength(59);
    for (const at of joins) expect(roughness(left, at - half - 2, at + half + 2) / sine, `join at ${at}`).toBeLessThanOrEqual(2);
  });

  it('of unlike material keeps its level within 1 dB', async () => {
    const { left, joins } = await cut(['-f', 'lavfi', '-i', 'anoisesrc=colour=white:amplitude=0.3:sample_rate=48000:seed=3:duration=20', '-c:a', 'pcm_s16le'], randomRanges(60, 20));
    const whole = levelDb(left, 0, left.length);
    const energy = joins.map((at) => 10 ** (levelDb(left, at - half, at + half) / 10));
    expect(Math.abs(10 * Math.log10(energy.reduce((sum, value) => sum + value, 0) / energy.length) - whole)).toBeLessThanOrEqual(1);
    // And in each quarter of the fade.
    for (let part = 0; part < 4; part += 1) {
      const quarter = joins.map((at) => 10 ** (levelDb(left, at - half + (part * half) / 2, at - half + ((part + 1) * half) / 2) / 10));
      expect(Math.abs(10 * Math.log10(quarter.reduce((sum, value) => sum + value, 0) / quarter.length) - whole), `quarter ${part}`).toBeLessThanOrEqual(1);
    }
  });

  it('is the source to the sample where ranges only go on, and between joins', async () => {
    const source = ['-f', 'lavfi', '-i', "aevalsrc='mod(t*1000,1)-0.5':sample_rate=48000:duration=6", '-c:a', 'pcm_f32le'];
    const whole = await cut(source, [{ startUs: frameUs(30), endUs: frameUs(150) }]);
    const divided = await cut(source, [30, 61, 92, 120].map((frame, n, all) => ({ startUs: frameUs(frame), endUs: frameUs(all[n + 1] ?? 150) })));
    expect(divided.joins).toEqual([]);
    expect(divided.left).toEqual(whole.left);
    const joined = await cut(source, [{ startUs: frameUs(30), endUs: frameUs(60) }, { startUs: frameUs(100), endUs: frameUs(150) }]);
    const [at = 0] = joined.joins;
    expect(joined.left.subarray(0, at - half)).toEqual(whole.left.subarray(0, at - half));
    // 70 frames later in the source, and 30 into the clip.
    const later = samplesAt(70, new ClipTimeline([{ startUs: 0, endUs: 1_000_000 }], fps));
    expect(joined.left.subarray(at + half)).toEqual(whole.left.subarray(at + half + later - samplesAt(30, new ClipTimeline([{ startUs: 0, endUs: 1_000_000 }], fps)), whole.left.length));
  });

  it('fades where the source has nothing to cross with', async () => {
    const { left, joins } = await cut(
      ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000:duration=3.970633', '-c:a', 'pcm_s16le'],
      // To the very end, and from the very start.
      [{ startUs: 3_000_000, endUs: 3_970_633 }, { startUs: 0, endUs: 1_000_000 }, { startUs: 2_000_000, endUs: 2_500_000 }],
    );
    const sine = roughness(left, 2, joins[0]! - half);
    for (const at of joins) expect(roughness(left, at - half - 2, at + half + 2) / sine, `join at ${at}`).toBeLessThanOrEqual(3);
  });

  it.each(['source.m4a', 'source.mp3', 'source.opus', 'source.mkv'])('begins with what a decoder that runs through gives (%s)', async (name) => {
    const encoded = ['-f', 'lavfi', '-i', 'anoisesrc=colour=pink:amplitude=0.5:sample_rate=48000:seed=5:duration=12', ...(name.endsWith('.mkv') ? ['-c:a', 'aac'] : [])];
    const through = await cut(encoded, [{ startUs: 0, endUs: 11_000_000 }], name);
    const late = await cut(encoded, [{ startUs: 9_009_000, endUs: 10_010_000 }], name);
    // Matroska's time stamps are whole milliseconds: there a seek may be half of one off.
    const shifts = name.endsWith('.mkv') ? Array.from({ length: 97 }, (_, n) => n - 48) : [0];
    expect(Math.min(...shifts.map((shift) => differenceDb(late.left, through.left, 9_009 * 48 + shift)))).toBeLessThan(-40);
  });
});
