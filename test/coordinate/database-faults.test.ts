import { spawn } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, openSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { reportError } from '../../src/errors.js';
import { keepBackup } from '../../src/jobs/backup.js';
import { openDatabase } from '../../src/jobs/database.js';
import { Jobs, type LeaseHolder } from '../../src/jobs/jobs.js';
import { lockHolders } from '../../src/jobs/lock-holders.js';
import { Workplace } from '../end-to-end/workplace.js';
import { noSmallDisk, smallDisk } from '../support/small-disk.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { beside, captionedFilm, oneClip } from './captioned-film.js';

/** Several runs each, on a machine that may be busy with other tests. */
const patienceMs = 200_000;
const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };
const me: LeaseHolder = { host: 'here', pid: process.pid, startTime: '1' };
const job = { id: 'abc', sourcePath: '/v/talk.mp4', outputDir: '/v/talk.snvg', settings: {} };

/** A process of another program that keeps the database locked for so long; resolves when it has the lock. */
async function locker(path: string, lockedMs: number): Promise<number> {
  const script = `
    const db = new (require(process.argv[1]))(process.argv[2]);
    db.exec('BEGIN IMMEDIATE');
    console.log('locked');
    setTimeout(() => db.exec('COMMIT'), Number(process.argv[3]));
  `;
  const child = spawn(process.execPath, ['-e', script, createRequire(import.meta.url).resolve('better-sqlite3'), path, String(lockedMs)], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child.pid ?? 0;
}

test('fault 21: a lock that ends in time is waited for; one that stays is told with the process that has it', async () => {
  const path = join(temporaryFolder(), 'snvg.db');
  const db = openDatabase(path, 400);
  onTestFinished(() => void db.close());
  const jobs = new Jobs(db, clock, () => true);
  const pid = await locker(path, 60_000);
  const refused = (): unknown => {
    try {
      return jobs.claim(job, me);
    } catch (error) {
      return reportError(error);
    }
  };
  const found = process.platform === 'linux' ? `by process ${pid} (` : 'stayed locked';
  expect(refused()).toMatchObject({ code: 'DATABASE_BUSY', exitCode: 4, message: expect.stringContaining(found) as string });
  // What is up to date is read beside a writer.
  const reader = openDatabase(path, 400);
  expect(new Jobs(reader, clock, () => true).list()).toEqual([]);
  reader.close();
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => lockHolders(path)).toEqual([]);
  await locker(path, 300);
  const patient = openDatabase(path);
  new Jobs(patient, clock, () => true).claim(job, me);
  expect(jobs.get('abc').lease).toEqual(me);
  patient.close();
});

test('fault 21, the program: 15 s, then two lines that name the process', async () => {
  const place = new Workplace();
  onTestFinished(() => place.leave());
  captionedFilm(place, 'film');
  await place.snvg('jobs', 'list');
  const pid = await locker(join(place.home, 'data', 'snvg.db'), 120_000);
  const refused = await place.snvg('process', 'film.mp4', ...oneClip, '--detach');
  expect([refused.exitCode, refused.stderr.trim().split('\n')]).toEqual([4, [expect.stringContaining(`stayed locked by process ${pid} (`), expect.stringMatching(/^→ /)]]);
}, patienceMs);

test('fault 22: a damaged database is refused and left as it is; with a copy beside it, that is pointed to, and works', async () => {
  const place = new Workplace();
  onTestFinished(() => place.leave());
  await place.snvg('jobs', 'list');
  const path = join(place.home, 'data', 'snvg.db');
  const db = openDatabase(path);
  new Jobs(db, clock, () => true).claim(job, { ...me, pid: 4_194_305 });
  db.pragma('wal_checkpoint(TRUNCATE)');
  const damage = (): void => {
    const file = openSync(path, 'r+');
    // Every page but the first, which only says what the rest is.
    writeSync(file, Buffer.alloc(statSync(path).size - 4096, 0x5a), 0, undefined, 4096);
    closeSync(file);
  };
  db.close();
  damage();
  const damaged = readFileSync(path);
  const plain = await place.snvg('coordinate', '--once');
  expect([plain.exitCode, plain.stderr]).toEqual([4, expect.stringMatching(/^error DATABASE_CORRUPT: .*\n→ Move that file .* look at your accounts before you publish/)]);
  expect(readFileSync(path).equals(damaged)).toBe(true);

  rmSync(path);
  for (const end of ['-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
  const again = openDatabase(path);
  new Jobs(again, clock, () => true).claim(job, me);
  await keepBackup(again, Date.now());
  expect(existsSync(`${path}.backup`)).toBe(false);
  const tomorrowMs = Date.now() + 25 * 3_600_000;
  await keepBackup(again, tomorrowMs);
  const first = statSync(`${path}.backup`);
  await keepBackup(again, tomorrowMs - 3_600_000 * 2);
  expect(statSync(`${path}.backup`).ino).toBe(first.ino);
  utimesSync(`${path}.backup`, new Date('2026-01-02T03:04:05Z'), new Date('2026-01-02T03:04:05Z'));
  again.pragma('wal_checkpoint(TRUNCATE)');
  again.close();
  damage();
  const pointed = await place.snvg('jobs', 'list');
  expect([pointed.exitCode, pointed.stderr]).toEqual([4, expect.stringContaining(`the copy of 2026-01-02 in its place (mv ${path}.backup ${path},`)]);
  copyFileSync(`${path}.backup`, path);
  expect((await place.snvg('jobs', 'list')).stdout).toContain('abc');
}, patienceMs);

test('what SQLite says in the middle of a run is told in our words', () => {
  for (const [code, told] of [['SQLITE_BUSY_SNAPSHOT', 'DATABASE_BUSY'], ['SQLITE_CORRUPT_VTAB', 'DATABASE_CORRUPT'], ['SQLITE_NOTADB', 'DATABASE_CORRUPT']]) {
    expect(reportError(Object.assign(new Error('x'), { code }))).toMatchObject({ code: told, exitCode: 4 });
  }
});

test.skipIf(noSmallDisk !== undefined)(`fault 13: a disk that is full under the database${noSmallDisk === undefined ? '' : ` (skipped: ${noSmallDisk})`}`, async () => {
  const disk = smallDisk('size=96m');
  const place = new Workplace();
  onTestFinished(() => place.leave());
  captionedFilm(place, 'film');
  const env = { SNVG_HOME: join(disk.path, 'home') };
  const run = beside(place, ['coordinate'], env);
  onTestFinished(() => void process.kill(run.pid, 'SIGKILL'));
  await run.until('at once');
  disk.fill(4_000_000);
  expect(await run.until('no job is taken for now')).toMatch(/Only \d MB are free for the database .* → Free some space/);
  const submitted = await place.snvgWith(env, 'process', 'film.mp4', ...oneClip, '--detach', '--json');
  expect(submitted.exitCode, submitted.stderr).toBe(0);
  const rest = join(disk.path, 'rest');
  expect(() => writeFileSync(rest, Buffer.alloc(8_000_000))).toThrowError(/ENOSPC/);
  const listed = await place.snvgWith(env, 'jobs', 'list');
  expect([listed.exitCode, listed.stdout]).toEqual([0, expect.stringMatching(/queued .*film\.mp4/)]);
  expect(run.lines.filter((line) => line.includes('no job is taken'))).toHaveLength(1);
  rmSync(rest);
  disk.empty();
  await run.until('jobs are taken again');
  // The disk fills under what runs as well: the job is put back or fails, and never stays with a process that does nothing for it.
  await run.until('ingest: done');
  disk.fill(0);
  await run.until((line) => /: (failed|cancelled)\b|clip 1 ready/.test(line));
  disk.empty();
  const [{ id }] = (JSON.parse(submitted.stdout) as { jobs: [{ id: string }] }).jobs;
  const ended = await place.snvgWith(env, 'jobs', 'attach', id);
  expect([0, 4]).toContain(ended.exitCode);
  if (ended.exitCode === 4) {
    expect(ended.stderr).toContain('DISK_FULL');
    await place.snvgWith(env, 'jobs', 'retry', id);
    expect((await place.snvgWith(env, 'jobs', 'attach', id)).exitCode).toBe(0);
  }
  expect(place.manifest('film.snvg').clips).toHaveLength(1);
}, patienceMs);
