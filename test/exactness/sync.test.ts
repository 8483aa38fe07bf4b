import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/pipeline/transcribe/recogniser/seeded-random.js';
import type { Range } from '../../src/artifacts/schemas/common.js';
import { ClipTimeline } from '../../src/media/timeline.js';
import { renderRun } from '../render/render-run.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { beepFlash, holedSound, lateSound, measure } from './beep-flash.js';

const fps = { num: 30, den: 1 };
const range = (start: number, end: number): Range => ({ startUs: Math.round(start * 1e6), endUs: Math.round(end * 1e6) });

/** Renders ranges as one clip and compares every flash and beep with where it belongs; `silent` seconds of the source have a flash alone. */
async function compare(file: string, ranges: Range[], silent: readonly number[] = []): Promise<void> {
  const run = await renderRun(file);
  const { clip, path } = await run.render({ ranges, format: 'square', style: { captions: false } });
  const found = measure(path);
  await run.close();
  expect(clip.fps).toEqual(fps);
  const timeline = new ClipTimeline(ranges, fps);
  const wanted = timeline.pieces.flatMap(({ startUs, endUs, firstFrame }) =>
    Array.from({ length: 59 }, (_, n) => n + 1)
      .filter((second) => second * 1e6 >= startUs && second * 1e6 < endUs)
      .map((second) => ({ second, frame: firstFrame + Math.round((second * 1e6 - startUs) / 33_333.333) })),
  );
  expect(found.frames).toBe(timeline.frames);
  expect(found.flashes).toHaveLength(wanted.length);
  for (const [n, { frame }] of wanted.entries()) expect(Math.abs(found.flashes[n]! - frame), `flash ${n}`).toBeLessThanOrEqual(1);
  const heard = wanted.filter(({ second }) => !silent.includes(second));
  expect(found.beeps).toHaveLength(heard.length);
  for (const [n, { frame }] of heard.entries()) expect(Math.abs(found.beeps[n]! - frame / 30) * 1000, `beep ${n} in ms`).toBeLessThanOrEqual(10);
}

describe('picture and sound keep together to one frame and 10 ms', () => {
  const ends = [range(0.5, 3.4), range(29.3, 31.2), range(57.6, 59.9)];

  it('at the first, middle and last beep', () => compare(beepFlash, ends));

  it('with a variable frame rate (WyattBlue/auto-editor#152)', () => compare('fixtures/beep-flash-vfr.mp4', ends));

  it.each(['late.mkv', 'late.ts'])('with sound that begins late (%s)', (name) => compare(lateSound(temporaryFolder(), name), ends, [1, 2]));

  it('after holes in the sound', () => compare(holedSound(temporaryFolder()), [range(19.3, 24.2), range(30.6, 31.7), range(57.6, 59.9)], [21, 22]));

  it('after 200 joins at any times (hyperframes-student-kit#8)', async () => {
    const random = seededRandom(200);
    const ranges = Array.from({ length: 201 }, (_, n) => {
      const second = (n % 59) + 1;
      return range(second - 0.05 - 0.03 * random(), second + 0.06 + 0.03 * random());
    });
    await compare(beepFlash, ranges);
  });

  it('after many joins of a film of variable rate (carykh/jumpcutter#131)', () => compare('fixtures/beep-flash-vfr.mp4', Array.from({ length: 15 }, (_, n) => range(n + 0.93, n + 1.12))));
});
