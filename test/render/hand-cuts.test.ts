import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Source } from '../../src/artifacts/schemas/source.js';
import { handMoments, parseCut, readCuts } from '../../src/app/hand-cuts.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const seconds = (startUs: number, endUs: number): { startUs: number; endUs: number } => ({ startUs: startUs * 1e6, endUs: endUs * 1e6 });
const source = { sha256: 'ab'.repeat(32), durationUs: 60_000_000 } as Source;

describe('a cut given by hand', () => {
  it.each([
    ['12:30-13:05', [seconds(750, 785)]],
    ['1:02:03.5-1:02:40', [seconds(3723.5, 3760)]],
    ['10-12.5+15-18+40-44', [seconds(10, 12.5), seconds(15, 18), seconds(40, 44)]],
    [' 10-12 + 12-14 ', [seconds(10, 12), seconds(12, 14)]],
    // The best first, and again in its place.
    ['40-44+10-50', [seconds(40, 44), seconds(10, 50)]],
  ])('%s', (text, ranges) => {
    expect(parseCut(text)).toEqual(ranges);
  });

  it.each(['', '10', '12-10', '10-10', '10-12+', '10-12,15-18', 'a-b', '-5-3', '1:2:3:4-5'])('%j is refused with how to write it', (text) => {
    expect(() => parseCut(text)).toThrow(expect.objectContaining({ code: 'USAGE', remedy: expect.stringContaining('10-12.5+15-18') }));
  });

  it('that begins inside the range before it is refused', () => {
    expect(() => parseCut('10-15+12-18')).toThrow(/12-18 begins inside the range before it, 10-15: 12 to 15 s/);
  });

  it('beyond the end of the source is refused', () => {
    expect(() => handMoments([parseCut('1-2+59-61')], source)).toThrow(/The cut 59-61 ends after the source, which is 60 s long/);
  });

  it('becomes one moment, with a title that fits into a file name', () => {
    const many = Array.from({ length: 200 }, (_, n) => `${n / 4}-${n / 4 + 0.1}`).join('+');
    const moments = handMoments([parseCut('10-12.5+15-18'), parseCut(many), parseCut('5-6')], source);
    expect(moments.map(({ title, ranges }) => [title, ranges.length])).toEqual([
      ['10-12.5+15-18', 2],
      ['200 ranges of 0-49.85', 200],
      ['5-6', 1],
    ]);
    expect(new Set(moments.map(({ lineage }) => lineage)).size).toBe(3);
  });
});

describe('a list of cuts', () => {
  it('has one a line, remarks, and lines that go on with the cut above', async () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, 'cuts.txt'), '\uFEFF# the opening\r\n10-12.5\r\n+15-18  # goes on\n\n  +40-44\n1:00-1:20\n');
    expect(await readCuts(['3-5', '@cuts.txt'], dir)).toEqual([[seconds(3, 5)], [seconds(10, 12.5), seconds(15, 18), seconds(40, 44)], [seconds(60, 80)]]);
  });

  it('that is wrong says in which line', async () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, 'cuts.txt'), '1-2\n\n5-4\n');
    await expect(readCuts(['@cuts.txt'], dir)).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('cuts.txt, line 3: "5-4"') });
    writeFileSync(join(dir, 'none.txt'), '# nothing\n');
    await expect(readCuts(['@none.txt'], dir)).rejects.toMatchObject({ code: 'USAGE', message: 'none.txt holds no cuts' });
    await expect(readCuts(['@missing.txt'], dir)).rejects.toMatchObject({ code: 'USAGE' });
  });
});
