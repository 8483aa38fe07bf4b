/** Colour spaces a table can begin in; D65 white all. */
export type LutPrimaries = 'bt709' | 'bt2020' | 'p3';
/** How the samples are to be read: SDR as BT.1886 shows it, PQ (SMPTE ST 2084) or HLG (ARIB STD-B67). */
export type LutTransfer = 'sdr' | 'pq' | 'hlg';

export interface LutRequest {
  transfer: LutTransfer;
  primaries: LutPrimaries;
  /** Brightest light of a PQ source in cd/m²; everything above is white. */
  peakNits: number;
}

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

/** CIE 1931 x, y of red, green and blue (BT.709-6, BT.2020-2, SMPTE EG 432-1). */
const chromaticities: Record<LutPrimaries, Matrix> = {
  bt709: [[0.64, 0.33, 0], [0.3, 0.6, 0], [0.15, 0.06, 0]],
  bt2020: [[0.708, 0.292, 0], [0.17, 0.797, 0], [0.131, 0.046, 0]],
  p3: [[0.68, 0.32, 0], [0.265, 0.69, 0], [0.15, 0.06, 0]],
};
const whiteXyz: Triple = [0.3127 / 0.329, 1, (1 - 0.3127 - 0.329) / 0.329];

/** The light that the curve calls 1. */
const unitNits = 100;
/** HLG is shown on a display of this peak (BT.2100's nominal one), where its system gamma is 1.2. */
const hlgPeakNits = 1000;
const hlgSystemGamma = 1.2;
/** BT.1886: what an SDR display makes of a signal. */
const displayGamma = 2.4;
/**
 * How much of the curve works on each channel by itself rather than on the brightest of the three. All of it bends hues (red to
 * orange), none of it tints skies and over-saturates: measured on a filmed colour chart in HLG (docs/adr/0012).
 */
const perChannel = 0.3;
/**
 * Points a side. The mean error is 0.5 levels of 255; the largest, 9, is where BT.709 has almost nothing left of one channel of a
 * vivid colour, which nobody sees beside the other two. Twice the points would take eight times as long to write and read.
 */
const points = 33;

/**
 * A table from nonlinear R'G'B' of a source to that of BT.709 SDR, as the text of a `.cube` file: what the `lut3d` filter reads, which every
 * ffmpeg has. HDR is tone mapped with the Hable curve from `peakNits` down; the same request gives the same text.
 */
export function colourLut(request: LutRequest): string {
  const map = colourMap(request);
  const lines = [`LUT_3D_SIZE ${points}`];
  const last = points - 1;
  for (let blue = 0; blue < points; blue += 1) {
    for (let green = 0; green < points; green += 1) {
      for (let red = 0; red < points; red += 1) lines.push(map([red / last, green / last, blue / last]).map((value) => value.toFixed(5)).join(' '));
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The function that the table samples: R'G'B' in 0…1 to R'G'B' of BT.709 in 0…1. */
function colourMap({ transfer, primaries, peakNits }: LutRequest): (rgb: Triple) => Triple {
  const toXyz = xyzMatrix(primaries);
  const toBt709 = multiplied(inverse(xyzMatrix('bt709')), toXyz);
  const toLight = lightOf(transfer, toXyz[1]);
  const curve = transfer === 'sdr' ? undefined : hableCurve(transfer === 'hlg' ? hlgPeakNits : peakNits);
  return (rgb) => {
    // What BT.709 cannot show is cut off at zero, as BT.2407 allows; the curve takes care of the other end.
    const light = each(applied(toBt709, toLight(rgb)), (value) => Math.max(0, value));
    const shown = curve ? toneMapped(light, curve) : light;
    return each(shown, (value) => Math.min(1, value) ** (1 / displayGamma));
  };
}

function toneMapped(light: Triple, curve: (value: number) => number): Triple {
  const brightest = Math.max(...light);
  if (brightest <= 0) return light;
  const together = curve(brightest) / brightest;
  return each(light, (value) => (1 - perChannel) * value * together + perChannel * curve(value));
}

/** John Hable's filmic curve (Uncharted 2), scaled so that `peakNits` is 1. */
function hableCurve(peakNits: number): (value: number) => number {
  const white = hable(peakNits / unitNits);
  return (value) => Math.min(1, Math.max(0, hable(value) / white));
}

function hable(x: number): number {
  return (x * (0.15 * x + 0.05) + 0.004) / (x * (0.15 * x + 0.5) + 0.06) - 0.02 / 0.3;
}

/** Signal to light: of an SDR display in parts of its white, of an HDR one in parts of `unitNits`. */
function lightOf(transfer: LutTransfer, luminance: Triple): (rgb: Triple) => Triple {
  if (transfer === 'sdr') return (rgb) => each(rgb, (value) => value ** displayGamma);
  if (transfer === 'pq') return (rgb) => each(rgb, (value) => pqNits(value) / unitNits);
  return (rgb) => {
    const scene = each(rgb, hlgScene);
    const gain = (luminance[0] * scene[0] + luminance[1] * scene[1] + luminance[2] * scene[2]) ** (hlgSystemGamma - 1);
    return each(scene, (value) => (value * gain * hlgPeakNits) / unitNits);
  };
}

/** SMPTE ST 2084: signal to cd/m². */
function pqNits(signal: number): number {
  const [m1, m2, c1, c2, c3] = [2610 / 16384, (2523 / 4096) * 128, 3424 / 4096, (2413 / 4096) * 32, (2392 / 4096) * 32];
  const power = signal ** (1 / m2);
  return 10_000 * (Math.max(0, power - c1) / (c2 - c3 * power)) ** (1 / m1);
}

/** BT.2100 HLG: signal to scene light, 0…1. */
function hlgScene(signal: number): number {
  const a = 0.17883277;
  const b = 1 - 4 * a;
  const c = 0.5 - a * Math.log(4 * a);
  return signal <= 0.5 ? signal ** 2 / 3 : (Math.exp((signal - c) / a) + b) / 12;
}

/** Linear RGB to XYZ, white at Y = 1. */
function xyzMatrix(primaries: LutPrimaries): Matrix {
  const [red, green, blue] = chromaticities[primaries];
  const columns = transposed([brightXyz(red), brightXyz(green), brightXyz(blue)]);
  const [r, g, b] = applied(inverse(columns), whiteXyz);
  const scaled = ([first, second, third]: Triple): Triple => [first * r, second * g, third * b];
  return [scaled(columns[0]), scaled(columns[1]), scaled(columns[2])];
}

/** XYZ of a chromaticity at Y = 1. */
function brightXyz([x, y]: Triple): Triple {
  return [x / y, 1, (1 - x - y) / y];
}

function inverse([[a, b, c], [d, e, f], [g, h, i]]: Matrix): Matrix {
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  const part = (value: number): number => value / determinant;
  return [
    [part(e * i - f * h), part(c * h - b * i), part(b * f - c * e)],
    [part(f * g - d * i), part(a * i - c * g), part(c * d - a * f)],
    [part(d * h - e * g), part(b * g - a * h), part(a * e - b * d)],
  ];
}

function transposed([[a, b, c], [d, e, f], [g, h, i]]: Matrix): Matrix {
  return [[a, d, g], [b, e, h], [c, f, i]];
}

function multiplied(left: Matrix, right: Matrix): Matrix {
  const [x, y, z] = transposed(right);
  return transposed([applied(left, x), applied(left, y), applied(left, z)]);
}

function applied([x, y, z]: Matrix, vector: Triple): Triple {
  const dot = (row: Triple): number => row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2];
  return [dot(x), dot(y), dot(z)];
}

function each(triple: Triple, change: (value: number) => number): Triple {
  return [change(triple[0]), change(triple[1]), change(triple[2])];
}
