import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { explainWriteError } from '../../src/artifacts/atomic-file.js';
import { FileArtifactStore } from '../../src/artifacts/file-store.js';
import { hashFile } from '../../src/artifacts/fingerprint.js';
import { TaskResults } from '../../src/artifacts/task-results.js';
import { systemClock } from '../../src/clock.js';
import { reportError } from '../../src/errors.js';
import { openDatabase } from '../../src/jobs/database.js';
import { EventLog } from '../../src/jobs/events.js';
import { Jobs } from '../../src/jobs/jobs.js';
import { runFfmpeg } from '../../src/media/ffmpeg.js';
import { OutputFolder } from '../../src/output/folder.js';
import { mediaHost } from '../support/media-host.js';
import { noSmallDisk, smallDisk } from '../support/small-disk.js';
import { temporaryFolder } from '../support/temporary-folder.js';

async function fileOf(sizeBytes: number, byte: number): Promise<{ path: string; sha256: string }> {
  const path = join(temporaryFolder(), 'made');
  writeFileSync(path, Buffer.alloc(sizeBytes, byte));
  return { path, sha256: (await hashFile(path)).sha256 };
}

function partsIn(dir: string): string[] {
  return readdirSync(dir, { recursive: true }).map(String).filter((name) => name.endsWith('.part'));
}

test.runIf(process.env['CI'] === 'true')('CI can make small disks', () => {
  expect(noSmallDisk).toBeUndefined();
});

test.each([
  ['ENOSPC', 'DISK_FULL', 4],
  ['EDQUOT', 'DISK_FULL', 4],
  ['SQLITE_FULL', 'DISK_FULL', 4],
  ['EROFS', 'OUTPUT_UNWRITABLE', 2],
  ['SQLITE_IOERR_WRITE', 'OUTPUT_UNWRITABLE', 2],
  ['SQLITE_READONLY_DBMOVED', 'OUTPUT_UNWRITABLE', 2],
  ['EMFILE', 'FILE_LIMIT', 4],
  ['ENFILE', 'FILE_LIMIT', 4],
  ['ENAMETOOLONG', 'USAGE', 2],
])('%s, wherever it comes from, is %s', (code, told, exitCode) => {
  const error = Object.assign(new Error(`${code}: refused`), { code, path: '/disk/file' });
  expect(reportError(error)).toMatchObject({ code: told, exitCode });
  expect(explainWriteError(error, '/tmp/clip.mp4')).toMatchObject({ code: told, cause: error });
  expect(reportError(Object.assign(new Error('x'), { code: 'EWHATEVER' })).code).toBe('BUG');
});

describe.skipIf(noSmallDisk !== undefined)(`a full disk${noSmallDisk === undefined ? '' : ` (skipped: ${noSmallDisk})`}`, () => {
  test('while delivering: what lay there stays, nothing half-written is left, and with room again it goes on', async () => {
    const disk = smallDisk('size=300k');
    const dir = join(disk.path, 'out');
    const first = await fileOf(100_000, 1);
    const larger = await fileOf(400_000, 2);
    const folder = await OutputFolder.inspect(dir, 'job');
    await folder.deliver('01-a.mp4', first, 'm1');
    await expect(folder.deliver('01-a.mp4', larger, 'm1')).rejects.toMatchObject({ code: 'DISK_FULL', exitCode: 4 });
    expect((await hashFile(join(dir, '01-a.mp4'))).sha256).toBe(first.sha256);
    expect(partsIn(dir)).toEqual([]);
    disk.remount('size=2m');
    const again = await OutputFolder.inspect(dir, 'job');
    await again.deliver('01-a.mp4', larger, 'm1');
    await again.write('manifest.json', '{}');
    expect((await hashFile(join(dir, '01-a.mp4'))).sha256).toBe(larger.sha256);
    expect(readdirSync(dir).toSorted()).toEqual(['.snvg.json', '01-a.mp4', 'manifest.json']);
  });

  test('while the folder’s own list is written: the list before it stays whole', async () => {
    const disk = smallDisk('size=200k');
    const dir = join(disk.path, 'out');
    const folder = await OutputFolder.inspect(dir, 'job');
    await folder.deliver('01-a.mp4', await fileOf(1000, 1), 'm1');
    disk.fill(0);
    await expect(folder.deliver('02-b.mp4', await fileOf(0, 2), 'm2')).rejects.toMatchObject({ code: 'DISK_FULL' });
    disk.empty();
    const again = await OutputFolder.inspect(dir, 'job');
    await again.deliver('02-b.mp4', await fileOf(1000, 2), 'm2');
    expect(readdirSync(dir).toSorted()).toEqual(['.snvg.json', '01-a.mp4', '02-b.mp4']);
  });

  test('in the store: no part of an artifact is left, and scratch on another disk is moved in', async () => {
    const disk = smallDisk('size=300k');
    const root = join(disk.path, 'artifacts');
    const store = new FileArtifactStore(root);
    await expect(store.put('clip.mp4', { path: (await fileOf(400_000, 3)).path })).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(partsIn(root)).toEqual([]);
    const { path, sha256 } = await fileOf(100_000, 4);
    const ref = await store.put('clip.mp4', { path });
    expect(ref.hash).toBe(sha256);
    expect((await hashFile(await store.materialize(ref.hash))).sha256).toBe(sha256);
    expect(readdirSync(join(path, '..'))).toEqual([]);
    expect(partsIn(root)).toEqual([]);
  });

  test('no inode left: the folder of an artifact or a result cannot be made', async () => {
    const disk = smallDisk('size=1m,nr_inodes=4');
    for (const name of ['a', 'b', 'c']) mkdirSync(join(disk.path, name));
    await expect(new FileArtifactStore(join(disk.path, 'store')).put('cover.jpg', { bytes: new Uint8Array(1) })).rejects.toMatchObject({ code: 'DISK_FULL' });
    await expect(new TaskResults(join(disk.path, 'results')).put({ key: 'ab', op: 'x', outputs: {}, notices: [], cpuSeconds: 0, wallMs: 0 })).rejects.toMatchObject({ code: 'DISK_FULL' });
  });

  test('while ffmpeg writes its scratch', async () => {
    const disk = smallDisk('size=300k');
    const host = { ...mediaHost(), scratchDir: disk.path, addCpuSeconds: () => {} };
    const raw = join(temporaryFolder(), 'raw');
    writeFileSync(raw, Buffer.alloc(4_000_000));
    const input = { path: raw, rawFormat: 's16le', options: ['-ar', '16000', '-ac', '1'] };
    for (const to of ['out.wav', 'out.mkv']) {
      await expect(runFfmpeg(host, { inputs: [input], outputs: [{ to, options: ['-c:a', 'pcm_s16le'] }] }), to).rejects.toMatchObject({ code: 'DISK_FULL', exitCode: 4 });
    }
  });

  test('in the database: the error says so, what was written is there, and it goes on with room', () => {
    const disk = smallDisk('size=900k');
    const path = join(disk.path, 'snvg.db');
    const fill = (): unknown => {
      const db = openDatabase(path);
      try {
        const jobs = new Jobs(db, systemClock, () => false);
        jobs.claim({ id: 'j', sourcePath: '/a', outputDir: '/b', settings: {} }, { host: 'h', pid: 1, startTime: '1' });
        const log = new EventLog(db);
        for (let at = 0; at < 1000; at += 1) log.append({ type: 'job-started', jobId: 'j', at, source: 'x'.repeat(2000), outputDir: '/b' });
        return undefined;
      } catch (error) {
        return error;
      } finally {
        db.close();
      }
    };
    const failed = reportError(fill());
    expect(failed).toMatchObject({ code: 'DISK_FULL', exitCode: 4 });
    disk.remount('size=16m');
    const db = openDatabase(path);
    expect(new EventLog(db).read('j').length).toBeGreaterThan(10);
    db.close();
    expect(fill()).toBeUndefined();
  });

  test('a read-only disk is refused before any work, and one that turns read-only is named', async () => {
    const disk = smallDisk('size=300k');
    const dir = join(disk.path, 'out');
    const folder = await OutputFolder.inspect(dir, 'job');
    await folder.deliver('01-a.mp4', await fileOf(1000, 1), 'm1');
    disk.remount('ro');
    await expect(OutputFolder.inspect(dir, 'job')).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE', exitCode: 2 });
    await expect(OutputFolder.inspect(join(disk.path, 'new'), 'job')).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
    await expect(folder.deliver('02-b.mp4', await fileOf(1000, 2), 'm2')).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
    expect(() => openDatabase(join(disk.path, 'data', 'snvg.db'))).toThrow(expect.objectContaining({ code: 'OUTPUT_UNWRITABLE' }) as Error);
    disk.remount('rw');
    expect(readFileSync(join(dir, '01-a.mp4'))).toHaveLength(1000);
    expect(readdirSync(dir).toSorted()).toEqual(['.snvg.json', '01-a.mp4']);
  });
});
