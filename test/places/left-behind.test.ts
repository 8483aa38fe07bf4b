import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Workplace } from '../end-to-end/workplace.js';
import { runSnvg, snvgBin } from '../wrong-inputs/run-snvg.js';
import { makeSmallFilm, quick, writeWords } from './small-talk.js';

function listOf(dir: string): string[] {
  return existsSync(dir) ? readdirSync(dir, { recursive: true }).map(String).toSorted() : [];
}

describe('nothing is left behind', () => {
  const place = new Workplace();
  const temporary = join(place.root, 'tmp');
  const scratchIndex = join(place.home, 'cache', 'scratch');
  const args = ['render', 'film.mp4', '--transcript', 'words.json', ...quick];

  beforeAll(() => {
    mkdirSync(temporary);
    makeSmallFilm(join(place.cwd, 'film.mp4'));
    writeWords(place.cwd, ['The horse ran over the hill', 'Nobody saw it come back']);
  });
  afterAll(() => place.leave());

  const env = (): Record<string, string> => ({ ...place.environment, TMPDIR: temporary });
  const parts = (): string[] => listOf(place.root).filter((name) => name.endsWith('.part'));

  /** Starts a run that renders for some seconds, and ends it with a signal once its scratch is in use. */
  async function stopped(signal: NodeJS.Signals, folder: string): Promise<void> {
    const child = spawn(process.execPath, [snvgBin, 'render', 'film.mp4', '--transcript', 'words.json', '--cut', '0:00-0:13', '--min-length', '3', '--preset', 'slow', '--output', folder, '--events'], {
      cwd: place.cwd,
      env: { ...process.env, ...env() },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    await new Promise<void>((resolve) => {
      let seen = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        seen += text;
        if (/"type":"task-progress"[^\n]*"stage":"render"/.test(seen)) resolve();
      });
      void ended.then(resolve);
    });
    expect(listOf(temporary).length).toBeGreaterThan(1);
    child.kill(signal);
    await ended;
  }

  test('after success: TMPDIR and the scratch index are empty, the working folder holds the clips alone', async () => {
    const { exitCode, stderr } = await runSnvg({ args: [...args, '--clips', '1'], cwd: place.cwd, env: env() });
    expect(exitCode, stderr).toBe(0);
    // Also nothing of the libraries we load: onnxruntime left its telemetry's files here.
    expect(listOf(temporary)).toEqual([]);
    expect(listOf(scratchIndex)).toEqual([]);
    expect(parts()).toEqual([]);
    expect(readdirSync(place.cwd).toSorted()).toEqual(['film.mp4', 'film.snvg', 'words.json']);
  });

  test('after a failure', async () => {
    writeFileSync(join(place.cwd, 'broken.json'), '{');
    const { exitCode } = await runSnvg({ args: ['render', 'film.mp4', '--transcript', 'broken.json', ...quick, '--output', 'none'], cwd: place.cwd, env: env() });
    rmSync(join(place.cwd, 'broken.json'));
    expect(exitCode).toBe(3);
    expect([...listOf(temporary), ...listOf(scratchIndex), ...parts()]).toEqual([]);
    expect(readdirSync(place.cwd).toSorted()).toEqual(['film.mp4', 'film.snvg', 'words.json']);
  });

  test('after Ctrl-C', async () => {
    await stopped('SIGINT', 'interrupted');
    expect([...listOf(temporary), ...listOf(scratchIndex), ...parts()]).toEqual([]);
  });

  test('after a kill and the next run, also one that knows nothing of that TMPDIR', async () => {
    await stopped('SIGKILL', 'killed');
    expect(listOf(temporary)).not.toEqual([]);
    writeFileSync(join(temporary, 'somebody-elses'), '');
    mkdirSync(join(temporary, 'snvg-0123456789abcdef'));
    const { exitCode, stderr } = await place.snvg(...args, '--clips', '1');
    expect(exitCode, stderr).toBe(0);
    // What only looks like ours stays: no run of ours wrote it down.
    expect(listOf(temporary)).toEqual(['snvg-0123456789abcdef', 'somebody-elses']);
    expect([...listOf(scratchIndex), ...parts()]).toEqual([]);
  });

  test('a clip that was deleted from the folder comes back with the next run, without rendering it', async () => {
    const dir = join(place.cwd, 'film.snvg');
    const before = listOf(dir);
    const [clip = ''] = before.filter((name) => name.endsWith('.mp4'));
    rmSync(join(dir, clip));
    const { exitCode, stdout } = await place.snvg(...args, '--clips', '1');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/render: done \(\d+ tasks, all known already/);
    expect(listOf(dir)).toEqual(before);
  });

  test('a run that makes no clip leaves those of an earlier one where they are', async () => {
    const dir = join(place.cwd, 'film.snvg');
    const before = listOf(dir);
    // A question without its answer, and an answer without its question: neither is a clip.
    const words = writeWords(place.root, ['What do you do', 'This is how it ends'], 'nothing-to-cut.json');
    const { exitCode } = await place.snvg('render', 'film.mp4', '--transcript', words, ...quick, '--clips', '1');
    expect(exitCode).toBe(8);
    expect(listOf(dir)).toEqual(before);
  });

  test('a TMPDIR that is no folder is refused in two lines', async () => {
    for (const wrong of [join(place.root, 'missing'), join(place.cwd, 'film.mp4')]) {
      const { exitCode, stderr } = await runSnvg({ args: [...args, '--clips', '1'], cwd: place.cwd, env: { ...place.environment, TMPDIR: wrong } });
      expect(exitCode).toBe(2);
      expect(stderr.trim().split('\n')).toHaveLength(2);
      expect(stderr).toContain('TMPDIR is');
    }
  });
});
