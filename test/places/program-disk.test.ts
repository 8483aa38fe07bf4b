import { execFile, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, afterAll, describe, expect, test } from 'vitest';
import { Workplace } from '../end-to-end/workplace.js';
import { runSnvg, snvgBin } from '../wrong-inputs/run-snvg.js';
import { noSmallDisk, type SmallDisk, smallDisk } from '../support/small-disk.js';
import { makeSmallFilm, quick, writeWords } from './small-talk.js';

function estimates(stdout: string): { wallSeconds: number; diskBytes: number }[] {
  const lines = stdout.split('\n').filter((line) => line.includes('"type":"estimated"'));
  return lines.map((line) => JSON.parse(line) as { wallSeconds: number; diskBytes: number });
}

describe('the program and its disks', () => {
  const place = new Workplace();
  const args = ['render', 'film.mp4', '--transcript', 'words.json', '--cut', '0:00-0:04', ...quick];

  beforeAll(() => {
    makeSmallFilm(join(place.cwd, 'film.mp4'));
    copyFileSync(join(place.cwd, 'film.mp4'), join(place.root, 'film.mp4'));
    writeWords(place.cwd, ['The horse ran over the hill', 'Nobody saw it come back']);
  });
  afterAll(() => place.leave());

  /** Runs with a home of its own, and fills the disk when the stage begins. */
  async function filledDuring(stage: string, disk: SmallDisk, home: string, output: string): Promise<{ exitCode: number | null; stderr: string }> {
    const child = spawn(process.execPath, [snvgBin, ...args, '--output', output, '--events'], { cwd: place.cwd, env: { ...process.env, SNVG_HOME: home, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    let seen = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (seen === 'full') return;
      seen += text;
      if (!seen.includes(`"type":"stage-started","stage":"${stage}"`)) return;
      seen = 'full';
      disk.fill(8_000);
    });
    const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { exitCode, stderr };
  }

  test.skipIf(noSmallDisk !== undefined)('space that surely does not suffice is refused before work; a dry run says so too', async () => {
    const disk = smallDisk('size=60m');
    for (const dry of [[], ['--dry-run']]) {
      const { exitCode, stderr } = await place.snvg('process', 'film.mp4', ...quick, '--output', join(disk.path, 'out'), ...dry);
      expect(exitCode).toBe(4);
      expect(stderr.trim().split('\n')).toHaveLength(2);
      expect(stderr).toContain('DISK_FULL');
    }
    expect(readdirSync(disk.path)).toEqual([]);
  });

  test.skipIf(noSmallDisk !== undefined)('a disk that fills up under the clips: two lines, nothing half-written, and with room again the clip is only copied', async () => {
    const disk = smallDisk('size=90m');
    const output = join(disk.path, 'out');
    const { exitCode, stderr } = await filledDuring('render', disk, place.home, output);
    expect(stderr.trim().split('\n'), stderr).toHaveLength(2);
    expect(stderr).toContain('DISK_FULL');
    expect(exitCode).toBe(4);
    expect(readdirSync(output).filter((name) => /\.(part|mp4)$/.test(name))).toEqual([]);
    disk.empty();
    const again = await place.snvg(...args, '--output', output);
    expect(again.exitCode, again.stderr).toBe(0);
    expect(again.stdout).toMatch(/render: done \(\d+ tasks, all known already/);
    expect(readdirSync(output).filter((name) => name.endsWith('.mp4'))).toHaveLength(1);
  });

  test.skipIf(noSmallDisk !== undefined)('a disk that fills up under cache and database: two lines, and it goes on', async () => {
    const disk = smallDisk('size=90m');
    const home = join(disk.path, 'home');
    const { exitCode, stderr } = await filledDuring('render', disk, home, 'full-cache');
    expect(stderr.trim().split('\n'), stderr).toHaveLength(2);
    expect(stderr).toContain('DISK_FULL');
    expect(exitCode).toBe(4);
    expect(readdirSync(disk.path, { recursive: true }).map(String).filter((name) => name.endsWith('.part'))).toEqual([]);
    disk.empty();
    const again = await runSnvg({ args: [...args, '--output', 'full-cache'], cwd: place.cwd, env: { SNVG_HOME: home } });
    expect(again.exitCode, again.stderr).toBe(0);
  });

  test.skipIf(noSmallDisk !== undefined)('a read-only output folder is refused before work', async () => {
    const disk = smallDisk('size=90m');
    mkdirSync(join(disk.path, 'out'));
    disk.remount('ro');
    const { exitCode, stderr } = await place.snvg(...args, '--output', join(disk.path, 'out'));
    expect(exitCode).toBe(2);
    expect(stderr.trim().split('\n')).toHaveLength(2);
    expect(stderr).toContain('OUTPUT_UNWRITABLE');
  });

  test('too few open files: two lines, wherever it runs out of them', async () => {
    for (const files of [40, 60, 128, 160]) {
      const run = promisify(execFile)('sh', ['-c', `ulimit -n ${files}; exec "$@"`, 'sh', process.execPath, snvgBin, ...args], { cwd: place.cwd, env: { ...process.env, ...place.environment, NO_COLOR: '1' } });
      const { code, stderr } = (await run.catch((error: unknown) => error)) as { code: number; stderr: string };
      expect(stderr.trim().split('\n'), stderr).toHaveLength(2);
      expect(stderr).toContain('FILE_LIMIT');
      expect(code).toBe(4);
    }
  });

  test('a new job says beforehand what it will take, and a dry run what is left', async () => {
    const env = place.environment;
    const first = await runSnvg({ args: [...args, '--output', 'told', '--events'], cwd: place.cwd, env });
    expect(estimates(first.stdout)).toHaveLength(1);
    expect(estimates(first.stdout)[0]?.diskBytes).toBeGreaterThan(100_000);
    const second = await runSnvg({ args: [...args, '--output', 'told', '--events'], cwd: place.cwd, env });
    expect(estimates(second.stdout)).toEqual([]);
    const dry = await runSnvg({ args: ['process', 'film.mp4', ...quick, '--dry-run'], cwd: place.cwd, env });
    const two = await runSnvg({ args: ['process', 'film.mp4', join(place.root, 'film.mp4'), ...quick, '--output', 'dry/{parent}', '--dry-run'], cwd: place.cwd, env });
    expect(two.stdout).toMatch(/^together about /m);
    expect(dry.stdout).toMatch(/about \d+ s( to \d+ (s|min))? \(.* of CPU\), .* on disk/);
  });
});
