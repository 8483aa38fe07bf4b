import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Camera } from '../../src/artifacts/schemas/clip.js';
import type { MediaHost } from '../../src/media/ffmpeg.js';
import { ClipTimeline } from '../../src/media/timeline.js';
import { renderPicture } from '../../src/pipeline/render/picture/render-picture.js';
import { captionPixels } from '../../src/pipeline/render/verify/caption-pixels.js';
import { compareFrames } from '../../src/pipeline/render/verify/compare-frames.js';
import { startsFast } from '../../src/pipeline/render/verify/mp4-layout.js';
import { type Expectation, verifyClip } from '../../src/pipeline/render/verify/verify-clip.js';
import { plainVideo } from '../support/plain-video.js';
import { testToolchain } from '../support/real-planner.js';
import { makeMedia } from './look-at-clip.js';

const frameBytes = 16;

/** Small pictures of one grey level each. */
function pictures(levels: readonly number[]): Uint8Array {
  return Uint8Array.from(levels.flatMap((level) => Array.from({ length: frameBytes }, () => level)));
}

describe('comparing what was meant with what was written', () => {
  const moving = Array.from({ length: 40 }, (_, n) => 60 + n * 3);

  it('finds no fault in the same pictures, dark and still ones included', () => {
    const honest = [...moving, ...Array.from({ length: 40 }, () => 5)];
    const result = compareFrames({ meant: pictures(honest), decoded: pictures(honest.map((level) => level + 1)), frameBytes }, 15);
    expect(result).toMatchObject({ meantFrames: 80, decodedFrames: 80, blackFrames: 0, frozenFrames: 0 });
    expect(result.worst.difference).toBe(1);
  });

  it('finds black and frozen stretches that were not meant', () => {
    const black = compareFrames({ meant: pictures(moving), decoded: pictures(moving.map((level, n) => (n >= 10 && n < 30 ? 16 : level))), frameBytes }, 15);
    expect(black.blackFrames).toBe(20);
    const frozen = compareFrames({ meant: pictures(moving), decoded: pictures(moving.map((level, n) => (n >= 10 ? 90 : level))), frameBytes }, 15);
    expect(frozen.frozenFrames).toBeGreaterThan(20);
    expect(frozen.worst).toEqual({ frame: 39, difference: 87 });
  });
});

/** Planar YUV 4:4:4 of one colour. */
function plain(y: number, u: number, v: number): number[][] {
  return [y, u, v].map((value) => Array.from({ length: 100 }, () => value));
}

describe('caption pixels', () => {
  it('are of the fill colour where the picture was not, in either colour matrix', () => {
    const before = Uint8Array.from(plain(80, 120, 130).flat());
    for (const yellow of [[200, 29, 143], [207, 27, 138]]) {
      const planes = plain(80, 120, 130);
      for (const [plane, value] of yellow.entries()) planes[plane]!.fill(value, 0, 30);
      expect(captionPixels({ before, after: Uint8Array.from(planes.flat()) }, ['#FFE500']).fill).toBe(30);
      expect(captionPixels({ before, after: Uint8Array.from(planes.flat()) }, ['#0000FF']).fill).toBe(0);
    }
  });

  it('are seen on a wall of their own colour by their border', () => {
    const before = Uint8Array.from(plain(235, 128, 128).flat());
    const planes = plain(235, 128, 128);
    planes[0]!.fill(18, 0, 12);
    expect(captionPixels({ before, after: Uint8Array.from(planes.flat()) }, ['#FFFFFF'])).toEqual({ fill: 0, border: 12 });
  });
});

describe('a finished file', () => {
  const timeline = new ClipTimeline([{ startUs: 0, endUs: 2_000_000 }], { num: 25, den: 1 });
  const camera: Camera = { faceCoverage: null, shots: [{ startUs: 0, endUs: 2_000_000, mode: 'fit', keys: [] }] };
  const probe = { frames: [10, 30], box: { x: 150, y: 1200, width: 780, height: 252 } };
  const captions = { probe, leastPixels: [500, 500], colors: ['#FFFFFF'] };
  const expected: Expectation = { timeline, width: 1080, height: 1920, thumbnailRows: 1200, decoded: { readings: [{ path: '/source.mp4', seekUs: 9_000_000, endUs: 12_000_000, pieces: [{ startUs: 0, endUs: 2_000_000, firstFrame: 0, frames: 50 }] }], variableFrameRate: false }, targetLufs: null, captions: undefined };
  let host: MediaHost;
  beforeAll(async () => {
    host = { toolchain: testToolchain, signal: new AbortController().signal, scratchDir: mkdtempSync(join(tmpdir(), 'snvg-test-')), addCpuSeconds: () => {} };
    const source = makeMedia(['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25:d=2.2', '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'], join(host.scratchDir, 'source.mp4'));
    const soundPath = makeMedia(['-f', 'lavfi', '-i', 'sine=frequency=300:sample_rate=48000:duration=2', '-ac', '2', '-c:a', 'aac'], join(host.scratchDir, 'sound.m4a'));
    const video = plainVideo({ codedWidth: 320, codedHeight: 180, fps: timeline.fps });
    await renderPicture(
      host,
      { readings: [{ path: source, seekUs: 0, endUs: 2_200_000, pieces: [{ startUs: 0, endUs: 2_000_000, firstFrame: 0, frames: 50 }] }], video, timeline, camera, width: 1080, height: 1920, thumbnailRows: 1200, captions: false, probe, coverFrame: 5, soundPath, crf: 23, preset: 'ultrafast', threads: 2 },
      () => {},
    );
  });
  afterAll(() => rmSync(host.scratchDir, { recursive: true, force: true }));
  const failing = async (change: Partial<Expectation>): Promise<string[]> => (await verifyClip(host, { ...expected, ...change })).checks.flatMap(({ id, passed }) => (passed ? [] : [id]));

  it('passes when it is what was meant', async () => {
    expect(await failing({})).toEqual([]);
  });

  it('without the captions that were to be burnt in is found out', async () => {
    expect(await failing({ captions })).toEqual(['captions']);
  });

  it('of another loudness, length or shape is found out', async () => {
    expect(await failing({ targetLufs: -50, width: 1080, height: 1080, timeline: new ClipTimeline([{ startUs: 0, endUs: 3_000_000 }], timeline.fps) })).toEqual(['streams', 'duration', 'frames', 'loudness']);
  });

  it('whose source was decoded too late is found out', async () => {
    const times = join(host.scratchDir, 'times0.txt');
    const listing = readFileSync(times, 'utf8');
    writeFileSync(times, listing.split('\n').filter((line) => line.startsWith('#') || Number(line.split(',')[2]) > 900_000).join('\n'));
    expect(await failing({})).toEqual(['source']);
    expect(await failing({ decoded: { readings: [{ path: '/source.mp4', seekUs: 9_000_000, endUs: 12_000_000, pieces: [{ startUs: 0, endUs: 2_000_000, firstFrame: 0, frames: 50 }] }], variableFrameRate: true } })).toEqual([]);
    writeFileSync(times, listing);
  });

  it('whose picture is not the source is found out', async () => {
    const meant = join(host.scratchDir, 'meant.gray');
    const bytes = readFileSync(meant);
    const shifted = Buffer.concat([bytes.subarray(bytes.length / 2), bytes.subarray(0, bytes.length / 2)]).map((level) => 255 - level);
    writeFileSync(meant, shifted);
    expect(await failing({})).toEqual(['picture']);
    writeFileSync(meant, bytes);
  });

  it('starts fast only with its index in front', async () => {
    expect(await startsFast(join(host.scratchDir, 'clip.mp4'))).toBe(true);
    expect(await startsFast(join(host.scratchDir, 'source.mp4'))).toBe(false);
  });
});
