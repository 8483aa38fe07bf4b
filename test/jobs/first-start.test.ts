import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '../../src/jobs/database.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const app = join(import.meta.dirname, 'fixtures/database-app.ts');
const processes = 4;
/** From telling all of them to the moment at which they open it. */
const noticeMs = 25;

interface Opener {
  open(path: string, atMs: number): Promise<unknown>;
  end(): void;
}

async function opener(): Promise<Opener> {
  const child = spawn(process.execPath, ['--import', 'tsx', app], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<unknown> => JSON.parse((await lines.next()).value ?? 'null') as unknown;
  expect(await answer()).toBe('ready');
  return {
    open(path, atMs) {
      child.stdin.write(`${JSON.stringify({ path, atMs })}\n`);
      return answer();
    },
    end: () => void child.kill('SIGKILL'),
  };
}

let openers: Opener[] = [];
let whole: unknown;
beforeAll(async () => {
  openers = await Promise.all(Array.from({ length: processes }, opener));
  const alone = openDatabase(':memory:');
  whole = { tables: alone.prepare("SELECT count(*) FROM sqlite_schema WHERE type = 'table'").pluck().get(), journal: 'wal' };
  alone.close();
});
afterAll(() => {
  for (const one of openers) one.end();
});

function allOpen(path: string): Promise<unknown[]> {
  const atMs = performance.timeOrigin + performance.now() + noticeMs;
  return Promise.all(openers.map((one) => one.open(path, atMs)));
}

test('several processes that make one database at the same moment all have it, whole', async () => {
  const dir = temporaryFolder();
  for (let round = 1; round <= 20; round += 1) {
    // In a folder that is not there either.
    expect(await allOpen(join(dir, `round-${round}`, 'snvg.db')), `round ${round}`).toEqual(openers.map(() => whole));
  }
});

test('several processes wait for another one that has just begun to make it', async () => {
  const dir = temporaryFolder();
  for (let round = 1; round <= 5; round += 1) {
    const path = join(dir, `round-${round}`, 'snvg.db');
    mkdirSync(dirname(path));
    const maker = new Sqlite(path);
    // Before its first commit and not in WAL yet: the lock for which SQLite lets nobody wait who wants to switch.
    maker.exec('BEGIN IMMEDIATE');
    let answered = false;
    const answers = allOpen(path).finally(() => (answered = true));
    await pause(200);
    expect(answered, `round ${round}`).toBe(false);
    maker.exec('COMMIT');
    maker.close();
    expect(await answers, `round ${round}`).toEqual(openers.map(() => whole));
  }
});
