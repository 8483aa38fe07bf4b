import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Fine } from '../../src/artifacts/schemas/analysis.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { brightness, frameAtSeconds, makeMedia } from './look-at-clip.js';
import { fixtureTranscript, renderRun } from './render-run.js';

const seconds = 3;
const sound = ['-f', 'lavfi', '-i', `sine=frequency=300:duration=${seconds}`];
/** Left half red, right half blue: what is left, right, up and down is plain to see. */
const halves = (size: string, extra = ''): string[] => ['-f', 'lavfi', '-i', `color=c=red:s=${size}:r=25:d=${seconds},drawbox=x=iw/2:w=iw/2:h=ih:c=blue:t=fill${extra}`, ...sound];
const encoded = ['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac', '-shortest'];

const sources: Record<string, (dir: string) => string> = {
  'stored sideways by a phone': (dir) => {
    const flat = makeMedia([...halves('848x480'), ...encoded, '-pix_fmt', 'yuv420p'], join(dir, 'flat.mp4'));
    return turned(flat);
  },
  'of odd size': (dir) => makeMedia([...halves('853x481', ',format=yuv444p'), ...encoded, '-pix_fmt', 'yuv444p'], join(dir, 'odd.mp4')),
  'with wide samples': (dir) => makeMedia([...halves('720x576', ',setsar=64/45'), ...encoded, '-pix_fmt', 'yuv420p'], join(dir, 'anamorphic.mp4')),
  'interlaced': (dir) => makeMedia([...halves('720x576', ',interlace'), ...encoded, '-pix_fmt', 'yuv420p', '-flags', '+ildct+ilme', '-x264opts', 'tff=1'], join(dir, 'interlaced.mp4')),
  'in HLG with 10 bits': (dir) =>
    makeMedia([...halves('640x360', ',format=yuv420p10le'), ...encoded, '-pix_fmt', 'yuv420p10le', '-color_primaries', 'bt2020', '-color_trc', 'arib-std-b67', '-colorspace', 'bt2020nc'], join(dir, 'hlg.mp4')),
  'in full range': (dir) => makeMedia([...halves('640x360', ',scale=out_range=pc,format=yuvj420p'), ...encoded], join(dir, 'full.mp4')),
  'with sound that begins late, in a transport stream': (dir) =>
    makeMedia(['-f', 'lavfi', '-i', `color=c=red:s=640x360:r=25:d=${seconds},drawbox=x=iw/2:w=iw/2:h=ih:c=blue:t=fill`, '-itsoffset', '1.2', ...sound, ...encoded, '-pix_fmt', 'yuv420p', '-output_ts_offset', '100'], join(dir, 'late.ts')),
};

/** Gives the first track of an MP4 the matrix of a quarter turn, as phones do (ISO/IEC 14496-12 §8.3.2). */
function turned(path: string): string {
  const bytes = readFileSync(path);
  const matrix = bytes.indexOf('tkhd') + 4 + 40;
  for (const [n, value] of [0, 1, 0, -1, 0, 0, 0, 0, 0x4000].entries()) bytes.writeInt32BE(value * 0x1_0000, matrix + 4 * n);
  writeFileSync(path, bytes);
  return path;
}

const isRed = ([r, g, b]: number[]): boolean => r! > 140 && g! < 90 && b! < 90;
const isBlue = ([r, g, b]: number[]): boolean => b! > 140 && g! < 90 && r! < 110;

describe('a source', () => {
  it.each(Object.keys(sources))('%s gives an upright, verified clip', async (name) => {
    const run = await renderRun(sources[name]!(temporaryFolder()));
    const video = (await run.run.planner.read(run.source)).video!;
    const ranges = [{ startUs: 200_000, endUs: 2_200_000 }];
    // A face in the left third: the camera goes there and shows red alone, unless the picture is upright already.
    const box = { x: video.displayWidth * 0.1, y: video.displayHeight * 0.3, width: video.displayHeight * 0.2, height: video.displayHeight * 0.25 };
    const samples = Array.from({ length: 11 }, (_, n) => ({ atUs: 200_000 * (n + 1), box, score: 0.9 }));
    const fine: Fine = { schemaVersion: 1, window: ranges[0]!, shots: ranges, sampleFps: 5, tracks: [{ id: 0, shot: 0, samples }], decodedFrames: 10 };
    const { clip, path } = await run.render({ ranges, fine, transcript: fixtureTranscript('talk', 'en') });
    expect(clip.checks.filter(({ passed }) => !passed)).toEqual([]);
    expect(clip).toMatchObject({ width: 1080, height: 1920, frames: 50 });
    const stream = JSON.parse(execFileSync('ffprobe', ['-v', 'error', '-select_streams', 'v', '-show_streams', '-of', 'json', path], { encoding: 'utf8' })).streams[0];
    expect(stream).toMatchObject({ pix_fmt: 'yuv420p', color_transfer: 'bt709', color_space: 'bt709', color_range: 'tv', sample_aspect_ratio: '1:1' });
    expect(stream.side_data_list).toBeUndefined();
    const frame = frameAtSeconds(path, 1);
    const at = (x: number, y: number): number[] => [...frame.rgb.subarray((y * frame.width + x) * 3, (y * frame.width + x) * 3 + 3)];
    if (name === 'stored sideways by a phone') {
      // Turned by a quarter, the halves lie above each other and the picture fills the frame: no bars.
      const [top, bottom] = [at(540, 100), at(540, 1800)];
      expect(isRed(top) !== isRed(bottom) && isBlue(top) !== isBlue(bottom)).toBe(true);
    } else {
      for (const [x, y] of [[20, 20], [1060, 20], [20, 1900], [1060, 1900]] as const) expect(isRed(at(x, y)), `${x},${y}: ${at(x, y)}`).toBe(true);
    }
    expect(brightness(path)).toHaveLength(50);
    await run.close();
  });
});
