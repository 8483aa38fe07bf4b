import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Workplace } from '../end-to-end/workplace.js';
import { type Outcome, runSnvg } from '../wrong-inputs/run-snvg.js';
import { makeDarkFilm, quick, writeWords } from './small-talk.js';

/**
 * Kinds of faults with names, paths and places that users of other tools have reported (project#number), each through the real
 * program with its right value.
 */
const place = new Workplace();
const film = join(place.cwd, 'film.mp4');

beforeAll(() => makeDarkFilm(film));
afterAll(() => place.leave());

function render(cwd: string, source: string, ...args: string[]): Promise<Outcome> {
  return runSnvg({ args: ['render', source, '--transcript', 'words.json', ...quick, ...args], cwd, env: place.environment });
}

function clipsIn(dir: string): string[] {
  return readdirSync(dir).filter((name) => name.endsWith('.mp4')).toSorted();
}

/** White pixels of the frame at `seconds`: the film is dark, so that they are captions. */
function whitePixels(clip: string, seconds: number): number {
  const frame = execFileSync('ffmpeg', ['-v', 'error', '-ss', String(seconds), '-i', `file:${clip}`, '-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', 'gray', 'pipe:1'], { maxBuffer: 1 << 24 });
  return frame.reduce((count, luma) => count + (luma > 200 ? 1 : 0), 0);
}

describe('titles', () => {
  const dir = join(place.cwd, 'titles');
  const czech = 'Příliš žluťoučký kůň úpěl';
  const mixed = 'Ďábelské ódy 日本語 עברית';

  test('mifi/lossless-cut#2482: accents, Japanese and Hebrew stay as they are in names', async () => {
    mkdirSync(dir);
    writeWords(dir, [czech.normalize('NFD'), mixed]);
    const { exitCode, stderr } = await render(dir, film, '--clips', '2', '--output', 'clips');
    expect(exitCode, stderr).toBe(0);
    expect(clipsIn(join(dir, 'clips'))).toEqual(['01-Příliš-žluťoučký-kůň-úpěl.vertical.mp4', '02-Ďábelské-ódy-日本語-עברית.vertical.mp4'].map((name) => name.normalize('NFC')));
  });

  test.each(['mifi/lossless-cut#1757', 'mifi/lossless-cut#1149', 'mifi/lossless-cut#321'])('%s: a template that names two clips alike is refused before rendering, and earlier clips stay', async (issue) => {
    const name = issue.split('#')[1] ?? '';
    const clips = join(dir, 'clips');
    const before = clipsIn(clips).map((clip) => readFileSync(join(clips, clip)).byteLength);
    // Three clips of one score; a name without anything of the clip; two clips of one length.
    const template = { 1757: '{source} with {score} points', 1149: '{source}', 321: 'clip {duration}' }[name] ?? '';
    const cuts = { 1757: ['--cut', '0-3', '--cut', '4-8', '--cut', '8-13'], 1149: ['--clips', '2'], 321: ['--cut', '0:00-0:04', '--cut', '0:07-0:11'] }[name] ?? [];
    const outcome = await render(dir, film, ...cuts, '--output', 'clips', '--name-template', template);
    expect(outcome.exitCode, outcome.stderr).toBe(2);
    expect(outcome.stderr.trim().split('\n')).toHaveLength(2);
    expect(outcome.stderr).toContain('USAGE');
    if (name !== '1149') expect(outcome.stderr).toMatch(/Clip 1 \(.*\) and clip 2 \(.*\) would both be called/);
    expect(outcome.stderr).toContain('{index}');
    expect(outcome.stdout).not.toContain('clip 1 ready');
    expect(clipsIn(clips).map((clip) => readFileSync(join(clips, clip)).byteLength)).toEqual(before);
  });

  test.each([
    ['openshorts test_filename_limits', 'മലയാളം'],
    ['yt-dlp/yt-dlp#1136', '漢字仮名'],
  ])('%s: 120 characters of three bytes and more fit into 255 bytes with their endings (%s)', async (_issue, word) => {
    const own = join(place.cwd, `long ${word}`);
    mkdirSync(own);
    const spoken = Array.from({ length: 20 }, () => word).join(' ');
    writeWords(own, [spoken, 'Nobody saw it come back']);
    // 80 characters of three bytes: as long as a source's own name may be.
    const source = join(own, `${'字'.repeat(80)}.mp4`);
    execFileSync('cp', [film, source]);
    const { exitCode, stderr } = await render(own, source, '--clips', '1', '--name-template', '{title}{title}{source}-{index}');
    expect(exitCode, stderr).toBe(0);
    const folder = join(own, readdirSync(own).find((name) => name.endsWith('.snvg')) ?? '');
    const names = readdirSync(folder).filter((name) => name.includes('-01.'));
    expect(names.length).toBeGreaterThanOrEqual(6);
    for (const name of names) {
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
      expect(name).not.toContain('\uFFFD');
      expect(name).toMatch(/-01\.(vertical\.)?(mp4|jpg|ass|srt|vtt|json)$/);
    }
  });
});

describe('paths', () => {
  test.each([
    ['use-agent-os/agent-os#1719, browser-use/video-use#143, browser-use/video-use#110, eibols/ffmpeg_batch#33', "a'b:c [d], e", 'talk.mp4'],
    ['JayWebtech/autoshorts#10', '12:30 talk', 'part 1: the start.mp4'],
    ['WyattBlue/auto-editor#202', 'my talks  and more', 'a talk (final) $HOME *.mp4'],
  ])('%s: captions are in the picture', async (_issue, folder, name) => {
    // Everything lies there: source, words, clips, snvg's own folders and its scratch.
    const dir = join(place.root, folder);
    mkdirSync(join(dir, 'tmp'), { recursive: true });
    const source = join(dir, name);
    execFileSync('cp', [film, source]);
    writeWords(dir, ['The horse ran over the hill', 'Nobody saw it come back']);
    const run = (...args: string[]): Promise<Outcome> =>
      runSnvg({ args: ['render', name, '--transcript', 'words.json', '--cut', '0:00-0:04', ...quick, ...args], cwd: dir, env: { SNVG_HOME: join(dir, 'home'), TMPDIR: join(dir, 'tmp') } });
    const { exitCode, stderr } = await run('--strict', '--format', 'square', '--output', `out of ${folder}`);
    expect(exitCode, stderr).toBe(0);
    const [clip = ''] = clipsIn(join(dir, `out of ${folder}`));
    // Half a second in, the first word is being said; before it nothing is.
    expect(whitePixels(join(dir, `out of ${folder}`, clip), 2)).toBeGreaterThan(2_000);
    expect(whitePixels(join(dir, `out of ${folder}`, clip), 0)).toBe(0);
    expect(readdirSync(join(dir, 'tmp'))).toEqual([]);
  });
});
