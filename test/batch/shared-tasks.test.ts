import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { hashFile } from '../../src/artifacts/fingerprint.js';
import { FileArtifactStore } from '../../src/artifacts/file-store.js';
import { TaskResults } from '../../src/artifacts/task-results.js';
import { openDatabase, type Database } from '../../src/jobs/database.js';
import type { LeaseHolder } from '../../src/jobs/jobs.js';
import { StoredTaskClaims } from '../../src/jobs/task-claims.js';
import { createLogger } from '../../src/logger.js';
import { LocalBackend } from '../../src/pipeline/backends/local.js';
import { probeOperation } from '../../src/pipeline/ingest/probe-operation.js';
import { Resources } from '../../src/pipeline/resources.js';
import type { TaskClaims } from '../../src/pipeline/run-task.js';
import type { RunEventBody } from '../../src/pipeline/run-event.js';
import { Runner } from '../../src/pipeline/runner.js';
import { testToolchain } from '../support/real-planner.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { fixture } from '../wrong-inputs/run-snvg.js';

/** A process of its own as far as results and claims go: a backend with one core over a shared cache folder. */
function process(root: string, claims?: TaskClaims): LocalBackend {
  return new LocalBackend(
    {
      store: new FileArtifactStore(join(root, 'store')),
      results: new TaskResults(join(root, 'results')),
      toolchain: testToolchain,
      resources: new Resources(),
      ...(claims ? { claims } : {}),
      scratchRoot: join(root, 'scratch'),
      log: createLogger('silent'),
    },
    2,
  );
}

/** One job that probes one file. */
function probing(root: string, backend: LocalBackend, path: string, signal = new AbortController().signal): { events: RunEventBody[]; done: Promise<unknown> } {
  const events: RunEventBody[] = [];
  const runner = new Runner({
    backend,
    store: new FileArtifactStore(join(root, 'store')),
    results: new TaskResults(join(root, 'results')),
    toolchain: testToolchain,
    signal,
    emit: (event) => events.push(event),
    fingerprint: async (file) => ({ path: file, ...(await hashFile(file)) }),
  });
  const ask = async (): Promise<unknown> => runner.task(probeOperation, { minLengthUs: 3_000_000, audioTrack: null, language: null }, { file: await runner.fingerprint(path) }, { label: path });
  return { events, done: ask() };
}

const starts = (events: readonly RunEventBody[]): number => events.filter((event) => event.type === 'task-started').length;
const cached = (events: readonly RunEventBody[]): unknown[] => events.flatMap((event) => (event.type === 'task-finished' ? [event.cached] : []));

const claimsOf = (db: Database, holder: LeaseHolder, alive: readonly LeaseHolder[]): StoredTaskClaims => new StoredTaskClaims(db, holder, (one) => alive.some(({ pid }) => pid === one.pid));
const me: LeaseHolder = { host: 'here', pid: 1, startTime: '1' };
const other: LeaseHolder = { host: 'here', pid: 2, startTime: '2' };

test('two jobs with the same content under two names run each task once', async () => {
  const root = temporaryFolder();
  const copy = join(root, 'copy.mp4');
  copyFileSync(fixture('beep-flash.mp4'), copy);
  const backend = process(root);
  const jobs = [probing(root, backend, fixture('beep-flash.mp4')), probing(root, backend, copy)];
  const [one, two] = await Promise.all(jobs.map((job) => job.done));
  expect(one).toEqual(two);
  expect(jobs.map(({ events }) => starts(events)).toSorted()).toEqual([0, 1]);
  expect(jobs.flatMap(({ events }) => cached(events)).toSorted()).toEqual([false, true]);
  await backend.close();
});

test('a task of another living process is waited for without a slot, and its result taken', async () => {
  const root = temporaryFolder();
  const db = openDatabase(join(root, 'snvg.db'));
  const alive = [me, other];
  // The other process holds every key until it has put the result, as its backend would.
  const theirs = claimsOf(db, other, alive);
  const mine = claimsOf(db, me, alive);
  const backend = process(root, { take: (key) => (theirs.take(key), mine.take(key)), heldByOthers: (key) => mine.heldByOthers(key), release: (key) => mine.release(key) });
  const waiting = probing(root, backend, fixture('beep-flash.mp4'));
  await sleep(400);
  expect(starts(waiting.events)).toBe(0);
  expect(backend.capacity().free).toBe(2);

  const elsewhere = process(root, theirs);
  const working = probing(root, elsewhere, fixture('beep-flash.mp4'));
  await working.done;
  await waiting.done;
  expect(starts(working.events)).toBe(1);
  expect(starts(waiting.events)).toBe(0);
  expect(cached(waiting.events)).toEqual([true]);
  db.close();
});

test('waiting for another process ends with a cancel, and with the death of that process', async () => {
  const root = temporaryFolder();
  const db = openDatabase(join(root, 'snvg.db'));
  const alive = [me, other];
  const theirs = claimsOf(db, other, alive);
  const mine = claimsOf(db, me, alive);
  let theirTurn = true;
  const backend = process(root, {
    take: (key) => {
      if (theirTurn) theirs.take(key);
      return mine.take(key);
    },
    heldByOthers: (key) => mine.heldByOthers(key),
    release: (key) => mine.release(key),
  });
  const cancel = new AbortController();
  const cancelled = probing(root, backend, fixture('beep-flash.mp4'), cancel.signal);
  await sleep(300);
  cancel.abort(new Error('cancelled'));
  await expect(cancelled.done).rejects.toThrow('cancelled');

  const waiting = probing(root, backend, fixture('beep-flash.mp4'));
  await sleep(300);
  theirTurn = false;
  alive.pop();
  await waiting.done;
  expect(starts(waiting.events)).toBe(1);
  db.close();
});

test('a file that goes away fails under its own name alone', async () => {
  const root = temporaryFolder();
  const copy = join(root, 'copy.mp4');
  copyFileSync(fixture('beep-flash.mp4'), copy);
  const backend = process(root);
  const gone = probing(root, backend, copy);
  gone.done.catch(() => {});
  while (gone.events.every((event) => event.type !== 'task-queued')) await sleep(1);
  rmSync(copy);
  const there = probing(root, backend, fixture('beep-flash.mp4'));
  await there.done;
  expect(cached(there.events)).toHaveLength(1);
  await backend.close();
});

test('claims: one holder, none after its death, and each process gives back only its own', () => {
  const db = openDatabase(':memory:');
  const alive = [me, other];
  const [mine, theirs] = [claimsOf(db, me, alive), claimsOf(db, other, alive)];
  expect(mine.take('k')).toBe(true);
  expect(mine.take('k')).toBe(true);
  expect(theirs.take('k')).toBe(false);
  expect(theirs.heldByOthers('k')).toBe(true);
  theirs.release('k');
  theirs.releaseAll();
  expect(theirs.take('k')).toBe(false);
  alive.shift();
  expect(theirs.take('k')).toBe(true);
  expect(mine.take('k')).toBe(false);
  alive.unshift(me);
  theirs.releaseAll();
  expect(mine.heldByOthers('k')).toBe(false);
  db.close();
});
