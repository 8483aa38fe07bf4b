import { execFileSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import type { Word } from '../../src/artifacts/schemas/speech.js';
import { openCaptionFonts } from '../../src/captions/fonts.js';
import { layoutPage } from '../../src/captions/layout-page.js';
import { captionArea } from '../../src/captions/safe-area.js';
import { writeAss } from '../../src/captions/write-ass.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const size = { width: 540, height: 960 };

/** Draws one page in each state of its highlight: which pixels are drawn at all, and the middle of those in the highlight's colour. */
async function draw(texts: string[], language: string): Promise<{ ink: Buffer; lit: number; left: number; right: number }[]> {
  const dir = temporaryFolder();
  const fonts = await openCaptionFonts('assets/fonts');
  const words: Word[] = texts.map((word, n) => ({ text: word, spaceBefore: n > 0, startUs: n * 400_000, endUs: (n + 1) * 400_000, confidence: 1 }));
  const area = captionArea(size.width, size.height);
  const page = layoutPage({ first: 0, last: words.length - 1, startUs: 0, endUs: words.length * 400_000 }, words, { language, emPx: 40, widthPx: area.width, uppercase: false }, fonts);
  const ass = writeAss([page], words, { color: '#FFFFFF', highlight: '#FF0000', outlineShare: 0.001 }, { ...size, area }, fonts);
  writeFileSync(`${dir}/captions.ass`, ass);
  symlinkSync(resolve('assets/fonts'), `${dir}/fonts`);
  const frames = execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-f', 'lavfi', '-i', `color=black:s=${size.width}x${size.height}:r=5:d=${words.length * 0.4},format=rgb24`, '-vf', 'ass=captions.ass:fontsdir=fonts,format=rgb24', '-f', 'rawvideo', '-'], { cwd: dir, maxBuffer: 1 << 28 });
  const bytes = size.width * size.height * 3;
  return words.map((_, n) => {
    const frame = frames.subarray((2 * n + 1) * bytes, (2 * n + 2) * bytes);
    const ink = Buffer.alloc(bytes / 3);
    const lit: number[] = [];
    for (let at = 0; at < ink.length; at += 1) {
      const [r, g] = [frame[at * 3]!, frame[at * 3 + 1]!];
      ink[at] = r > 100 ? 1 : 0;
      if (r > 150 && g < 60) lit.push(at % size.width);
    }
    const xs = Array.from(ink.entries()).flatMap(([at, on]) => (on ? [at % size.width] : []));
    return { ink, lit: lit.reduce((sum, x) => sum + x, 0) / lit.length, left: Math.min(...xs), right: Math.max(...xs) };
  });
}

/** Pixels of which one picture has ink and the other has not, as a share of the ink: letters at other places would be most of it. */
function moved(a: Buffer, b: Buffer): number {
  let different = 0;
  let all = 0;
  for (const [at, on] of a.entries()) {
    if (on !== b[at]) different += 1;
    if (on || b[at]) all += 1;
  }
  return different / all;
}

it.each([
  ['English', 'en', ['AV', 'Toast', 'fi'], 'right'],
  ['Hebrew', 'he', ['שלום', 'לכולם', 'היום'], 'left'],
  ['Arabic', 'ar', ['مرحبا', 'بكم', 'اليوم'], 'left'],
  ['Japanese', 'ja', ['短い', '動画', 'です。'], 'right'],
] as const)('the highlight of %s moves in reading direction and no letter moves with it', async (_, language, texts, direction) => {
  const states = await draw([...texts], language);
  for (const { ink } of states.slice(1)) expect(moved(states[0]!.ink, ink)).toBeLessThan(0.03);
  const middles = states.map(({ lit }) => lit);
  expect(middles).toEqual(middles.toSorted((a, b) => (direction === 'right' ? a - b : b - a)));
});

it('draws braces and backslashes as letters', async () => {
  const [plain] = await draw(['x'], 'en');
  const [tricky] = await draw(['{\\fs9}\\N{x}'], 'en');
  expect(tricky!.right - tricky!.left).toBeGreaterThan((plain!.right - plain!.left) * 6);
});
