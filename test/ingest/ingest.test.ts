import { execFileSync } from 'node:child_process';
import { copyFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Source } from '../../src/artifacts/schemas/source.js';
import { planIngest } from '../../src/pipeline/ingest/index.js';
import { oddInputs } from '../support/odd-inputs.js';
import { realPlanner, type RealPlanner } from '../support/real-planner.js';
import { temporaryFolder } from '../support/temporary-folder.js';

let run: RealPlanner;
beforeAll(async () => {
  run = await realPlanner();
});
afterAll(() => run.close());

async function ingest(path: string, minLengthUs = 100_000, wish: { audioTrack?: string; language?: string } = {}): Promise<Source> {
  const { source } = await planIngest(run.planner, { path, minLengthUs, ...wish });
  return run.planner.read(source);
}
const odd = (name: string): string => join(oddInputs(), name);

describe('a source as it is', () => {
  it('is described: the talk', async () => {
    const source = await ingest(resolve('fixtures/talk.mp4'), 20_000_000);
    expect(source).toMatchObject({
      durationUs: 258_334_000,
      formatStartUs: 0,
      video: { displayWidth: 1280, displayHeight: 720, fps: { num: 30, den: 1 }, variableFrameRate: false, hdr: null, interlaced: false },
      audio: { index: 1, channels: 2, sampleRate: 48_000 },
      captions: [],
    });
  });

  it.each([
    ['rot90.mp4', { displayWidth: 180, displayHeight: 320 }],
    ['rot180.mp4', { displayWidth: 320, displayHeight: 180 }],
    ['rot270.mp4', { displayWidth: 180, displayHeight: 320 }],
    ['portrait.mp4', { displayWidth: 180, displayHeight: 320 }],
    ['sar.mp4', { displayWidth: 522, displayHeight: 288 }],
    ['odd-size.mp4', { displayWidth: 320, displayHeight: 180, pixelFormat: 'yuv444p' }],
    ['interlaced.ts', { interlaced: true, fps: { num: 25, den: 1 } }],
    ['vfr.mp4', { variableFrameRate: true, fps: { num: 30, den: 1 } }],
    ['fps-23976.mp4', { fps: { num: 24_000, den: 1001 } }],
    ['fps-60.mp4', { fps: { num: 60, den: 1 } }],
  ])('%s', async (name, video) => {
    expect((await ingest(odd(name))).video).toMatchObject(video);
  });

  it.each(['start-3600.ts', 'no-duration.mkv', 'fragmented.mp4', 'audio-late.mp4', 'audio-gap.mkv', 'vp9-opus.webm', 'mpeg4-mp3.avi'])('%s has its true length', async (name) => {
    const { durationUs, formatStartUs } = await ingest(odd(name));
    const expected = name === 'vp9-opus.webm' || name === 'mpeg4-mp3.avi' ? 4e6 : 6e6;
    expect(Math.abs(durationUs - expected)).toBeLessThan(100_000);
    expect(formatStartUs > 3_600_000_000).toBe(name === 'start-3600.ts');
  });

  it('tells when the container could not say how long it is', async () => {
    await ingest(odd('no-duration.mkv'));
    expect(run.planner.notices.map(({ code }) => code)).toContain('DURATION_CORRECTED');
  });

  it('takes the track people speak on and says so', async () => {
    const source = await ingest(odd('three-tracks.mkv'));
    expect(source.audio).toMatchObject({ index: 2, title: 'Speech', language: 'eng' });
    expect(source.audioTracks).toHaveLength(3);
    const notice = run.planner.notices.find(({ code }) => code === 'AUDIO_TRACK_CHOSEN');
    expect(notice).toMatchObject({ severity: 'info', stage: 'ingest', message: expect.stringContaining('#2 Speech (eng)') });
  });

  it('takes the track that is asked for, by number or by language', async () => {
    const path = odd('three-tracks.mkv');
    expect((await ingest(path, 100_000, { audioTrack: '3' })).audio).toMatchObject({ index: 3, language: 'spa' });
    expect((await ingest(path, 100_000, { audioTrack: 'es' })).audio?.index).toBe(3);
    expect((await ingest(path, 100_000, { audioTrack: 'ENG' })).audio?.index).toBe(2);
    expect((await ingest(path, 100_000, { language: 'es' })).audio?.index).toBe(3);
    expect((await ingest(path, 100_000, { language: 'en' })).audio?.index).toBe(2);
  });

  it.each(['0', '9', 'ja'])('refuses audio track %s, which does not exist, and lists those that do', async (audioTrack) => {
    await expect(ingest(odd('three-tracks.mkv'), 100_000, { audioTrack })).rejects.toMatchObject({
      code: 'USAGE',
      message: `three-tracks.mkv has no audio track ${audioTrack}: #1 Music, 1 channel; #2 Speech (eng), 2 channels; #3 (spa), 1 channel`,
      remedy: expect.stringContaining('--audio-track 1'),
    });
    await expect(ingest(odd('no-audio.mp4'), 100_000, { audioTrack })).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('it has none') });
  });

  it('does not take a silent surround mix for the sound', async () => {
    const path = join(temporaryFolder(), 'dubbed.mkv');
    execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-i', odd('base.mp4'), '-f', 'lavfi', '-t', '6', '-i', 'anullsrc=r=48000:cl=5.1', '-map', '0:v', '-map', '1:a', '-map', '0:a', '-c:v', 'copy', '-c:a', 'aac', '-disposition:a:0', 'default', '-disposition:a:1', '0', path]);
    expect((await ingest(path)).audio).toMatchObject({ index: 2, channels: 2 });
    expect(run.planner.notices.some(({ message }) => message.includes('dubbed.mkv') && message.includes('6 channels, silent'))).toBe(true);
  });

  it('may be sound alone, or a picture alone', async () => {
    for (const name of ['audio-only.m4a', 'audio-only.mp3']) {
      expect(await ingest(odd(name))).toMatchObject({ video: null, cover: null, audio: { index: 0 } });
    }
    expect(await ingest(odd('cover-only.m4a'))).toMatchObject({ video: null, cover: { index: 1, codec: 'png', width: 300, height: 300 }, audio: { index: 0 } });
    expect(await ingest(odd('no-audio.mp4'))).toMatchObject({ video: { index: 0 }, audio: null, audioTracks: [], durationUs: 3_000_000 });
  });

  it('lists text tracks as captions', async () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, 'a.srt'), '1\n00:00:01,000 --> 00:00:02,000\nHello\n');
    execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-i', odd('base.mp4'), '-i', join(dir, 'a.srt'), '-map', '0', '-map', '1', '-c', 'copy', '-metadata:s:s:0', 'language=eng', join(dir, 'a.mkv')]);
    const source = await ingest(join(dir, 'a.mkv'));
    expect(source.subtitles).toEqual([{ index: 2, codec: 'subrip', language: 'eng', text: true }]);
    expect(source.captions).toEqual([{ kind: 'cues', origin: 'track', name: 'stream 2', streamIndex: 2 }]);
  });

  it('is the same artifact wherever the file lies, and is not looked at twice', async () => {
    const dir = temporaryFolder();
    copyFileSync(odd('base.mp4'), join(dir, 'renamed.mp4'));
    symlinkSync(odd('base.mp4'), join(dir, 'linked.mp4'));
    const [first, second, third] = await Promise.all([odd('base.mp4'), join(dir, 'renamed.mp4'), join(dir, 'linked.mp4')].map((path) => planIngest(run.planner, { path, minLengthUs: 100_000 })));
    expect(second?.source.hash).toBe(first?.source.hash);
    expect(third?.source.hash).toBe(first?.source.hash);
  });
});

describe('what cannot become clips', () => {
  it.each([
    ['zero-bytes.mp4', 'MEDIA_EMPTY', '0 bytes'],
    ['text.mp4', 'MEDIA_UNREADABLE', 'not a video or audio file'],
    ['moov-missing.mp4', 'MEDIA_UNREADABLE', 'no index (moov)'],
    ['truncated.mp4', 'MEDIA_TRUNCATED', 'cut short'],
    ['nowhere.mp4', 'MEDIA_MISSING', 'no file nowhere.mp4'],
    ['names', 'MEDIA_NOT_A_FILE', 'is a folder'],
    ['base.mp4/film.mp4', 'MEDIA_MISSING', 'no file film.mp4'],
  ])('%s is %s', async (name, code, says) => {
    await expect(ingest(odd(name))).rejects.toMatchObject({ code, exitCode: 3, message: expect.stringContaining(says), remedy: expect.stringMatching(/\S/) });
  });

  it('is a file of captions alone, or a still picture, whatever it is called', async () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, 'a.srt'), '1\n00:00:01,000 --> 00:00:40,000\nHello\n');
    execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-i', join(dir, 'a.srt'), '-c', 'copy', join(dir, 'words.mkv')]);
    await expect(ingest(join(dir, 'words.mkv'))).rejects.toMatchObject({ code: 'MEDIA_UNSUPPORTED', message: expect.stringContaining('neither a picture nor a sound') });
    for (const [name, kind] of [['photo.jpg', 'JPEG'], ['photo.png', 'PNG'], ['photo.webp', 'WebP'], ['photo.bmp', 'BMP'], ['photo.tiff', 'TIFF']] as const) {
      execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-f', 'lavfi', '-i', 'color=red:s=64x64', '-frames:v', '1', join(dir, name)]);
      copyFileSync(join(dir, name), join(dir, `${kind}.mp4`));
      for (const path of [join(dir, name), join(dir, `${kind}.mp4`)]) {
        await expect(ingest(path), path).rejects.toMatchObject({ code: 'MEDIA_UNSUPPORTED', message: expect.stringContaining(`still picture (${kind})`) });
      }
    }
  });

  it('is encrypted', async () => {
    const path = join(temporaryFolder(), 'bought.mp4');
    execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-i', odd('base.mp4'), '-c', 'copy', '-encryption_scheme', 'cenc-aes-ctr', '-encryption_key', '0123456789abcdef0123456789abcdef', '-encryption_kid', 'fedcba9876543210fedcba9876543210', path]);
    await expect(ingest(path)).rejects.toMatchObject({ code: 'MEDIA_UNSUPPORTED', message: expect.stringContaining('bought.mp4 is encrypted') });
  });

  it('is of another kind, or of none', async () => {
    const path = join(temporaryFolder(), 'call.amr');
    writeFileSync(path, Buffer.concat([Buffer.from('#!AMR\n'), Buffer.alloc(32 * 400, Buffer.from([0x3c, ...Array.from({ length: 31 }, () => 0x55)]))]));
    await expect(ingest(path)).rejects.toMatchObject({ code: 'MEDIA_UNSUPPORTED', message: expect.stringContaining('does not open (amr') });
  });

  it('names what is neither file nor folder', async () => {
    await expect(ingest('/dev/null')).rejects.toMatchObject({ code: 'MEDIA_NOT_A_FILE' });
  });

  it('refuses a source shorter than the shortest clip, and only then (openshorts test_short_source_gate)', async () => {
    await expect(ingest(odd('base.mp4'), 20_000_000)).rejects.toMatchObject({
      code: 'MEDIA_TOO_SHORT',
      message: 'base.mp4 is 6 s long, shorter than the shortest clip asked for (20 s)',
      remedy: expect.stringContaining('--min-length 6'),
    });
    await expect(ingest(odd('short-half-second.mp4'), 3_000_000)).rejects.toMatchObject({ code: 'MEDIA_TOO_SHORT', remedy: 'Give a source of at least 3 s.' });
    expect((await ingest(odd('base.mp4'), 6_000_000)).durationUs).toBe(6_000_000);
  });

  it('says everything in two lines, whatever the name holds', async () => {
    for (const path of [odd('names/new\nline.mp4'), odd('names/nowhere\n\u001b[31m.mp4')]) {
      const error: unknown = await ingest(path, 20_000_000).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ message: expect.stringMatching(/^[^\p{Cc}]+$/u), remedy: expect.stringMatching(/^[^\p{Cc}]+$/u) });
    }
  });
});
