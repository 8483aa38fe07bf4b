import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { requireDiskSpace, type SpaceNeed } from '../../src/app/disk-space.js';
import { estimateOf, likelyClipSeconds, type Work } from '../../src/app/estimate.js';
import { learnRates, ratesOf } from '../../src/app/measured-rates.js';
import { roughSpan } from '../../src/ui/format.js';
import { eventLines } from '../../src/ui/lines.js';
import { RunView } from '../../src/ui/run-view.js';
import { noSmallDisk, smallDisk } from '../support/small-disk.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const usual = { preset: 'veryfast', cores: 2 };

function memory(): Map<string, string> & { set(key: string, value: string): unknown } {
  return new Map<string, string>();
}

function need(folder: string, what: string, min: number, max = min): SpaceNeed {
  return { folder, what, bytes: { min: min * 1e6, max: max * 1e6 } };
}

describe('estimates', () => {
  test('come near what the bench measured: 10 minutes, 9 clips of together 268 s, 387 CPU s, 199 s on two cores', () => {
    const work: Work = { sourceSeconds: 600, hear: true, see: true, clipSeconds: { min: 268, max: 268 }, crf: 20, preset: 'veryfast' };
    const { cpuSeconds, wallSeconds } = estimateOf(work, ratesOf(memory(), usual));
    expect(cpuSeconds.max / 387).toBeGreaterThan(0.85);
    expect(cpuSeconds.max / 387).toBeLessThan(1.15);
    expect(wallSeconds.max / 199).toBeGreaterThan(0.85);
    expect(wallSeconds.max / 199).toBeLessThan(1.15);
    expect(likelyClipSeconds({ sourceSeconds: 600, clips: null, minSeconds: 20, maxSeconds: 60, formats: 1 }).max / 268).toBeCloseTo(1.1, 0);
  });

  test('more to do never takes less, and what is known already takes nothing', () => {
    const work = fc.record({
      sourceSeconds: fc.integer({ min: 3, max: 40_000 }),
      hear: fc.boolean(),
      see: fc.boolean(),
      clips: fc.integer({ min: 0, max: 3000 }),
      crf: fc.integer({ min: 0, max: 40 }),
      preset: fc.constantFrom('ultrafast', 'veryfast', 'slow'),
    });
    fc.assert(
      fc.property(work, ({ clips, ...rest }) => {
        const rates = ratesOf(memory(), { preset: rest.preset, cores: 2 });
        const less = estimateOf({ ...rest, clipSeconds: { min: 0, max: clips } }, rates);
        const more = estimateOf({ ...rest, hear: true, see: true, clipSeconds: { min: 0, max: clips + 60 } }, rates);
        for (const part of ['cpuSeconds', 'wallSeconds', 'storeBytes', 'outputBytes', 'scratchBytes'] as const) {
          expect(less[part].min).toBeGreaterThanOrEqual(0);
          expect(less[part].min).toBeLessThanOrEqual(less[part].max);
          expect(more[part].max).toBeGreaterThanOrEqual(less[part].max);
        }
      }),
    );
    const nothing = estimateOf({ sourceSeconds: 600, hear: false, see: false, clipSeconds: { min: 0, max: 0 }, crf: 20, preset: 'veryfast' }, ratesOf(memory(), usual));
    expect([nothing.cpuSeconds.max, nothing.storeBytes.max, nothing.outputBytes.max]).toEqual([0, 0, 0]);
  });

  test('follow what this machine took, without forgetting that machines change', () => {
    const memo = memory();
    const before = ratesOf(memo, usual).clip;
    learnRates(memo, usual, [{ of: 'clip', amount: 3 * before * 60, seconds: 60 }]);
    const slower = ratesOf(memo, usual).clip;
    expect(slower).toBeGreaterThan(2 * before);
    for (let run = 0; run < 100; run += 1) learnRates(memo, usual, [{ of: 'clip', amount: before * 300, seconds: 300 }]);
    expect(ratesOf(memo, usual).clip).toBeCloseTo(before, 2);
    expect(ratesOf(memo, { ...usual, preset: 'slow' }).clip).toBe(ratesOf(memory(), { ...usual, preset: 'slow' }).clip);
    learnRates(memo, usual, [{ of: 'transcribe', amount: 0, seconds: 5 }, { of: 'analyze', amount: Number.NaN, seconds: 5 }]);
    memo.set('rate transcribe', 'nonsense');
    expect(ratesOf(memo, usual)).toMatchObject({ transcribe: ratesOf(memory(), usual).transcribe, analyze: ratesOf(memory(), usual).analyze });
  });

  test('are told no more exactly than they are known', () => {
    expect([3, 38, 61, 700, 5000, 9000].map(roughSpan)).toEqual(['3 s', '40 s', '1 min', '12 min', '83 min', '2.5 h']);
  });
});

test('a long run is announced, a short one is not', () => {
  const view = new RunView();
  const lines = (wallSeconds: number): string[] => {
    const event = { type: 'estimated', jobId: 'j', at: 0, cpuSeconds: wallSeconds * 2, wallSeconds, diskBytes: 450e6 } as const;
    return eventLines(event, view.apply(event)).map(({ text }) => text);
  };
  expect(lines(720)).toEqual(['about 12 min, 450 MB']);
  expect(lines(40)).toEqual([]);
});

describe.skipIf(noSmallDisk !== undefined)('space', () => {
  test('that surely does not suffice is refused, that may not is said, and folders on one disk share it', async () => {
    const { path } = smallDisk('size=100m');
    const other = temporaryFolder();
    expect(await requireDiskSpace([need(path, 'cache', 10, 20), need(other, 'clips', 10, 20)])).toBeUndefined();
    expect(await requireDiskSpace([need(`${path}/a/b`, 'cache', 10, 20), need(`${path}/c`, 'clips', 10, 30)])).toMatchObject({ code: 'DISK_ALMOST_FULL', severity: 'info' });
    const refused = expect(requireDiskSpace([need(`${path}/a`, 'cache', 20), need(`${path}/c`, 'clips', 20)])).rejects;
    await refused.toMatchObject({ code: 'DISK_FULL', exitCode: 4, remedy: 'Free some space, or choose another disk (SNVG_HOME for cache, --output for clips).' });
    await refused.toThrow(/Only 105 MB free for .*\/a \(cache\), .*\/c \(clips\); at least 108 MB are needed/);
  });

  test('of what is moved within one disk is not counted twice', async () => {
    const { path } = smallDisk('size=100m');
    const scratch = { ...need(path, 'temporary files', 25), movedTo: 'cache' };
    await expect(requireDiskSpace([need(path, 'cache', 25), scratch])).resolves.toBeDefined();
    await expect(requireDiskSpace([need(temporaryFolder(), 'cache', 25), { ...scratch, bytes: { min: 45e6, max: 45e6 } }])).rejects.toMatchObject({ code: 'DISK_FULL' });
  });
});
