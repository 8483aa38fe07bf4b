import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openExchange } from '../../src/artifacts/open-exchange.js';
import { patiently } from '../../src/artifacts/patiently.js';
import { noSmallDisk, smallDisk } from '../support/small-disk.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { exchangeContract } from './exchange-contract.js';

const hidden = /\/\.[^/]*\.part$/;

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath.slice(folder.length + 1)}/${entry.name}`.replace(/^\//, ''));
}

exchangeContract('a shared folder', (dir) => {
  const folder = join(dir, 'share');
  mkdirSync(folder);
  let machines = 0;
  const age = (key: string, ms: number): void => {
    const then = (Date.now() - ms) / 1000;
    utimesSync(join(folder, key), then, then);
  };
  return Promise.resolve({
    open: () => openExchange(folder, { cacheDir: join(dir, `machine-${(machines += 1)}`), s3Endpoint: null }),
    age: async (key, ms) => age(key, ms),
    write: async (key, text) => {
      mkdirSync(dirname(join(folder, key)), { recursive: true });
      writeFileSync(join(folder, key), text);
    },
    keys: async () => filesBelow(folder).filter((key) => !hidden.test(`/${key}`)),
    leaveUnfinished: async (_exchange, ageMs) => {
      const key = `artifacts/ab/.elsewhere.4711.${ageMs.toString(16).padStart(12, '0')}.part`;
      mkdirSync(dirname(join(folder, key)), { recursive: true });
      writeFileSync(join(folder, key), 'half of a fi');
      age(key, ageMs);
    },
    unfinished: async () => filesBelow(folder).filter((key) => hidden.test(`/${key}`)).length,
    close: () => Promise.resolve(),
  });
});

const open = (folder: string, cacheDir: string) => openExchange(folder, { cacheDir, s3Endpoint: null });

it('refuses a folder that is not there, and what is no folder or no store', async () => {
  const dir = temporaryFolder();
  writeFileSync(join(dir, 'file'), '');
  await expect(open(join(dir, 'not-mounted'), dir)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', exitCode: 5 });
  await expect(open(join(dir, 'file'), dir)).rejects.toMatchObject({ code: 'STORE_INVALID', exitCode: 2 });
  await expect(open('redis://127.0.0.1:6379', dir)).rejects.toMatchObject({ code: 'STORE_INVALID' });
  writeFileSync(join(dir, 'store.json'), '{"format":2}\n');
  await expect(open(dir, dir)).rejects.toMatchObject({ code: 'STORE_INVALID', message: expect.stringContaining(dir) });
});

it('says that the share is gone when it is unmounted meanwhile', async () => {
  const dir = temporaryFolder();
  const folder = join(dir, 'share');
  mkdirSync(folder);
  const exchange = await open(folder, join(dir, 'cache'));
  rmSync(folder, { recursive: true });
  await expect(exchange.artifacts.put('cues', { bytes: Buffer.from('x') })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', message: expect.stringContaining('gone') });
});

it('leaves nothing that can be seen when it is killed half-way through a put', async () => {
  const dir = temporaryFolder();
  const folder = join(dir, 'share');
  mkdirSync(folder);
  const exchange = await open(folder, join(dir, 'cache'));
  const child = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('put-for-ever.ts', import.meta.url)), folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    while (!filesBelow(folder).some((key) => hidden.test(`/${key}`))) {
      if (child.exitCode !== null) throw new Error('the putting process ended by itself');
      await sleep(2);
    }
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
  // Whatever can be seen is whole.
  for await (const { hash } of exchange.artifacts.list()) await exchange.artifacts.materialize(hash);
  for (const key of filesBelow(folder).filter((one) => hidden.test(`/${one}`))) {
    const then = Date.now() / 1000 - 25 * 3600;
    utimesSync(join(folder, key), then, then);
  }
  await exchange.collect({ olderThanMs: 7 * 86_400_000 });
  expect(filesBelow(folder).filter((key) => hidden.test(`/${key}`))).toEqual([]);
});

it.skipIf(noSmallDisk !== undefined)('a full disk during a put: says so, leaves nothing, and goes on when there is room', async () => {
  const disk = smallDisk('size=2m');
  const exchange = await open(disk.path, temporaryFolder());
  const bytes = Buffer.alloc(900_000, 7);
  disk.fill(100_000);
  await expect(exchange.artifacts.put('clip.mp4', { bytes })).rejects.toMatchObject({ code: 'DISK_FULL', message: expect.stringContaining(disk.path) });
  expect(filesBelow(disk.path).filter((key) => key.startsWith('artifacts/'))).toEqual([]);
  disk.empty();
  const { hash } = await exchange.artifacts.put('clip.mp4', { bytes });
  expect(readFileSync(await exchange.artifacts.materialize(hash))).toEqual(bytes);
});

it('makes a request again while a server has lost its handle, and gives up in the end', async () => {
  const stale = Object.assign(new Error('stale file handle'), { code: 'ESTALE' });
  let asked = 0;
  expect(
    await patiently(async () => {
      asked += 1;
      if (asked < 3) throw stale;
      return 'there';
    }),
  ).toBe('there');
  asked = 0;
  await expect(
    patiently(async () => {
      asked += 1;
      throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    }),
  ).rejects.toMatchObject({ code: 'ENOENT' });
  expect(asked).toBe(1);
});

it('goes by the file system’s times when the clock of a machine is wrong', async () => {
  const dir = temporaryFolder();
  const folder = join(dir, 'share');
  mkdirSync(folder);
  const exchange = await open(folder, join(dir, 'cache'));
  const { hash } = await exchange.artifacts.put('cues', { bytes: Buffer.from('of now') });
  // Another machine, whose clock is nine days ahead.
  const script = fileURLToPath(new URL('collect-ahead.ts', import.meta.url));
  const said = execFileSync(process.execPath, ['--import', 'tsx', script, folder, join(dir, 'other'), String(9 * 86_400_000)], { encoding: 'utf8' });
  expect(JSON.parse(said)).toMatchObject({ artifacts: 0, aheadByMs: expect.any(Number) });
  expect(JSON.parse(said).aheadByMs).toBeGreaterThan(8 * 86_400_000);
  expect(await exchange.artifacts.has(hash)).toBe(true);
});
