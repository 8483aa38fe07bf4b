import { expect, test } from 'vitest';
import { z } from 'zod';
import { FileArtifactStore } from '../../src/artifacts/file-store.js';
import { TaskResults } from '../../src/artifacts/task-results.js';
import { openDatabase } from '../../src/jobs/database.js';
import { EventLog } from '../../src/jobs/events.js';
import { Jobs } from '../../src/jobs/jobs.js';
import type { Logger } from '../../src/logger.js';
import type { Backend } from '../../src/pipeline/backends/backend.js';
import type { RunEventBody } from '../../src/pipeline/run-event.js';
import { Runner } from '../../src/pipeline/runner.js';
import { defineOperation } from '../../src/pipeline/stage.js';
import { testToolchain } from '../support/real-planner.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const operation = defineOperation({ id: 'ingest.noted', stage: 'ingest', version: 1, params: z.object({ n: z.number() }), outputs: {}, tools: [], slots: 1, run: async () => ({}) });

/** A backend of two machines: even numbers are done on anna, odd ones here. */
const twoMachines: Backend = {
  id: 'two',
  async *submit(task) {
    const { n } = task.params as { n: number };
    yield { type: 'started', ...(n % 2 === 0 ? { host: 'anna' } : {}) };
    if (n === 3) throw new Error('it cannot be done');
    yield { type: 'finished', result: { key: task.key, op: task.op, outputs: {}, notices: [], cpuSeconds: 1, wallMs: 5 }, shared: false };
  },
  capacity: () => ({ total: 2, free: 2 }),
  close: () => Promise.resolve(),
};

/** Keeps every line with the fields of all its parents. */
function keepingLog(lines: Record<string, unknown>[], fields: Record<string, unknown> = {}): Logger {
  const line = (own: unknown, text?: unknown): void => void lines.push({ ...fields, ...(own as object), text });
  return { debug: line, info: line, warn: line, error: line, child: (more: Record<string, unknown>) => keepingLog(lines, { ...fields, ...more }) } as Logger;
}

test('where a task runs is in its event, in the log that is kept, and in structured logs with the ids of job and task', async () => {
  const dir = temporaryFolder();
  const lines: Record<string, unknown>[] = [];
  const events: RunEventBody[] = [];
  const runner = new Runner({
    backend: twoMachines,
    store: new FileArtifactStore(dir),
    results: new TaskResults(dir),
    toolchain: testToolchain,
    signal: new AbortController().signal,
    emit: (event) => events.push(event),
    fingerprint: () => Promise.reject(new Error('no file is read')),
    log: keepingLog(lines).child({ job: 'job-1' }),
  });
  for (const n of [1, 2]) await runner.task(operation, { n }, {});
  await expect(runner.task(operation, { n: 3 }, {})).rejects.toThrow('it cannot be done');
  const started = events.filter((event) => event.type === 'task-started');
  expect(started.map(({ host }) => host)).toEqual([undefined, 'anna', undefined]);
  expect(Object.keys(started[0] ?? {})).not.toContain('host');
  const db = openDatabase(':memory:');
  new Jobs(db, { nowMs: () => 1, monotonicMs: () => 1 }, () => true).claim({ id: 'job-1', sourcePath: '/a', outputDir: '/b', settings: {} }, { host: 'h', pid: 1, startTime: '1' });
  const log = new EventLog(db);
  for (const event of events) log.append({ ...event, jobId: 'job-1', at: 1 });
  expect(log.read('job-1').flatMap(({ event }) => (event.type === 'task-started' ? [event.host] : []))).toEqual([undefined, 'anna', undefined]);
  expect(lines.map(({ job, task, op, host, text }) => [job, typeof task === 'string' && task.length, op, host, text])).toEqual([
    ['job-1', 12, 'ingest.noted', undefined, 'task started'],
    ['job-1', 12, 'ingest.noted', undefined, 'task finished'],
    ['job-1', 12, 'ingest.noted', 'anna', 'task started'],
    ['job-1', 12, 'ingest.noted', undefined, 'task finished'],
    ['job-1', 12, 'ingest.noted', undefined, 'task started'],
    ['job-1', 12, 'ingest.noted', undefined, 'it cannot be done'],
  ]);
});
