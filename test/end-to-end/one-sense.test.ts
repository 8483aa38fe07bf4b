import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeSmallFilm, quick, writeWords } from '../places/small-talk.js';
import { lastRun, workDone, Workplace } from './workplace.js';

/** The whole program on a recording without picture and on a film without sound. */
describe('one sense alone', () => {
  const place = new Workplace();
  const ffmpeg = (...args: string[]): void => void execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args], { cwd: place.cwd });

  beforeAll(() => {
    makeSmallFilm(join(place.cwd, 'film.mp4'));
    ffmpeg('-i', 'film.mp4', '-vn', '-c:a', 'copy', 'podcast.m4a');
    ffmpeg('-i', 'film.mp4', '-an', '-c:v', 'copy', 'holiday.mp4');
    ffmpeg('-f', 'lavfi', '-i', 'color=c=red:s=64x64', '-frames:v', '1', '-update', '1', 'red.png');
    ffmpeg('-f', 'lavfi', '-i', 'color=c=blue:s=64x64', '-frames:v', '1', '-update', '1', 'blue.jpg');
    // Words beside the recording: nothing has to be recognised.
    writeWords(place.cwd, ['The horse ran over the hill', 'Nobody saw it come back'], 'podcast.json');
  });
  afterAll(() => place.leave());

  test('a podcast becomes a clip with captions; another cover draws the picture anew and nothing else', async () => {
    const first = await place.snvg('process', 'podcast.m4a', '--clips', '1', '--format', 'square', ...quick, '--cover', 'red.png');
    expect(first.exitCode, first.stderr).toBe(0);
    const manifest = place.manifest('podcast.snvg');
    expect(manifest.source).toMatchObject({ width: null, height: null, fps: null });
    const [output] = manifest.clips[0]!.outputs;
    expect(output).toMatchObject({ width: 1080, height: 1080, faceCoverage: null });
    expect(output!.captions).not.toBeNull();
    expect(manifest.notices.filter(({ severity }) => severity === 'degraded')).toEqual([]);
    const [proof] = place.receipt('podcast.snvg', output!.receipt).outputs;
    expect(proof!.checks.filter(({ passed }) => !passed)).toEqual([]);
    expect(proof!.checks.map(({ id }) => id)).not.toContain('source');
    const report = readFileSync(join(place.cwd, 'podcast.snvg', 'report.html'), 'utf8');
    expect(report).toContain('sound alone');
    expect(report).toContain('a still picture');

    const again = await place.snvg('process', 'podcast.m4a', '--clips', '1', '--format', 'square', ...quick, '--cover', 'blue.jpg');
    expect(again.exitCode, again.stderr).toBe(0);
    expect(workDone(lastRun(await place.events(manifest.job.id)))).toEqual({ 'render.backdrop': 1, 'render.still': 1 });
    expect(place.manifest('podcast.snvg').clips[0]!.outputs[0]!.sha256).not.toBe(output!.sha256);
  });

  test('a cover that is no picture is refused before any work', async () => {
    const { exitCode, stderr } = await place.snvg('process', 'podcast.m4a', '--cover', 'podcast.json', '--output', 'refused');
    expect(exitCode).toBe(3);
    expect(stderr).toContain('error COVER_INVALID: The cover picture podcast.json is neither PNG nor JPEG');
    expect(stderr.trim().split('\n')).toHaveLength(2);
  });

  test('a film without sound is chosen from by what is seen, strictly nothing lacking', async () => {
    const { exitCode, stderr } = await place.snvg('process', 'holiday.mp4', '--clips', '1', '--format', 'square', ...quick, '--strict');
    expect(exitCode, stderr).toBe(0);
    const manifest = place.manifest('holiday.snvg');
    expect(manifest.clips).toHaveLength(1);
    expect(manifest.clips[0]!.title).toMatch(/^holiday 0:\d\d$/);
    expect(manifest.clips[0]!.outputs[0]).toMatchObject({ captions: null, integratedLufs: null });
    expect(manifest.notices.map(({ code, severity }) => `${code} ${severity}`)).toEqual(['SOURCE_SILENT info', 'NO_FACE_FOUND info']);
    expect(manifest.candidates.every(({ reason }) => reason.length > 10)).toBe(true);
    expect(readdirSync(join(place.cwd, 'holiday.snvg')).filter((name) => /\.(srt|vtt|ass)$/.test(name))).toEqual([]);
    const streams = execFileSync('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_name,channels,sample_rate', '-of', 'csv=p=0', join(place.cwd, 'holiday.snvg', manifest.clips[0]!.outputs[0]!.path)], { encoding: 'utf8' });
    expect(streams).toBe('h264\naac,48000,2\n');
  });

  test('each stage has its say on both', async () => {
    const transcribed = await place.snvg('transcribe', 'holiday.mp4', ...quick);
    expect(transcribed.exitCode).toBe(3);
    expect(transcribed.stderr).toContain('error MEDIA_NO_AUDIO: holiday.mp4 has no audio track');
    expect((await place.snvg('transcribe', 'podcast.m4a', ...quick)).stdout).toContain('The horse ran over the hill.');
    for (const name of ['holiday.mp4', 'podcast.m4a']) {
      const analysed = await place.snvg('analyze', name, ...quick);
      expect(analysed.exitCode, analysed.stderr).toBe(0);
      const dry = await place.snvg('process', name, '--dry-run', ...quick);
      expect(dry.exitCode, dry.stderr).toBe(0);
    }
    const chosen = await place.snvg('segment', 'holiday.mp4', ...quick);
    expect(chosen.stdout).toMatch(/01 +\d+\.\d+-\d+\.\d+ +\d+\.\d +holiday 0:\d\d\n +chosen by what is seen/);
    const cut = await place.snvg('render', 'podcast.m4a', '--cut', '1-4', '--format', 'square', ...quick, '--no-captions', '--output', 'cut');
    expect(cut.exitCode, cut.stderr).toBe(0);
    expect(readdirSync(join(place.cwd, 'cut')).filter((name) => name.endsWith('.mp4'))).toHaveLength(1);
  });
});
