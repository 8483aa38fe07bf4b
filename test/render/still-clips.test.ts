import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { captionArea, safeArea } from '../../src/captions/safe-area.js';
import { outputFormats } from '../../src/pipeline/render/formats.js';
import { captionTop } from '../../src/pipeline/render/burnt-captions.js';
import { calmBackdrop } from '../../src/pipeline/render/still/calm-backdrop.js';
import { readPictureSize } from '../../src/pipeline/render/still/picture-size.js';
import { drawBars, frameLevels } from '../../src/pipeline/render/still/sound-bars.js';
import { stillLayout } from '../../src/pipeline/render/still/still-layout.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { boxOfColor, brightness, frameAtSeconds, makeMedia } from './look-at-clip.js';
import { fixtureTranscript, renderRun } from './render-run.js';

const speech = resolve('fixtures/talk.mp4');
const ranges = [{ startUs: 3_500_000, endUs: 5_000_000 }];

function picture(dir: string, name: string, color: string, size: string): string {
  return makeMedia(['-f', 'lavfi', '-i', `color=c=${color}:s=${size}`, '-frames:v', '1', '-update', '1'], join(dir, name));
}

/** The same JPEG with the Exif orientation of a telephone held upright. */
function turnedByExif(path: string): string {
  const exif = Buffer.from('4578696600004949 2a00 08000000 0100 1201 0300 01000000 0600 0000 00000000'.replaceAll(' ', ''), 'hex');
  const length = Buffer.alloc(2);
  length.writeUInt16BE(exif.length + 2);
  const bytes = readFileSync(path);
  const turned = `${path}.turned.jpg`;
  writeFileSync(turned, Buffer.concat([bytes.subarray(0, 2), Buffer.from([0xff, 0xe1]), length, exif, bytes.subarray(2)]));
  return turned;
}

describe('a recording without picture', () => {
  it('is shown over its own cover, whole, with bars in the highlight colour and captions', async () => {
    const dir = temporaryFolder();
    const art = picture(dir, 'art.png', 'red', '300x300');
    const file = makeMedia(['-t', '6', '-i', speech, '-i', art, '-map', '0:a', '-map', '1:v', '-c:a', 'aac', '-c:v', 'copy', '-disposition:v', 'attached_pic'], join(dir, 'podcast.m4a'));
    const run = await renderRun(file);
    const { clip, path, coverPath } = await run.render({ ranges, transcript: fixtureTranscript('talk', 'en'), style: { captionHighlight: '#00FFFF' } });
    expect(clip.checks.filter(({ passed }) => !passed)).toEqual([]);
    const proven = clip.checks.map(({ id }) => id);
    expect(proven).toEqual(expect.arrayContaining(['streams', 'faststart', 'colour', 'duration', 'frames', 'picture', 'loudness', 'captions']));
    // Nothing of it was read from the source's picture.
    expect(proven).not.toContain('source');
    expect(clip).toMatchObject({ width: 1080, height: 1920, fps: { num: 30, den: 1 }, frames: 45, camera: { shots: [], faceCoverage: null } });
    expect(Math.abs((clip.integratedLufs ?? 0) + 14)).toBeLessThanOrEqual(0.5);
    const frame = frameAtSeconds(path, 1);
    const cover = boxOfColor(frame, [254, 0, 0])!;
    // Square, in the middle, above bars and captions and inside what platforms leave free.
    expect(Math.abs(cover.right - cover.left - (cover.bottom - cover.top))).toBeLessThanOrEqual(4);
    expect(Math.abs((cover.left + cover.right) / 2 - 540)).toBeLessThanOrEqual(4);
    expect(cover.right - cover.left).toBeGreaterThan(600);
    expect(cover.top).toBeGreaterThanOrEqual(safeArea(1080, 1920).y);
    const still = frameAtSeconds(coverPath, 0);
    const bars = boxOfColor(still, [0, 255, 255], 120)!;
    expect(bars.top).toBeGreaterThan(cover.bottom);
    expect(bars.bottom).toBeLessThan(captionTop(outputFormats.vertical, 84));
    expect(brightness(path)).toHaveLength(45);
    await run.close();
  });

  it('moves with its sound to the frame, over a backdrop that is not black', async () => {
    const dir = temporaryFolder();
    // Silence, then a tone from 1.000 s to 1.500 s.
    const file = makeMedia(['-f', 'lavfi', '-i', "aevalsrc='if(between(t,1,1.5),0.3*sin(2*PI*400*t),0)':d=3:s=48000"], join(dir, 'beep.wav'));
    const run = await renderRun(file);
    const { clip, path } = await run.render({ ranges: [{ startUs: 0, endUs: 1_500_000 }], format: 'wide', style: { captions: false } });
    expect(clip.checks.filter(({ passed }) => !passed)).toEqual([]);
    const levels = brightness(path);
    expect(Math.min(...levels)).toBeGreaterThan(30);
    const quiet = levels[25]!;
    const onset = levels.findIndex((level) => level > quiet + 0.1);
    expect(Math.abs(onset - 30)).toBeLessThanOrEqual(1);
    await run.close();
  });

  it('takes a picture of a person, and refuses what is none before any work', async () => {
    const dir = temporaryFolder();
    const own = picture(dir, 'own.jpg', 'blue', '640x360');
    expect(await readPictureSize(own)).toEqual({ demuxer: 'jpeg_pipe', width: 640, height: 360 });
    expect(await readPictureSize(picture(dir, '100%d.png', 'blue', '34x18'))).toEqual({ demuxer: 'png_pipe', width: 34, height: 18 });
    expect(await readPictureSize(turnedByExif(own))).toMatchObject({ width: 360, height: 640 });
    const file = makeMedia(['-t', '6', '-i', speech, '-map', '0:a', '-c:a', 'libmp3lame'], join(dir, 'sound.mp3'));
    const run = await renderRun(file);
    const cover = await run.run.planner.fingerprint(own);
    const { path } = await run.render({ ranges, cover, style: { captions: false } });
    const shown = boxOfColor(frameAtSeconds(path, 1), [0, 0, 254])!;
    expect((shown.right - shown.left + 1) / (shown.bottom - shown.top + 1)).toBeCloseTo(16 / 9, 1);

    writeFileSync(join(dir, 'list.png'), "ffconcat version 1.0\nfile '/etc/passwd'\n");
    const bomb = Buffer.from('89504e470d0a1a0a0000000d49484452000040000000400008020000', 'hex');
    writeFileSync(join(dir, 'bomb.png'), bomb);
    await expect(readPictureSize(join(dir, 'list.png'))).rejects.toMatchObject({ code: 'COVER_INVALID', message: expect.stringContaining('neither PNG nor JPEG') });
    await expect(readPictureSize(join(dir, 'bomb.png'))).rejects.toMatchObject({ code: 'COVER_INVALID', message: expect.stringContaining('16384×16384') });
    await expect(readPictureSize(join(dir, 'none.png'))).rejects.toMatchObject({ code: 'COVER_INVALID', message: 'There is no cover picture none.png' });
    await expect(readPictureSize(dir)).rejects.toMatchObject({ code: 'COVER_INVALID' });
    const torn = join(dir, 'torn.png');
    writeFileSync(torn, Buffer.concat([bomb.subarray(0, 16), Buffer.from('0000004000000040080200000000000000', 'hex')]));
    await expect(run.render({ ranges, cover: await run.run.planner.fingerprint(torn) })).rejects.toMatchObject({ code: 'COVER_INVALID' });
    await run.close();
  });
});

describe('the layout', () => {
  it('keeps cover and bars whole, apart from each other, above the captions and inside the safe area, whatever their size', () => {
    for (const frame of Object.values(outputFormats)) {
      for (const sizePx of [36, 84, 160, null]) {
        for (const cover of [null, { width: 3000, height: 3000 }, { width: 1280, height: 720 }, { width: 400, height: 1000 }, { width: 1, height: 5000 }]) {
          const top = captionTop(frame, sizePx);
          const { cover: shown, bars } = stillLayout(frame, top, cover);
          const area = captionArea(frame.width, frame.height);
          for (const box of [bars, ...(shown ? [shown] : [])]) {
            expect(box.x).toBeGreaterThanOrEqual(area.x - 1);
            expect(box.x + box.width).toBeLessThanOrEqual(area.x + area.width);
            expect(box.y).toBeGreaterThanOrEqual(area.y - 1);
            expect(box.y + box.height).toBeLessThanOrEqual(top);
            for (const value of Object.values(box)) expect(value % 2).toBe(0);
          }
          expect(bars.width % 4 + (bars.height % 4)).toBe(0);
          if (shown) expect(shown.y + shown.height <= bars.y || shown.x + shown.width <= bars.x).toBe(true);
        }
      }
    }
  });
});

describe('what is drawn', () => {
  it('is a bar for each frame, the middle one first', () => {
    const samples = new Int16Array(16_000);
    samples.fill(20_000, 8_000);
    const levels = frameLevels(samples, 16_000, { num: 30, den: 1 }, 30);
    expect([levels[14], levels[15]]).toEqual([0, 1]);
    const box = { width: 11 * 20 - 8, height: 80 };
    const columnSum = (frame: number, bar: number): number => {
      const pixels = drawBars(levels, frame, box);
      return Array.from({ length: 20 }, (_, y) => pixels[y * 53 + bar * 5]!).reduce((sum, value) => sum + value, 0);
    };
    expect(columnSum(15, 5)).toBeGreaterThan(4 * columnSum(14, 5));
    expect(columnSum(15, 4)).toBeLessThan(columnSum(15, 5) / 4);
    expect(columnSum(17, 4)).toBeGreaterThan(4 * columnSum(15, 4));
    expect(columnSum(17, 4)).toBe(columnSum(17, 6));
  });

  it('is a backdrop that is the same for the same source and dark enough for white captions', () => {
    const one = calmBackdrop(54, 96, 'aa'.repeat(32), { x: 27, y: 30 });
    expect(calmBackdrop(54, 96, 'aa'.repeat(32), { x: 27, y: 30 })).toEqual(one);
    expect(calmBackdrop(54, 96, '11'.repeat(32), { x: 27, y: 30 })).not.toEqual(one);
    for (const sha of ['00', '55', 'aa', 'ff']) {
      const pixels = calmBackdrop(54, 96, sha.repeat(32), { x: 27, y: 30 });
      expect(Math.max(...pixels)).toBeLessThan(150);
      expect(pixels.reduce((sum, value) => sum + value, 0) / pixels.length).toBeGreaterThan(25);
    }
  });
});

describe('a source without sound', () => {
  it('gives a clip with a silent track, and nothing is said to be missing', async () => {
    const file = makeMedia(['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25:d=4', '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'], join(temporaryFolder(), 'mute.mp4'));
    const run = await renderRun(file);
    const { clip, path } = await run.render({ ranges: [{ startUs: 1_000_000, endUs: 3_000_000 }], format: 'square' });
    expect(clip.checks.filter(({ passed }) => !passed)).toEqual([]);
    expect(clip).toMatchObject({ frames: 50, integratedLufs: null, captions: null });
    const sound = execFileSync('ffmpeg', ['-v', 'error', '-i', path, '-map', '0:a', '-f', 's16le', '-'], { maxBuffer: 1 << 26 });
    expect(sound.length).toBeGreaterThanOrEqual(2 * 48_000 * 4);
    expect(sound.every((byte) => byte === 0)).toBe(true);
    expect(run.run.planner.notices).toEqual([]);
    await run.close();
  });
});
