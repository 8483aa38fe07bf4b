import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/jobs/database.js';
import { EventLog } from '../../src/jobs/events.js';
import { Jobs, type LeaseHolder } from '../../src/jobs/jobs.js';
import { JobQueue, type QueuedJob } from '../../src/jobs/queue.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const holder = (pid: number): LeaseHolder => ({ host: 'here', pid, startTime: String(pid) });
const ask = (id: string, changes: Partial<QueuedJob> = {}): QueuedJob => ({ id, sourcePath: `/v/${id}.mp4`, outputDir: `/v/${id}.snvg`, settings: { clips: 3 }, request: {}, priority: 0, ...changes });
const same = (): boolean => true;
const other = (): boolean => false;
const nothing = (): void => {};

interface House {
  jobs: Jobs;
  queue: JobQueue;
  events: EventLog;
  alive: Set<number>;
  clock: { wallMs: number };
}

/** Processes by their pid, of which some live, and a wall clock that can be set. */
function house(path = ':memory:', ...pids: number[]): House {
  const db = openDatabase(path);
  const alive = new Set(pids);
  const time = { wallMs: 1_000_000_000 };
  const clock = { nowMs: () => time.wallMs, monotonicMs: () => 0 };
  const isAlive = ({ pid }: LeaseHolder): boolean => alive.has(pid);
  return { jobs: new Jobs(db, clock, isAlive), queue: new JobQueue(db, clock, isAlive), events: new EventLog(db), alive, clock: time };
}

test('jobs are taken by priority, then in the order they came; nobody takes one that another has', () => {
  const { queue, jobs } = house(':memory:', 1, 2);
  for (const [id, priority] of [['a', 0], ['b', 0], ['c', 5], ['d', -1]] as const) expect(queue.submit(ask(id, { priority }), other, nothing)).toBe('queued');
  expect(queue.waiting()).toBe(4);
  const taken = [1, 2, 1, 2].map((pid) => queue.takeNext(holder(pid))?.job.id);
  expect(taken).toEqual(['c', 'a', 'b', 'd']);
  expect(queue.takeNext(holder(1))).toBeUndefined();
  expect(jobs.get('a')).toMatchObject({ state: 'running', detached: true, lease: holder(2), settings: { clips: 3 } });
});

test('fault 26: the same job handed over twice is one job, at its first place, with the newer settings', () => {
  const { queue, jobs } = house(':memory:', 1);
  let queued = 0;
  const submit = (job: QueuedJob, isSame: () => boolean): unknown => queue.submit(job, isSame, () => (queued += 1));
  expect(submit(ask('a'), other)).toBe('queued');
  expect(submit(ask('b'), other)).toBe('queued');
  expect(submit(ask('a'), same)).toBe('waiting');
  expect(submit(ask('a', { settings: { clips: 5 } }), other)).toBe('changed');
  expect([queued, jobs.list().length]).toEqual([2, 2]);
  expect(queue.takeNext(holder(1))?.job).toMatchObject({ id: 'a', settings: { clips: 5 } });
  expect(submit(ask('a'), same)).toBe('running');
  expect(() => submit(ask('a'), other)).toThrowError(expect.objectContaining({ code: 'JOB_BUSY' }));
  jobs.release('a', 'done', null);
  expect(submit(ask('a'), same)).toBe('queued');
  expect(queue.takeNext(holder(1))?.job.id).toBe('b');
});

test('a job whose process died is taken over, one that it had finished or somebody cancelled is not', () => {
  const { queue, jobs, alive } = house(':memory:', 1, 2);
  for (const id of ['a', 'b', 'c']) queue.submit(ask(id), other, nothing);
  for (const _ of 'abc') queue.takeNext(holder(1));
  jobs.release('b', 'done', null);
  expect(jobs.requestCancel('c')).toBe('asked');
  expect(queue.takeNext(holder(2))).toBeUndefined();
  alive.delete(1);
  expect(queue.takeNext(holder(2))).toMatchObject({ job: { id: 'a' }, orphaned: true });
  expect(queue.takeNext(holder(2))).toBeUndefined();
  expect(['a', 'b', 'c'].map((id) => jobs.get(id).state)).toEqual(['running', 'done', 'cancelled']);
});

test('what is put back is next; a queued job can be taken out, and is not forgotten by a clean-up', () => {
  const { queue, jobs } = house(':memory:', 1, 2);
  for (const id of ['a', 'b']) queue.submit(ask(id), other, nothing);
  queue.takeNext(holder(1));
  let queued = 0;
  queue.putBack('a', holder(2), () => (queued += 1));
  expect([queued, jobs.get('a').state]).toEqual([0, 'running']);
  queue.putBack('a', holder(1), () => (queued += 1));
  expect([queued, jobs.get('a')]).toMatchObject([1, { state: 'queued', lease: null }]);
  expect(jobs.deleteIdle('a')).toBe(false);
  expect(jobs.requestCancel('a')).toBe('cancelled');
  expect(queue.takeNext(holder(1))?.job.id).toBe('b');
  expect(queue.takeNext(holder(1))).toBeUndefined();
});

test('a foreground run takes a job out of the queue; should it die, the job is still a coordinator’s, but not once it ended', () => {
  const { queue, jobs, alive } = house(':memory:', 1, 2);
  queue.submit(ask('a'), other, nothing);
  jobs.claim({ ...ask('a'), request: { until: 'render' } }, holder(1));
  alive.delete(1);
  expect(queue.takeNext(holder(2))).toMatchObject({ job: { id: 'a', request: { until: 'render' } }, orphaned: true });
  jobs.claim(ask('a'), holder(2));
  jobs.release('a', 'done', null);
  alive.add(3);
  jobs.claim(ask('a'), holder(3));
  alive.delete(3);
  expect(queue.takeNext(holder(2))).toBeUndefined();
});

test('a wish to cancel that comes while the job is being begun is not lost', () => {
  const { queue, jobs } = house(':memory:', 1);
  queue.submit(ask('a'), other, nothing);
  queue.takeNext(holder(1));
  jobs.requestCancel('a');
  jobs.claim(ask('a'), holder(1));
  expect(jobs.cancelRequested('a')).toBe(true);
});

test('fault 15: a clock that jumps by an hour, either way, takes nothing from a living process', () => {
  const { queue, jobs, clock } = house(':memory:', 1, 2);
  for (const id of ['a', 'b', 'c']) queue.submit(ask(id), other, nothing);
  queue.open(holder(1));
  queue.takeNext(holder(1));
  queue.takeNext(holder(1));
  for (const jumpMs of [3_600_000, -7_200_000]) {
    clock.wallMs += jumpMs;
    expect(() => jobs.claim(ask('a'), holder(2))).toThrowError(expect.objectContaining({ code: 'JOB_BUSY' }));
    expect([jobs.livingHolder('a'), jobs.livingHolder('b')]).toEqual([holder(1), holder(1)]);
    expect(queue.coordinators()).toEqual([holder(1)]);
  }
  expect(queue.takeNext(holder(2))?.job.id).toBe('c');
  queue.submit(ask('d'), other, nothing);
  clock.wallMs += 3_600_000;
  queue.submit(ask('e'), other, nothing);
  expect([queue.takeNext(holder(2))?.job.id, queue.takeNext(holder(2))?.job.id]).toEqual(['d', 'e']);
});

test('coordinators that died are not counted', () => {
  const { queue, alive } = house(':memory:', 1, 2);
  queue.open(holder(1));
  queue.open(holder(2));
  expect(queue.coordinators()).toEqual([holder(1), holder(2)]);
  alive.delete(1);
  queue.close(holder(2));
  expect(queue.coordinators()).toEqual([]);
});

test('starts that come to nothing are counted since the last task that was finished', () => {
  const { queue, events, jobs } = house(':memory:', 1);
  queue.submit(ask('a'), other, nothing);
  const at = { jobId: 'a', at: 1 };
  const started = { type: 'job-started', ...at, source: 'a', outputDir: '/a' } as const;
  const finished = (cached: boolean) => ({ type: 'task-finished', ...at, taskKey: `k${cached}`, stage: 'ingest', op: 'ingest.probe', label: 'x', cached, cpuSeconds: 1, wallMs: 1 }) as const;
  for (const event of [started, finished(false), started, finished(true), started]) events.append(event);
  expect(events.startsWithoutWork('a')).toBe(2);
  events.append({ type: 'job-queued', ...at, source: 'a', outputDir: '/a' });
  expect(events.startsWithoutWork('a')).toBe(0);
  expect(jobs.find('a')?.state).toBe('queued');
});

/** Whatever happens in whatever order: a job is with one living process at most, and one that was handed over is done or still to do. */
test('no order of submitting, taking, dying, ending and putting back loses a job or gives it to two', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('submit' as const), job: fc.nat(3), priority: fc.integer({ min: -1, max: 1 }) }),
    fc.record({ do: fc.constantFrom('take' as const, 'die' as const, 'finish' as const, 'back' as const), place: fc.nat(2) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const pids = [1, 2, 3];
      const { queue, jobs, alive } = house(':memory:', ...pids);
      const owed = new Set<string>();
      const held = new Map<string, number>();
      for (const one of steps) {
        if (one.do === 'submit') {
          const id = `job${one.job}`;
          queue.submit(ask(id, { priority: one.priority }), same, nothing);
          owed.add(id);
          continue;
        }
        const pid = pids[one.place] ?? 0;
        const [mine] = [...held].find(([, owner]) => owner === pid) ?? [];
        if (one.do === 'die') {
          alive.delete(pid);
          for (const [id, owner] of held) if (owner === pid) held.delete(id);
          pids[one.place] = pid + 3;
          alive.add(pid + 3);
        } else if (one.do === 'take') {
          const taken = queue.takeNext(holder(pid))?.job;
          if (!taken) continue;
          expect(held.has(taken.id)).toBe(false);
          held.set(taken.id, pid);
        } else if (mine !== undefined) {
          held.delete(mine);
          if (one.do === 'back') queue.putBack(mine, holder(pid), nothing);
          else {
            jobs.release(mine, 'done', null);
            owed.delete(mine);
          }
        }
      }
      const left = new Set<string>(held.keys());
      alive.add(99);
      for (let taken = queue.takeNext(holder(99)); taken; taken = queue.takeNext(holder(99))) left.add(taken.job.id);
      expect(left).toEqual(owed);
    }),
    { numRuns: 150 },
  );
});

test('several processes on one file: what one hands over another takes', () => {
  const path = join(temporaryFolder(), 'snvg.db');
  const one = house(path, 1, 2);
  const two = house(path, 1, 2);
  one.queue.submit(ask('a'), other, nothing);
  expect(two.queue.takeNext(holder(2))?.job.id).toBe('a');
  expect(one.queue.takeNext(holder(1))).toBeUndefined();
});
