import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** R'G'B' of BT.709, 0…1: what a chart's eight patches mean. Vivid, but nothing that a codec has to cut off. */
export const patches: readonly Colour[] = [
  [0.8, 0.1, 0.1], [0.1, 0.7, 0.2], [0.15, 0.2, 0.8], [0.85, 0.75, 0.1],
  [0.76, 0.58, 0.51], [0.5, 0.5, 0.5], [1, 1, 1], [0, 0, 0],
];
export const chart = { width: 320, height: 180, columns: 4, rows: 2 } as const;

type Colour = readonly [number, number, number];

/** Linear BT.709 to the linear RGB of wider primaries (BT.2087, and the same for P3 with D65 white). */
const widened = {
  bt2020: [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.088, 0.8956]],
  p3: [[0.8225, 0.1774, 0.0001], [0.0332, 0.9669, -0.0001], [0.0171, 0.0724, 0.9105]],
} as const;

/** The light of BT.709 R, G, B in wider primaries. */
export function inPrimaries(light: Colour, primaries: keyof typeof widened): Colour {
  return widened[primaries].map((row) => Math.max(0, row[0] * light[0] + row[1] * light[1] + row[2] * light[2])) as unknown as Colour;
}

/** cd/m² to a PQ signal (SMPTE ST 2084). */
export function pqSignal(nits: number): number {
  const power = (Math.max(0, nits) / 10_000) ** (2610 / 16384);
  return ((3424 / 4096 + (2413 / 128) * power) / (1 + (2392 / 128) * power)) ** ((2523 / 4096) * 128);
}

const hlgCurve = (scene: number): number => (scene <= 1 / 12 ? Math.sqrt(3 * scene) : 0.17883277 * Math.log(12 * scene - 0.28466892) + 0.55991073);

/** Light of a 1000 cd/m² display in BT.2020 to an HLG signal (BT.2100): system gamma undone, then the camera's curve. */
export function hlgSignal(nits: Colour): Colour {
  const shown = (0.2627 * nits[0] + 0.678 * nits[1] + 0.0593 * nits[2]) / 1000;
  const gain = shown > 0 ? (shown ** (1 / 1.2)) ** 0.2 : 1;
  return nits.map((value) => hlgCurve(value / 1000 / gain)) as unknown as Colour;
}

/** Kr and Kb of each matrix. */
const weights = { bt601: [0.299, 0.114], bt709: [0.2126, 0.0722], bt2020: [0.2627, 0.0593] } as const;

export interface ChartFormat {
  /** Of planar YUV (or grey) with this matrix, range and depth; `rgb` for planar GBR. */
  matrix: keyof typeof weights | 'rgb';
  range: 'tv' | 'pc';
  pixelFormat: string;
  bits: number;
  /** Width and height of chroma planes as parts of the luma's; 0: none. */
  chroma: readonly [number, number];
  /** 0…1; adds a plane. */
  alpha?: number;
  width?: number;
  height?: number;
}

/** One frame of the chart as planar samples, by the formulas of the standards: nothing of it went through a scaler. */
function chartSamples(format: ChartFormat, colours: readonly Colour[] = patches): Buffer {
  const { width = chart.width, height = chart.height, bits, range, alpha } = format;
  const full = 2 ** bits - 1;
  const unit = 2 ** (bits - 8);
  const luma = (value: number): number => Math.round(range === 'pc' ? value * full : (16 + 219 * value) * unit);
  const difference = (value: number): number => Math.min(full, Math.round(range === 'pc' ? value * full + 128 * unit : (128 + 224 * value) * unit));
  const coded = colours.map(([r, g, b]) => {
    if (format.matrix === 'rgb') return [g, b, r].map((value) => Math.round(value * full));
    const [kr, kb] = weights[format.matrix];
    const y = kr * r + (1 - kr - kb) * g + kb * b;
    return [luma(y), difference((b - y) / (2 * (1 - kb))), difference((r - y) / (2 * (1 - kr)))];
  });
  const plane = (part: number, across: number, down: number): Buffer => {
    const [columns, rows] = [Math.ceil(width * across), Math.ceil(height * down)];
    const samples = Buffer.alloc(columns * rows * (bits > 8 ? 2 : 1));
    for (let at = 0; at < columns * rows; at += 1) {
      const column = Math.floor(((at % columns) * chart.columns) / columns);
      const row = Math.floor((Math.floor(at / columns) * chart.rows) / rows);
      const value = coded[row * chart.columns + column]![part]!;
      if (bits > 8) samples.writeUInt16LE(value, at * 2);
      else samples[at] = value;
    }
    return samples;
  };
  const [across, down] = format.chroma;
  const seeThrough = (): Buffer => {
    const samples = Buffer.alloc(width * height * (bits > 8 ? 2 : 1), Math.round((alpha ?? 1) * full));
    if (bits > 8) for (let at = 0; at < width * height; at += 1) samples.writeUInt16LE(Math.round((alpha ?? 1) * full), at * 2);
    return samples;
  };
  return Buffer.concat([plane(0, 1, 1), ...(across > 0 ? [plane(1, across, down), plane(2, across, down)] : []), ...(alpha === undefined ? [] : [seeThrough()])]);
}

/** A film of a few equal frames, in a file that keeps them exactly unless `encoder` says otherwise. */
export function chartFilm(dir: string, format: ChartFormat, options: { name?: string; encoder?: readonly string[]; tags?: readonly string[]; colours?: readonly Colour[] } = {}): string {
  const raw = join(dir, 'chart.raw');
  const frames = 4;
  writeFileSync(raw, Buffer.concat(Array.from({ length: frames }, () => chartSamples(format, options.colours))));
  const path = join(dir, options.name ?? 'chart.mkv');
  // Frames that say already what the file is to say: newer ffmpegs would convert others.
  const said = (options.tags ?? []).flatMap((option, n, all) => (n % 2 === 0 ? [`${{ '-colorspace': 'colorspace', '-color_trc': 'color_trc', '-color_primaries': 'color_primaries', '-color_range': 'range' }[option]}=${all[n + 1]}`] : []));
  const size = `${format.width ?? chart.width}x${format.height ?? chart.height}`;
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-f', 'rawvideo', '-pix_fmt', format.pixelFormat, '-s', size, '-r', '25', '-i', raw, ...(said.length > 0 ? ['-vf', `setparams=${said.join(':')}`] : []), ...(options.encoder ?? ['-c:v', 'ffv1']), ...(options.tags ?? []), path]);
  return path;
}

/** Mean R, G, B (0…255) in the middle of each patch of a decoded picture; YUV is read by the tags every clip has to carry. */
export function seenPatches(path: string, asClip: boolean): number[][] {
  const read = asClip ? 'scale=in_color_matrix=bt709:in_range=tv:flags=accurate_rnd+full_chroma_int,' : '';
  const [width, height] = [chart.width, chart.height];
  const rgb = execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-i', path, '-vf', `${read}format=gbrp,scale=${width}:${height}:flags=area,format=rgb24`, '-frames:v', '1', '-f', 'rawvideo', '-'], { maxBuffer: 1 << 26 });
  return patches.map((_, n) => {
    const left = Math.round((((n % chart.columns) + 0.5) * width) / chart.columns);
    const top = Math.round(((Math.floor(n / chart.columns) + 0.5) * height) / chart.rows);
    const sum = [0, 0, 0];
    for (let y = top - 4; y < top + 4; y += 1) for (let x = left - 4; x < left + 4; x += 1) for (let part = 0; part < 3; part += 1) sum[part]! += rgb[(y * width + x) * 3 + part]!;
    return sum.map((value) => value / 64);
  });
}
