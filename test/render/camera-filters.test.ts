import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { assert, array, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Camera } from '../../src/artifacts/schemas/clip.js';
import { planColour } from '../../src/media/colour.js';
import { runFfmpeg } from '../../src/media/ffmpeg.js';
import { ClipTimeline, frameTimeUs } from '../../src/media/timeline.js';
import { cameraFilters, lineExpression, stepExpression } from '../../src/pipeline/render/picture/camera-filters.js';
import { plainVideo } from '../support/plain-video.js';
import { testToolchain } from '../support/real-planner.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const fps = { num: 30_000, den: 1001 };
const picture = { width: 640, height: 360 };
const target = { width: 180, height: 320 };
const crop = { width: 202, height: 360 };
const frames = 90;

/** Means of each output frame's left quarter, middle and top band, for a source whose grey level is a third of its x. */
async function shoot(shots: Camera['shots']): Promise<{ left: number; middle: number; top: number; spread: number }[]> {
  const scratchDir = temporaryFolder();
  const host = { toolchain: testToolchain, signal: new AbortController().signal, scratchDir, addCpuSeconds: () => {} };
  const raw = Buffer.alloc(picture.width * picture.height);
  for (let at = 0; at < raw.length; at += 1) raw[at] = 16 + (at % picture.width) / 3;
  const path = join(scratchDir, 'ramp.gray');
  await writeFile(path, raw);
  const timeline = new ClipTimeline([{ startUs: 0, endUs: frameTimeUs(frames, fps) }], fps);
  const graph = cameraFilters({ faceCoverage: null, shots }, timeline, { stored: picture, display: picture, target, colour: planColour(plainVideo({ codedWidth: 1920, codedHeight: 1080 })) }, { from: 'grid', to: 'out' });
  await runFfmpeg(host, {
    inputs: [{ path, rawFormat: 'rawvideo', options: ['-pix_fmt', 'gray', '-s', `${picture.width}x${picture.height}`, '-r', '30000/1001'] }],
    graph: `[0:v]loop=loop=${frames - 1}:size=1,fps=30000/1001,format=yuv420p[grid];${graph}`,
    outputs: [{ to: 'out.gray', options: ['-map', '[out]', '-fps_mode', 'passthrough', '-pix_fmt', 'gray', '-f', 'rawvideo'] }],
  });
  const bytes = await readFile(join(scratchDir, 'out.gray'));
  const size = target.width * target.height;
  expect(bytes.length).toBe(size * frames);
  return Array.from({ length: frames }, (_, n) => {
    const at = (x: number, y: number): number => bytes[n * size + y * target.width + x]!;
    const row = Array.from({ length: target.width }, (__, x) => at(x, 160));
    return { left: at(2, 160), middle: at(90, 160), top: at(90, 20), spread: Math.max(...row) - Math.min(...row) };
  });
}

const key = (frame: number, x: number): Camera['shots'][number]['keys'][number] => ({ atUs: frameTimeUs(frame, fps), box: { ...crop, x, y: 0 } });
const shot = (from: number, to: number, mode: 'crop' | 'fit', keys: [number, number][]): Camera['shots'][number] => ({ startUs: frameTimeUs(from, fps), endUs: frameTimeUs(to, fps), mode, keys: keys.map(([frame, x]) => key(frame, x)) });
/** Grey level at the middle of a crop that begins at `x`. */
const middleAt = (x: number): number => 16 + (x + crop.width / 2) / 3;

/** What is used of ffmpeg's expression grammar is JavaScript's but for two functions. */
function evaluate(expression: string, n: number): number {
  return runInNewContext(expression.replaceAll('if(', 'choose('), { n, choose: (test: boolean, yes: number, no: number) => (test ? yes : no), lt: (a: number, b: number) => a < b }) as number;
}

describe('camera filters', () => {
  it('cut from place to place on the exact frame', async () => {
    const seen = await shoot([shot(0, 37, 'crop', [[0, 0]]), shot(37, 38, 'crop', [[37, 400]]), shot(38, 90, 'crop', [[38, 200]])]);
    expect(seen.slice(0, 37).every(({ middle }) => Math.abs(middle - middleAt(0)) <= 2)).toBe(true);
    expect(Math.abs(seen[37]!.middle - middleAt(400))).toBeLessThanOrEqual(2);
    expect(seen.slice(38).every(({ middle }) => Math.abs(middle - middleAt(200)) <= 2)).toBe(true);
  });

  it('move evenly between keys, in steps finer than a pixel of the source', async () => {
    const seen = await shoot([shot(0, 60, 'crop', [[0, 10], [10, 10], [50, 210]]), shot(60, 90, 'crop', [[60, 30]])]);
    for (let frame = 0; frame < 60; frame += 1) {
      const x = frame <= 10 ? 10 : frame >= 50 ? 210 : 10 + (frame - 10) * 5;
      expect(Math.abs(seen[frame]!.middle - middleAt(x)), `frame ${frame}`).toBeLessThanOrEqual(2);
    }
    expect(Math.abs(seen[60]!.middle - middleAt(30))).toBeLessThanOrEqual(2);
  });

  it('show the whole picture over its darkened blur, for just the frames of that shot', async () => {
    const seen = await shoot([shot(0, 20, 'crop', [[0, 100]]), shot(20, 21, 'fit', []), shot(21, 60, 'crop', [[21, 0], [59, 300]]), shot(60, 90, 'fit', [])]);
    const whole = seen.map(({ spread }) => spread > 180);
    expect(whole).toEqual(Array.from({ length: frames }, (_, n) => n === 20 || n >= 60));
    for (const { top, middle } of seen.slice(60)) {
      expect(top).toBeGreaterThan(30);
      expect(top).toBeLessThan(middle - 10);
    }
  });

  it('describe steps and lines by expressions that pass through every key', () => {
    const path = array(integer({ min: 0, max: 1500 }), { minLength: 1, maxLength: 60 });
    assert(
      property(path, integer({ min: 1, max: 30 }), (values, spacing) => {
        const keys = values.map((value, index) => ({ frame: index * spacing, value }));
        const line = lineExpression(keys);
        const steps = stepExpression(keys);
        for (const { frame, value } of keys) {
          expect(evaluate(line, frame)).toBeCloseTo(value, 1);
          expect(evaluate(steps, frame)).toBe(value);
          expect(evaluate(steps, frame + spacing - 1)).toBe(value);
        }
        expect(evaluate(line, keys.at(-1)!.frame + 100)).toBeCloseTo(values.at(-1)!, 1);
      }),
    );
  });
});
