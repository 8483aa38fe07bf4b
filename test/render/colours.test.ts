import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';
import { chart, type ChartFormat, chartFilm, hlgSignal, inPrimaries, patches, pqSignal, seenPatches } from './colour-chart.js';
import { smallClip } from './small-clip.js';

const bt709Tags = { pix_fmt: 'yuv420p', color_range: 'tv', color_space: 'bt709', color_transfer: 'bt709', color_primaries: 'bt709' };
const levels = (rgb: readonly number[]): number[] => rgb.map((value) => value * 255);

function expectPatches(seen: number[][], meant: readonly (readonly number[])[], tolerance: number, what: string): void {
  const off = seen.map((rgb, n) => Math.max(...rgb.map((value, part) => Math.abs(value - meant[n]![part]!))));
  expect(Math.max(...off), `${what}: ${seen.map((rgb, n) => `${rgb.map(Math.round)} for ${meant[n]!.map(Math.round)}`).join(' | ')}`).toBeLessThanOrEqual(tolerance);
}

const sd: ChartFormat = { matrix: 'bt601', range: 'tv', pixelFormat: 'yuv420p', bits: 8, chroma: [0.5, 0.5] };
const hdSize = { width: 1280, height: 720 };
const tagged = (matrix: string, primaries: string, transfer: string, range = 'tv'): string[] => ['-colorspace', matrix, '-color_primaries', primaries, '-color_trc', transfer, '-color_range', range];
const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '4'];
const over = (alpha: number) => patches.map((rgb) => rgb.map((value) => value * alpha * 255));
const greys = patches.map(([r, g, b]) => Array.from({ length: 3 }, () => 0.299 * r + 0.587 * g + 0.114 * b));

const inSdr = (primaries: 'bt2020' | 'p3') => patches.map(([r, g, b]) => inPrimaries([r ** 2.4, g ** 2.4, b ** 2.4], primaries).map((value) => value ** (1 / 2.4)) as unknown as readonly [number, number, number]);

/** The table's largest error, in the darkest channel of vivid colours. */
const wideTolerance = 10;

type Case = [name: string, format: ChartFormat, options?: Parameters<typeof chartFilm>[2], meant?: number[][], tolerance?: number];
const cases: Case[] = [
  ['BT.601, tagged so', sd, { encoder: x264, name: 'chart.mp4', tags: tagged('smpte170m', 'smpte170m', 'smpte170m') }],
  ['BT.601 of Europe, tagged so', sd, { tags: tagged('bt470bg', 'bt470bg', 'smpte170m') }],
  ['SD without tags', sd],
  ['HD without tags', { ...sd, ...hdSize, matrix: 'bt709' }],
  ['BT.709 in SD size, tagged so', { ...sd, matrix: 'bt709' }, { tags: tagged('bt709', 'bt709', 'bt709') }],
  ['BT.601 in HD size, tagged so', { ...sd, ...hdSize }, { tags: tagged('smpte170m', 'smpte170m', 'bt709') }],
  ['full range as phones record it', { ...sd, range: 'pc', pixelFormat: 'yuvj420p' }, { encoder: x264, name: 'chart.mp4', tags: tagged('bt470bg', 'bt470bg', 'smpte170m', 'pc') }],
  ['full range by its tag alone', { ...sd, matrix: 'bt709', range: 'pc' }, { tags: tagged('bt709', 'bt709', 'bt709', 'pc') }],
  ['RGB', { ...sd, matrix: 'rgb', range: 'pc', pixelFormat: 'gbrp', chroma: [1, 1] }, { encoder: ['-c:v', 'png', '-pix_fmt', 'rgb24'] }],
  ['RGB in H.264', { ...sd, matrix: 'rgb', range: 'pc', pixelFormat: 'gbrp', chroma: [1, 1] }, { encoder: ['-c:v', 'libx264rgb', '-preset', 'ultrafast', '-crf', '4', '-pix_fmt', 'rgb24'] }],
  ['a palette', { ...sd, matrix: 'rgb', range: 'pc', pixelFormat: 'gbrp', chroma: [1, 1] }, { encoder: ['-c:v', 'gif', '-pix_fmt', 'rgb8'], name: 'chart.gif', colours: patches.map((rgb) => rgb.map(Math.round) as [number, number, number]) }, patches.map((rgb) => rgb.map((value) => Math.round(value) * 255))],
  ['4:2:2 in 10 bits', { ...sd, matrix: 'bt709', pixelFormat: 'yuv422p10le', bits: 10, chroma: [0.5, 1] }, { tags: tagged('bt709', 'bt709', 'bt709') }],
  ['4:4:4 in 12 bits, BT.601', { ...sd, pixelFormat: 'yuv444p12le', bits: 12, chroma: [1, 1] }],
  ['4:1:0', { ...sd, pixelFormat: 'yuv410p', chroma: [0.25, 0.25] }],
  ['grey stills in full range', { ...sd, range: 'pc', pixelFormat: 'gray', chroma: [0, 0] }, {}, greys.map(levels)],
  ['grey H.264', { ...sd, pixelFormat: 'gray', chroma: [0, 0] }, { encoder: x264, name: 'chart.mp4', tags: ['-color_range', 'tv'] }, greys.map(levels)],
  ['grey in 10 bits', { ...sd, range: 'pc', pixelFormat: 'gray10le', bits: 10, chroma: [0, 0] }, {}, greys.map(levels)],
  ['transparency, over black', { ...sd, pixelFormat: 'yuva420p', alpha: 0.5 }, {}, over(0.5)],
  ['transparency in RGB, over black', { ...sd, matrix: 'rgb', range: 'pc', pixelFormat: 'gbrap', chroma: [1, 1], alpha: 0.25 }, { encoder: ['-c:v', 'png', '-pix_fmt', 'rgba'] }, over(0.25)],
  ['transparency in 10 bits, over black', { ...sd, matrix: 'bt709', pixelFormat: 'yuva444p10le', bits: 10, chroma: [1, 1], alpha: 0.75 }, { tags: tagged('bt709', 'bt709', 'bt709') }, over(0.75)],
  ['BT.2020 in SDR', { ...sd, matrix: 'bt2020', pixelFormat: 'yuv420p12le', bits: 12 }, { tags: tagged('bt2020nc', 'bt2020', 'bt2020-10'), colours: inSdr('bt2020') }, undefined, wideTolerance],
  ['BT.2020 whose matrix alone is tagged', { ...sd, matrix: 'bt2020', pixelFormat: 'yuv420p12le', bits: 12 }, { tags: ['-colorspace', 'bt2020nc'], colours: inSdr('bt2020') }, undefined, wideTolerance],
  ['P3', { ...sd, matrix: 'bt709', pixelFormat: 'yuv444p12le', bits: 12, chroma: [1, 1] }, { tags: tagged('bt709', 'smpte432', 'bt709'), colours: inSdr('p3') }, undefined, wideTolerance],
];

const deep: ChartFormat = { matrix: 'bt2020', range: 'tv', pixelFormat: 'yuv444p10le', bits: 10, chroma: [1, 1] };
/** Light of the patches in cd/m²: a face, greys up to the white of graphics (203), highlights, saturated colours. */
const lights: [number, number, number][] = [
  [70, 40, 30], [10, 10, 10], [36, 36, 36], [100, 100, 100], [203, 203, 203], [1000, 1000, 1000], [120, 12, 12], [20, 40, 150],
];
/** Hable's curve from a peak of 1000 cd/m². */
const filmic = (x: number): number => ((x * (0.15 * x + 0.05) + 0.004) / (x * (0.15 * x + 0.5) + 0.06) - 0.0666667) / 0.7062157;
/** What the curve makes of light, as 8 bit levels for BT.1886, by its constants: 10, 36, 100, 203 and 1000 cd/m² are known. */
function toneMapped(light: readonly number[]): number[] {
  const brightest = Math.max(...light) / 100;
  return light.map((nits) => 255 * Math.max(0, 0.7 * (nits / 100 / brightest) * filmic(brightest) + 0.3 * filmic(nits / 100)) ** (1 / 2.4));
}

describe('the colours of a clip', () => {
  it.each(cases)('are those of %s', async (name, format, options, meant = patches.map(levels), tolerance = 5) => {
    const { clip, cover, tags } = await smallClip(chartFilm(temporaryFolder(), format, options), chart);
    expect(tags).toMatchObject(bt709Tags);
    expectPatches(seenPatches(clip, true), meant, tolerance, name);
    expectPatches(seenPatches(cover, false), meant, tolerance + 3, `cover of ${name}`);
  });

  const inPq = lights.map((light) => inPrimaries(light, 'bt2020').map(pqSignal) as unknown as readonly [number, number, number]);
  const inHlg = lights.map((light) => hlgSignal(inPrimaries(light, 'bt2020')));
  const levelsAt = { 10: 66, 36: 110, 100: 157, 203: 193, 1000: 255 };

  it.each<[string, ChartFormat, Parameters<typeof chartFilm>[2]]>([
    ['HDR10', deep, { tags: tagged('bt2020nc', 'bt2020', 'smpte2084'), colours: inPq }],
    ['HDR10 without a matrix or primaries', deep, { tags: ['-color_trc', 'smpte2084'], colours: inPq }],
    ['PQ in RGB', { ...deep, matrix: 'rgb', range: 'pc', pixelFormat: 'gbrp10le' }, { tags: ['-color_trc', 'smpte2084', '-color_primaries', 'bt2020'], colours: inPq }],
    ['PQ in the primaries of BT.709', { ...deep, matrix: 'bt709' }, { tags: tagged('bt709', 'bt709', 'smpte2084'), colours: lights.map((light) => light.map(pqSignal) as unknown as readonly [number, number, number]) }],
    ['HLG', deep, { tags: tagged('bt2020nc', 'bt2020', 'arib-std-b67'), colours: inHlg }],
  ])('are tone mapped from %s', async (name, format, options) => {
    const { clip, tags } = await smallClip(chartFilm(temporaryFolder(), format, options), chart);
    expect(tags).toMatchObject(bt709Tags);
    const seen = seenPatches(clip, true);
    expectPatches(seen, lights.map(toneMapped), 6, name);
    for (const [nits, level] of Object.entries(levelsAt)) {
      for (const value of seen[lights.findIndex(([r, g]) => r === Number(nits) && g === r)]!) expect(Math.abs(value - level), `${nits} cd/m² in ${name}`).toBeLessThanOrEqual(4);
    }
  });
});
