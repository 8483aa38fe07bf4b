import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { hashFile } from '../../src/artifacts/fingerprint.js';
import { OutputFolder } from '../../src/output/folder.js';
import { noSmallDisk, smallDisk } from '../support/small-disk.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** What fsync answers, by what is synced; undefined: the truth. */
const refusing: { file: string | undefined; folder: string | undefined } = { file: undefined, folder: undefined };

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return {
    ...real,
    open: async (...args: Parameters<typeof real.open>) => {
      const handle = await real.open(...args);
      const code = (await handle.stat()).isDirectory() ? refusing.folder : refusing.file;
      if (code !== undefined) handle.sync = () => Promise.reject(Object.assign(new Error(`${code}: fsync`), { code }));
      return handle;
    },
  };
});

beforeEach(() => {
  refusing.file = undefined;
  refusing.folder = undefined;
});

async function made(text: string): Promise<{ path: string; sha256: string }> {
  const path = join(temporaryFolder(), 'made');
  writeFileSync(path, text);
  return { path, sha256: (await hashFile(path)).sha256 };
}

describe('file systems that do less than most', () => {
  test.each([
    [undefined, 'EINVAL'],
    [undefined, 'EISDIR'],
    ['ENOTSUP', 'EBADF'],
    ['EINVAL', 'EPERM'],
  ])('without fsync (files: %s, folders: %s) clips are delivered all the same', async (file, folder) => {
    Object.assign(refusing, { file, folder });
    const dir = join(temporaryFolder(), 'out');
    const out = await OutputFolder.inspect(dir, 'job');
    await out.deliver('01-a.mp4', await made('one'), 'm1');
    expect(readdirSync(dir).toSorted()).toEqual(['.snvg.json', '01-a.mp4']);
  });

  test('a disk that fails while it syncs is not passed over', async () => {
    refusing.file = 'EIO';
    const out = await OutputFolder.inspect(join(temporaryFolder(), 'out'), 'job');
    await expect(out.deliver('01-a.mp4', await made('one'), 'm1')).rejects.toThrow(/EIO/);
  });

  test('times kept to two seconds: an edit of equal length right after delivery is seen, and an untouched clip is not made again', async () => {
    const dir = join(temporaryFolder(), 'out');
    const out = await OutputFolder.inspect(dir, 'job');
    await out.deliver('01-a.srt', await made('a word'), 'm1');
    await out.deliver('01-a.mp4', await made('x'.repeat(300_000)), 'm1');
    // What exFAT leaves of times: even seconds, for delivery and edit alike.
    const coarse = Math.floor(Date.now() / 2000) * 2;
    const ledger = readFileSync(join(dir, '.snvg.json'), 'utf8');
    writeFileSync(join(dir, '.snvg.json'), ledger.replaceAll(/"mtimeMs": [0-9.]+/g, `"mtimeMs": ${coarse * 1000}`));
    writeFileSync(join(dir, '01-a.srt'), 'a ward');
    utimesSync(join(dir, '01-a.srt'), coarse, coarse);
    utimesSync(join(dir, '01-a.mp4'), coarse - 2, coarse - 2);
    const again = await OutputFolder.inspect(dir, 'job');
    expect(await again.editedCaptions('m1')).toBe(join(dir, '01-a.srt'));
    const before = statSync(join(dir, '01-a.mp4')).ino;
    await again.deliver('01-a.mp4', await made('x'.repeat(300_000)), 'm1');
    expect(statSync(join(dir, '01-a.mp4')).ino).toBe(before);
  });

  test('where Talk and talk are one file, a changed spelling is still snvg’s own and is not retired', async () => {
    const dir = join(temporaryFolder(), 'out');
    const out = await OutputFolder.inspect(dir, 'job');
    await out.deliver('01-Talk.mp4', await made('one'), 'm1');
    // A second name of the same file: what such a file system shows when asked for the other spelling.
    linkSync(join(dir, '01-Talk.mp4'), join(dir, '01-talk.mp4'));
    const again = await OutputFolder.inspect(dir, 'job');
    await again.deliver('01-talk.mp4', await made('one'), 'm1');
    expect(await again.retireAllBut(new Set(['01-talk.mp4']))).toEqual([]);
    await again.deliver('01-talk.mp4', await made('two'), 'm1');
    expect(readFileSync(join(dir, '01-talk.mp4'), 'utf8')).toBe('two');
  });

  test('what systems put into folders on their own is nobody’s', async () => {
    const dir = temporaryFolder();
    for (const name of ['.DS_Store', '._x', 'Thumbs.db', 'desktop.ini', '.0123456789ab.part']) writeFileSync(join(dir, name), '');
    mkdirSync(join(dir, 'lost+found'));
    const out = await OutputFolder.inspect(dir, 'job');
    await out.deliver('01-a.mp4', await made('one'), 'm1');
    writeFileSync(join(dir, '02-b.txt'), '');
    expect(readdirSync(dir)).toContain('.DS_Store');
    await expect(OutputFolder.inspect(temporaryFolder(), 'job')).resolves.toBeDefined();
  });

  test.skipIf(noSmallDisk !== undefined)('.previous on another disk: what is retired is copied there', async () => {
    const disk = smallDisk('size=300k');
    const dir = join(temporaryFolder(), 'out');
    const out = await OutputFolder.inspect(dir, 'job');
    await out.deliver('01-a.mp4', await made('one'), 'm1');
    symlinkSync(disk.path, join(dir, '.previous'));
    expect(await out.retireAllBut(new Set())).toEqual(['01-a.mp4']);
    expect(readdirSync(disk.path)).toEqual(['01-a.mp4']);
    expect(readdirSync(dir).toSorted()).toEqual(['.previous', '.snvg.json']);
  });
});

describe('what people do in the folder', () => {
  test('what was deleted comes back', async () => {
    const dir = join(temporaryFolder(), 'out');
    const out = await OutputFolder.inspect(dir, 'job');
    await out.deliver('01-a.mp4', await made('one'), 'm1');
    await out.deliver('01-a.srt', await made('words'), 'm1');
    rmSync(join(dir, '01-a.mp4'));
    rmSync(join(dir, '01-a.srt'));
    const again = await OutputFolder.inspect(dir, 'job');
    await again.deliver('01-a.mp4', await made('one'), 'm1');
    await again.deliver('01-a.srt', await made('words'), 'm1');
    expect(readdirSync(dir).toSorted()).toEqual(['.snvg.json', '01-a.mp4', '01-a.srt']);
  });

  test('a folder that is removed during a run is named, and the next run makes it anew', async () => {
    const dir = join(temporaryFolder(), 'out');
    const out = await OutputFolder.inspect(dir, 'job');
    await out.deliver('01-a.mp4', await made('one'), 'm1');
    rmSync(dir, { recursive: true });
    await expect(out.deliver('02-b.mp4', await made('two'), 'm2')).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE', message: expect.stringContaining('was removed') as string });
    await (await OutputFolder.inspect(dir, 'job')).deliver('01-a.mp4', await made('one'), 'm1');
    expect(readdirSync(dir).toSorted()).toEqual(['.snvg.json', '01-a.mp4']);
  });

  test('two corrected caption files that change places both keep their words', async () => {
    const dir = join(temporaryFolder(), 'out');
    const out = await OutputFolder.inspect(dir, 'job');
    await out.deliver('01.srt', await made('a'), 'm1');
    await out.deliver('02.srt', await made('b'), 'm2');
    writeFileSync(join(dir, '01.srt'), 'a corrected');
    writeFileSync(join(dir, '02.srt'), 'b corrected');
    const again = await OutputFolder.inspect(dir, 'job');
    await Promise.all([again.deliver('02.srt', await made('a'), 'm1'), again.deliver('01.srt', await made('b'), 'm2')]);
    expect(readFileSync(join(dir, '02.srt'), 'utf8')).toBe('a corrected');
    expect(readFileSync(join(dir, '01.srt'), 'utf8')).toBe('b corrected');
    expect(readdirSync(dir).toSorted()).toEqual(['.snvg.json', '01.srt', '02.srt']);
    const third = await OutputFolder.inspect(dir, 'job');
    expect([await third.editedCaptions('m1'), await third.editedCaptions('m2')]).toEqual([join(dir, '02.srt'), join(dir, '01.srt')]);
  });

  test('corrected words that would land on somebody else’s file are not moved there', async () => {
    const dir = join(temporaryFolder(), 'out');
    const out = await OutputFolder.inspect(dir, 'job');
    await out.deliver('01.srt', await made('a'), 'm1');
    writeFileSync(join(dir, '01.srt'), 'a corrected');
    writeFileSync(join(dir, '02.srt'), 'foreign');
    const again = await OutputFolder.inspect(dir, 'job');
    await expect(again.deliver('02.srt', await made('a'), 'm1')).rejects.toMatchObject({ code: 'OUTPUT_NOT_OURS' });
    expect(readFileSync(join(dir, '02.srt'), 'utf8')).toBe('foreign');
    expect(readFileSync(join(dir, '01.srt'), 'utf8')).toBe('a corrected');
  });
});
