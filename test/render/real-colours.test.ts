import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { smallClip } from './small-clip.js';

const media = process.env['SNVG_TEST_MEDIA'];

/** Mean of luma (16…235), share of pixels at its top, mean saturation: of the first frame. */
function measure(path: string): { luma: number; clipped: number; saturation: number } {
  const text = execFileSync('ffmpeg', ['-v', 'error', '-i', path, '-frames:v', '1', '-vf', 'signalstats,metadata=print:file=-', '-f', 'null', '-'], { encoding: 'utf8' });
  const value = (name: string): number => Number(new RegExp(`signalstats.${name}=([\\d.]+)`).exec(text)?.[1]);
  const samples = execFileSync('ffmpeg', ['-v', 'error', '-i', path, '-frames:v', '1', '-vf', 'extractplanes=y', '-f', 'rawvideo', '-']);
  return { luma: value('YAVG'), clipped: samples.filter((level) => level >= 234).length / samples.length, saturation: value('SATAVG') };
}

describe.skipIf(!media)('real HDR (needs SNVG_TEST_MEDIA)', () => {
  // Measured and looked at: neither dim nor washed out, and skies keep their clouds.
  it.each([
    ['ax_hdr10-av1.mp4', { luma: 133, saturation: 4 }],
    ['ax_hlg10-color-test.mp4', { luma: 138, saturation: 23 }],
    ['ax_dolbyVision-hdr.MOV', { luma: 160, saturation: 6 }],
    ['ax_sample_with_colr_mdcv_and_clli.mp4', { luma: 58, saturation: 15 }],
  ])('%s becomes SDR of the right brightness', async (name, meant) => {
    const upright = /hdr10|dolby/.test(name);
    const { clip, tags } = await smallClip(join(media!, 'odd', name), upright ? { width: 216, height: 384 } : { width: 384, height: 216 });
    expect(tags).toMatchObject({ pix_fmt: 'yuv420p', color_range: 'tv', color_space: 'bt709', color_transfer: 'bt709', color_primaries: 'bt709' });
    const seen = measure(clip);
    expect(Math.abs(seen.luma - meant.luma), JSON.stringify(seen)).toBeLessThan(8);
    expect(Math.abs(seen.saturation - meant.saturation), JSON.stringify(seen)).toBeLessThan(4);
    expect(seen.clipped, JSON.stringify(seen)).toBeLessThan(0.05);
  });
});
