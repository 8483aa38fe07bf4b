import { once } from 'node:events';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { type ChildProcess, spawn } from 'node:child_process';
import { systemClock } from '../../src/clock.js';
import { openLedgerDocuments } from '../../src/jobs/ledger-documents.js';
import type { Ledger } from '../../src/ledger/ledger.js';
import { isStoreAddress, openLedger } from '../../src/ledger/open-ledger.js';
import { isSameProcessAlive, ownIdentity, pidPlace } from '../../src/process/identity.js';
import { s3Keys, startS3 } from '../support/s3-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { asLease } from './open-test-ledger.js';

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', s3Keys.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', s3Keys.secretAccessKey);
  vi.stubEnv('AWS_REGION', 'us-east-1');
});
afterEach(() => vi.unstubAllEnvs());

const app = join(import.meta.dirname, 'fixtures/ledger-app.ts');

function start(at: string, what: string): { child: ChildProcess; lines: AsyncIterator<string>; all(): Promise<Record<string, unknown>[]> } {
  const child = spawn(process.execPath, ['--import', 'tsx', app, at, what], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const reader = createInterface({ input: child.stdout });
  const lines = reader[Symbol.asyncIterator]();
  return {
    child,
    lines,
    all: async () => {
      const result: Record<string, unknown>[] = [];
      for (let line = await lines.next(); !line.done; line = await lines.next()) result.push(JSON.parse(line.value) as Record<string, unknown>);
      return result;
    },
  };
}

async function places(): Promise<[string, string][]> {
  const server = await startS3({});
  onTestFinished(() => server.close());
  vi.stubEnv('LEDGER_ENDPOINT', server.endpoint);
  return [
    ['SQLite', join(temporaryFolder(), 'posts.db')],
    ['an object store', 's3://films/posts'],
  ];
}

function open(at: string): Promise<Ledger> {
  const self = { host: hostname(), place: pidPlace() ?? '', ...ownIdentity() };
  return openLedger(isStoreAddress(at) ? at : openLedgerDocuments(at), { self, clock: systemClock, isAlive: isSameProcessAlive, s3Endpoint: process.env['LEDGER_ENDPOINT'] ?? null });
}

it('two processes at once claim each moment once, and count together', async () => {
  for (const [where, at] of await places()) {
    const told = await Promise.all([start(at, 'claim').all(), start(at, 'claim').all()]);
    const fresh = told.flat().filter(({ kind }) => kind === 'new');
    expect(told.flat(), where).toHaveLength(30);
    expect(new Set(fresh.map(({ n }) => n)).size, where).toBe(15);
    expect(fresh, where).toHaveLength(15);
    const ledger = await open(at);
    expect(await ledger.spent('youtube', 'UC1', '2026-11-25'), where).toEqual({ claims: 30 });
    await ledger.close();
  }
});

it('an account is free at once when the process that held it was killed', async () => {
  for (const [where, at] of await places()) {
    const holder = start(at, 'hold');
    const { held } = JSON.parse(String((await holder.lines.next()).value)) as { held: { pid: number } };
    expect(held.pid, where).toBe(holder.child.pid);
    const ledger = await open(at);
    expect(await ledger.lease('youtube', 'UC1'), where).toMatchObject({ heldBy: { pid: held.pid, host: hostname() } });
    holder.child.kill('SIGKILL');
    await once(holder.child, 'exit');
    await asLease(await ledger.lease('youtube', 'UC1')).release();
    await ledger.close();
  }
});
