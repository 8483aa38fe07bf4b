import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/jobs/database.js';
import { EventLog } from '../../src/jobs/events.js';
import { Jobs, type LeaseHolder } from '../../src/jobs/jobs.js';
import { Memo } from '../../src/jobs/memo.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const clock = { nowMs: () => 1_000, monotonicMs: () => 0 };
const job = { id: 'abc123', sourcePath: '/v/talk.mp4', outputDir: '/v/talk.snvg', settings: { clips: 3 } };
const me: LeaseHolder = { host: 'here', pid: 10, startTime: '5' };
const other: LeaseHolder = { host: 'here', pid: 11, startTime: '6' };

function openJobs(alive: LeaseHolder[] = [me, other]): { jobs: Jobs; events: EventLog } {
  const db = openDatabase(join(temporaryFolder(), 'snvg.db'));
  return { jobs: new Jobs(db, clock, (holder) => alive.some((one) => one.pid === holder.pid && one.startTime === holder.startTime)), events: new EventLog(db) };
}

test('a living writer keeps its job, a dead one loses it at once', () => {
  const alive = [me, other];
  const { jobs } = openJobs(alive);
  jobs.claim(job, me);
  jobs.claim(job, me);
  expect(() => jobs.claim(job, other)).toThrowError(/already being worked on by process 10/);
  alive.splice(0, 1);
  jobs.claim(job, other);
  expect(jobs.get('abc123').lease).toEqual(other);
});

test('a pid used again by another process is not the old holder', () => {
  const { jobs } = openJobs([{ ...me, startTime: '99' }, other]);
  jobs.claim(job, me);
  jobs.claim(job, other);
  expect(jobs.get('abc123').lease?.pid).toBe(11);
});

test('a released job is free, keeps how it ended, and is found by the beginning of its id', () => {
  const { jobs } = openJobs();
  jobs.claim(job, me);
  jobs.release(job.id, 'failed', { code: 'NO_CLIP', message: 'm', remedy: 'r', exitCode: 8 });
  expect(jobs.get('abc')).toMatchObject({ state: 'failed', lease: null, error: { code: 'NO_CLIP' }, settings: { clips: 3 } });
  jobs.claim({ ...job, id: 'abd' }, me);
  expect(() => jobs.get('ab')).toThrowError(/More than one job/);
  expect(() => jobs.get('zz')).toThrowError(/no job zz/);
  expect(() => jobs.get('%')).toThrowError(/no job/);
});

test('cancelling asks a living writer, and ends a dead one', () => {
  const alive = [me];
  const { jobs } = openJobs(alive);
  jobs.claim(job, me);
  expect(jobs.requestCancel(job.id)).toBe('asked');
  expect(jobs.cancelRequested(job.id)).toBe(true);
  alive.pop();
  expect(jobs.requestCancel(job.id)).toBe('cancelled');
  expect(jobs.requestCancel(job.id)).toBe('idle');
  expect(jobs.get(job.id).state).toBe('cancelled');
  jobs.claim(job, other);
  expect(jobs.cancelRequested(job.id)).toBe(false);
});

test('events keep their order, progress is not kept, and tasks show their last state', () => {
  const { jobs, events } = openJobs();
  jobs.claim(job, me);
  const task = { jobId: job.id, at: 1, taskKey: 'k1', stage: 'render', op: 'render.clip', label: 'clip 1' } as const;
  events.append({ type: 'task-queued', ...task });
  events.append({ type: 'task-started', ...task });
  events.append({ type: 'task-progress', jobId: job.id, at: 2, taskKey: 'k1', stage: 'render', fraction: 0.5 });
  events.append({ type: 'task-finished', ...task, cached: false, cpuSeconds: 4.5, wallMs: 10 });
  events.append({ type: 'task-finished', ...task, cached: true, cpuSeconds: 0, wallMs: 0 });
  expect(events.read(job.id).map(({ seq, event }) => [seq, event.type])).toEqual([[1, 'task-queued'], [2, 'task-started'], [3, 'task-finished'], [4, 'task-finished']]);
  expect(events.read(job.id, 3)).toHaveLength(1);
  expect(events.tasks(job.id)).toEqual([{ key: 'k1', stage: 'render', op: 'render.clip', label: 'clip 1', state: 'finished', cached: true, cpuSeconds: 4.5 }]);
  expect(events.taskKeys()).toEqual(new Set(['k1']));
  expect(jobs.deleteIdle(job.id)).toBe(false);
  jobs.release(job.id, 'done', null);
  expect(jobs.deleteIdle(job.id)).toBe(true);
  expect(events.read(job.id)).toEqual([]);
});

test('a damaged database is refused and left as it is', () => {
  const path = join(temporaryFolder(), 'snvg.db');
  writeFileSync(path, 'this is no database, and long enough to be looked at as one'.repeat(100));
  expect(() => openDatabase(path)).toThrowError(expect.objectContaining({ code: 'DATABASE_CORRUPT', exitCode: 4 }));
});

test('a database of a newer snvg is refused', () => {
  const path = join(temporaryFolder(), 'snvg.db');
  const db = openDatabase(path);
  db.pragma('user_version = 999');
  db.close();
  expect(() => openDatabase(path)).toThrowError(/newer snvg/);
});

test('memory outlives the process that wrote it', () => {
  const path = join(temporaryFolder(), 'snvg.db');
  const first = openDatabase(path);
  new Memo(first).set('a', '1');
  new Memo(first).set('a', '2');
  first.close();
  const second = openDatabase(path);
  expect(new Memo(second).get('a')).toBe('2');
  second.close();
});
