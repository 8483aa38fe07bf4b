import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ColourTags, lutFile, planColour } from '../../src/media/colour.js';
import { runFfmpeg } from '../../src/media/ffmpeg.js';
import { mediaHost } from '../support/media-host.js';
import { plainVideo } from '../support/plain-video.js';

const transfers = ['smpte2084', 'arib-std-b67', 'bt2020-10', 'linear', null];
const primaries = ['bt709', 'bt2020', 'smpte432', 'film', null];
const matrices = ['bt2020nc', 'bt2020c', 'bt709', 'smpte240m', 'ycgco', 'gbr', null];
const formats = [['yuv420p10le', 10], ['yuv420p', 8], ['gbrp10le', 10], ['yuv422p10le', 10], ['gray', 8], ['yuva420p', 8], ['pal8', 8], ['rgb24', 8]] as const;

const unset: Record<string, string> = { bt2020c: 'bt2020c', ycgco: 'ycgco' };

const tableFor = (peakNits: number | null): string | undefined => planColour(plainVideo({ colorTransfer: 'smpte2084', peakNits })).lut?.();

describe('planning colours', () => {
  it('never fails, whatever a file says of itself', async () => {
    const host = mediaHost();
    const combinations: ColourTags[] = [];
    // Each pair of values of two tags occurs with some format.
    for (const [t, transfer] of transfers.entries()) {
      for (const [p, primary] of primaries.entries()) {
        for (const [m, matrix] of matrices.entries()) {
          const [pixelFormat, bitDepth] = formats[(t + 2 * p + 3 * m) % formats.length]!;
          combinations.push(plainVideo({ pixelFormat, bitDepth, alpha: /^(yuva|pal8)/.test(pixelFormat), colorTransfer: transfer, colorPrimaries: primary, colorMatrix: matrix, colorRange: (t + p + m) % 3 === 0 ? 'pc' : (t + p + m) % 3 === 1 ? 'tv' : null }));
        }
      }
    }
    const names = combinations.map((_, n) => `[in${n}]`).join('');
    const chains = combinations.map((tags, n) => {
      const plan = planColour(tags);
      if (plan.lut) writeFileSync(join(host.scratchDir, lutFile), tinyTable);
      const said = [
        `setparams=color_trc=${tags.colorTransfer ?? 'unknown'}:color_primaries=${tags.colorPrimaries ?? 'unknown'}:colorspace=${tags.colorMatrix ?? 'unknown'}:range=${tags.colorRange ?? 'unspecified'}`,
      ];
      // Nothing converts to a palette but what makes one.
      const stored = tags.pixelFormat === 'pal8' ? 'format=rgb24,split[a#][b#];[a#]palettegen=max_colors=16[p#];[b#][p#]paletteuse'.replaceAll('#', String(n)) : `format=${tags.pixelFormat}`;
      return `[in${n}]${stored},${[...said, ...plan.prepare, `scale=16:16${plan.keepRange}`, ...plan.convert].join(',')}[out${n}]`;
    });
    const joined = `${combinations.map((_, n) => `[out${n}]`).join('')}hstack=inputs=${combinations.length}[all]`;
    const frame = join(host.scratchDir, 'frame.rgb');
    writeFileSync(frame, Buffer.alloc(32 * 32 * 3, 128));
    await runFfmpeg(host, {
      inputs: [{ path: frame, rawFormat: 'rawvideo', options: ['-pix_fmt', 'rgb24', '-s', '32x32', '-r', '25'] }],
      graph: `[0:v]split=${combinations.length}${names};${chains.join(';')};${joined}`,
      outputs: [{ to: 'all.yuv', options: ['-map', '[all]', '-frames:v', '1', '-f', 'rawvideo'] }],
    });
    expect(execFileSync('wc', ['-c', join(host.scratchDir, 'all.yuv')], { encoding: 'utf8' })).toContain(String(combinations.length * 16 * 16 * 1.5));
  });

  it.each(matrices)('says when a matrix is only resembled: %s', (colorMatrix) => {
    expect(planColour(plainVideo({ colorMatrix })).unknownTag).toBe(colorMatrix === null ? undefined : unset[colorMatrix]);
  });

  it('takes the peak of HDR from the file, within reason', () => {
    expect(tableFor(null)).toBe(tableFor(1000));
    expect(tableFor(4000)).not.toBe(tableFor(1000));
    expect(tableFor(10_000)).toBe(tableFor(4000));
    expect(tableFor(1)).toBe(tableFor(203));
  });

  it('leaves BT.709 as it is', () => {
    expect(planColour(plainVideo({ codedWidth: 1920, codedHeight: 1080 }))).toMatchObject({ prepare: [], lut: undefined, convert: ['format=yuv420p', expect.stringContaining('setparams')] });
  });
});

/** Two points a side, each its own colour. */
const tinyTable = 'LUT_3D_SIZE 2\n0 0 0\n1 0 0\n0 1 0\n1 1 0\n0 0 1\n1 0 1\n0 1 1\n1 1 1\n';
