import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { TaskResult } from '../../src/artifacts/task-results.js';
import type { TaskEvent } from '../../src/pipeline/backends/backend.js';
import { type RunEnd, type RunListener, SharedRun } from '../../src/pipeline/backends/shared-run.js';
import type { Task } from '../../src/pipeline/task.js';

const task: Task = { key: 'k', op: 'ingest.probe', stage: 'ingest', params: {}, inputs: {}, label: 'a', priority: 0, slots: 1 };
const result: TaskResult = { key: 'k', op: 'ingest.probe', outputs: {}, notices: [], cpuSeconds: 1, wallMs: 1 };

/** A run that is steered by hand and notes whether it was stopped. */
function steered(): { run: SharedRun; tell: RunListener; finish: (end?: Partial<RunEnd>) => void; fail: (error: Error) => void; stopped: () => unknown } {
  let tell!: RunListener;
  let finish!: (end: RunEnd) => void;
  let fail!: (error: unknown) => void;
  let stoppedBy: unknown;
  const run = new SharedRun(task, (signal, listener) => {
    tell = listener;
    return new Promise<RunEnd>((resolve, reject) => {
      finish = resolve;
      fail = reject;
      signal.addEventListener('abort', () => {
        stoppedBy = signal.reason;
        reject(signal.reason as Error);
      });
    });
  });
  return { run, tell: (event) => tell(event), finish: (end) => finish({ result, elsewhere: false, ...end }), fail: (error) => fail(error), stopped: () => stoppedBy };
}

async function collect(events: AsyncIterable<TaskEvent>): Promise<TaskEvent[]> {
  const seen: TaskEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

test('one start and one piece of work, however many wait; the others are told that it was shared', async () => {
  const { run, tell, finish } = steered();
  const { signal } = new AbortController();
  const first = collect(run.join(signal));
  const second = collect(run.join(signal));
  tell({ type: 'started' });
  tell({ type: 'progress', fraction: 0.5 });
  const late = collect(run.join(signal));
  finish();
  expect(await first).toEqual([{ type: 'started' }, { type: 'progress', fraction: 0.5 }, { type: 'finished', result, shared: false }]);
  expect(await second).toEqual([{ type: 'progress', fraction: 0.5 }, { type: 'finished', result, shared: true }]);
  expect(await late).toEqual([{ type: 'finished', result, shared: true }]);
});

test('one who leaves stops nothing for the others; the last one stops the work and waits for its end', async () => {
  const { run, stopped } = steered();
  const [one, other] = [new AbortController(), new AbortController()];
  const first = collect(run.join(one.signal));
  const second = collect(run.join(other.signal));
  one.abort(new Error('first job cancelled'));
  await expect(first).rejects.toThrow('first job cancelled');
  expect(stopped()).toBeUndefined();
  expect(run.abandoned).toBe(false);
  other.abort(new Error('second job cancelled'));
  await expect(second).rejects.toThrow('second job cancelled');
  expect(stopped()).toEqual(new Error('second job cancelled'));
  expect(run.abandoned).toBe(true);
});

test('when the one who started it has left, the work belongs to the next', async () => {
  const { run, tell, finish } = steered();
  const one = new AbortController();
  const first = collect(run.join(one.signal)).catch(() => 'left');
  const second = collect(run.join(new AbortController().signal));
  tell({ type: 'started' });
  one.abort(new Error('cancelled'));
  expect(await first).toBe('left');
  finish();
  expect(await second).toEqual([{ type: 'finished', result, shared: false }]);
});

test('a failure is everybody’s, and ending the iteration early stops a run nobody else waits for', async () => {
  const failing = steered();
  const { signal } = new AbortController();
  const both = [collect(failing.run.join(signal)), collect(failing.run.join(signal))];
  failing.fail(new Error('no luck'));
  for (const one of both) await expect(one).rejects.toThrow('no luck');

  const left = steered();
  const events = left.run.join(signal);
  const next = events.next();
  left.tell({ type: 'started' });
  await next;
  await events.return();
  await sleep(0);
  expect(left.run.abandoned).toBe(true);
});
