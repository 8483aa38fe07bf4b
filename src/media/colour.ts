import { colourLut, type LutPrimaries, type LutTransfer } from './colour-lut.js';

/** The fields of a source's `video` that say what its numbers mean. */
export interface ColourTags {
  codec: string;
  codedWidth: number;
  codedHeight: number;
  pixelFormat: string;
  bitDepth: number;
  alpha: boolean;
  colorMatrix: string | null;
  colorPrimaries: string | null;
  colorTransfer: string | null;
  colorRange: 'tv' | 'pc' | null;
  peakNits: number | null;
}

/** How a source becomes BT.709, limited range, 8 bits, 4:2:0. */
export interface ColourPlan {
  /** Filters for the decoded picture, before it is cropped and scaled: to YUV without alpha, and to tags that every scaler takes. Empty for most sources. */
  prepare: readonly string[];
  /** What follows a `scale` between `prepare` and `convert`, so that no version of ffmpeg changes the range on its own. */
  keepRange: string;
  /** Filters for the picture in its final size. */
  convert: readonly string[];
  /** Text of the file `lutFile` of the working directory, which `convert` reads. */
  lut: (() => string) | undefined;
  /** A tag that says something ffmpeg's scaler cannot compute: the picture is read as if it were the usual one. */
  unknownTag: string | undefined;
}

/** The table's name in the working directory. */
export const lutFile = 'colour.cube';

/** What a finished picture is. */
export const bt709 = { colorMatrix: 'bt709', colorPrimaries: 'bt709', colorTransfer: 'bt709', colorRange: 'tv' } as const;
export const taggedBt709 = 'setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709';

/** Chroma of every pixel computed, nothing rounded early. */
const precisely = 'accurate_rnd+full_chroma_int+full_chroma_inp';

/** ffprobe's names of matrices → swscale's. */
const matrices: Record<string, string> = {
  bt709: 'bt709', fcc: 'fcc', bt470bg: 'bt601', smpte170m: 'bt601', smpte240m: 'smpte240m', bt2020nc: 'bt2020', bt2020c: 'bt2020',
  // RGB behind a YUV format is a contradiction; the pixel format wins.
  gbr: 'bt709',
};
/** And back, where the two differ. */
const tagNames: Record<string, string> = { bt601: 'smpte170m', bt2020: 'bt2020nc' };
/**
 * Primaries that differ visibly from BT.709. Those of BT.601 differ by a few levels in saturated colours, and players
 * and editors show them as they are: so does snvg.
 */
const wide: Record<string, LutPrimaries> = { bt2020: 'bt2020', smpte431: 'p3', smpte432: 'p3' };

/** Without metadata: the peak most HDR is graded for. */
const usualPeakNits = 1000;
/** Metadata outside this is a default or an error; a display of 10 000 cd/m² has yet to be built. */
const peakLimits = { least: 203, most: 4000 };

/** Decides by the tags, and where they are silent by what such files usually are; never fails. */
export function planColour(tags: ColourTags): ColourPlan {
  const transfer = transferOf(tags);
  const primaries = primariesOf(tags, transfer);
  const stored = { matrix: matrixOf(tags, primaries), range: rangeOf(tags) };
  const deep = tags.bitDepth > 8;
  const isRgb = isRgbFormat(tags.pixelFormat);
  const needsYuv = isRgb || tags.alpha;
  const working = needsYuv ? { matrix: 'bt709', range: 'tv' } : stored;
  const read = `in_range=${working.range}:in_color_matrix=${working.matrix}`;
  const write = 'out_range=tv:out_color_matrix=bt709';
  const lut = transfer === 'sdr' && primaries === 'bt709' ? undefined : { transfer, primaries, peakNits: peakOf(tags) };
  const isPlain = working.matrix === 'bt709' && working.range === 'tv';
  return {
    prepare: [...harmlessTags(tags, stored.matrix, isRgb), ...(needsYuv ? toYuv(stored, { alpha: tags.alpha, deep }) : [])],
    keepRange: `:in_range=${working.range}:out_range=${working.range}`,
    convert: [
      ...(lut
        ? // 16 bits: the one depth for which the table's filter has vector code (a third of the cost of 10).
          [`scale=${read}:flags=${precisely}`, 'format=gbrp16le', `lut3d=file=${lutFile}`, `scale=${write}:flags=${precisely}`]
        : isPlain && tags.pixelFormat === 'yuv420p'
          ? []
          : [`scale=${read}:${write}${isPlain ? '' : `:flags=${precisely}`}`]),
      'format=yuv420p',
      taggedBt709,
    ],
    lut: lut && (() => colourLut(lut)),
    unknownTag: unknownTagOf(tags, isRgb),
  };
}

/**
 * Scalers of newer ffmpegs look at tags themselves: they refuse some (YCgCo) and might act on others. What the tags said is known by
 * now and stated where it matters.
 */
function harmlessTags({ colorMatrix, colorPrimaries, colorTransfer }: ColourTags, matrix: string, isRgb: boolean): string[] {
  const areUsual = [colorMatrix, colorPrimaries, colorTransfer].every((tag) => tag === null || tag === 'bt709');
  return areUsual ? [] : [`setparams=color_primaries=bt709:color_trc=bt709:colorspace=${isRgb ? 'gbr' : (tagNames[matrix] ?? matrix)}`];
}

/** Transparent parts are shown over black, as players show them. */
function toYuv(stored: { matrix: string; range: string }, { alpha, deep }: { alpha: boolean; deep: boolean }): string[] {
  const depth = deep ? '16le' : '';
  const read = `scale=in_range=${stored.range}:in_color_matrix=${stored.matrix}:flags=${precisely}`;
  return [
    ...(alpha ? [read, `format=gbrap${depth}`, 'premultiply=inplace=1', `format=gbrp${depth}`] : []),
    `scale=out_range=tv:out_color_matrix=bt709:flags=${precisely}`,
    `format=yuv444p${depth}`,
  ];
}

function transferOf({ colorTransfer }: ColourTags): LutTransfer {
  if (colorTransfer === 'smpte2084') return 'pq';
  return colorTransfer === 'arib-std-b67' ? 'hlg' : 'sdr';
}

function primariesOf({ colorPrimaries, colorMatrix }: ColourTags, transfer: LutTransfer): LutPrimaries {
  if (colorPrimaries !== null) return wide[colorPrimaries] ?? 'bt709';
  return transfer !== 'sdr' || colorMatrix?.startsWith('bt2020') ? 'bt2020' : 'bt709';
}

/** Untagged YUV: BT.2020 with its primaries, else by size, as players decide: standard definition is BT.601. */
function matrixOf({ colorMatrix, colorPrimaries, codedWidth, codedHeight }: ColourTags, primaries: LutPrimaries): string {
  const named = colorMatrix === null ? undefined : matrices[colorMatrix];
  if (named !== undefined) return named;
  if (primaries === 'bt2020') return 'bt2020';
  if (colorPrimaries === 'smpte170m' || colorPrimaries === 'bt470bg') return 'bt601';
  if (colorPrimaries !== null) return 'bt709';
  return codedWidth >= 1280 || codedHeight > 576 ? 'bt709' : 'bt601';
}

/** Codecs whose grey pictures keep to the range of video; grey stills and archives use all of it. */
const limitedGrey = new Set(['h264', 'hevc', 'av1', 'vp9', 'vvc']);

function rangeOf({ colorRange, pixelFormat, codec }: ColourTags): 'tv' | 'pc' {
  if (pixelFormat.startsWith('yuvj') || isRgbFormat(pixelFormat)) return 'pc';
  if (colorRange !== null) return colorRange;
  return /^(gray|ya)/.test(pixelFormat) && !limitedGrey.has(codec) ? 'pc' : 'tv';
}

function isRgbFormat(pixelFormat: string): boolean {
  return /^(rgb|bgr|gbr|argb|abgr|0rgb|0bgr|x2rgb|x2bgr|pal8|mono|xyz|bayer)/.test(pixelFormat);
}

function peakOf({ peakNits }: ColourTags): number {
  return Math.min(peakLimits.most, Math.max(peakLimits.least, peakNits ?? usualPeakNits));
}

function unknownTagOf({ colorMatrix }: ColourTags, isRgb: boolean): string | undefined {
  if (isRgb || colorMatrix === null) return undefined;
  return matrices[colorMatrix] === undefined || colorMatrix === 'bt2020c' ? colorMatrix : undefined;
}
