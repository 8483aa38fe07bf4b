import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jobRemainingMs, stageRemainingMs } from '../../src/ui/eta.js';
import { RunView, type JobView, type StageView } from '../../src/ui/run-view.js';
import { sampleRun } from './fixtures/sample-run.js';

function after(count: number): JobView {
  const view = new RunView();
  const jobs = sampleRun().slice(0, count).map((event) => view.apply(event));
  const job = jobs.at(-1);
  if (!job) throw new Error('no event');
  return job;
}
function stage(job: JobView, id: 'transcribe' | 'render'): StageView {
  const found = job.stages.get(id);
  if (!found) throw new Error(`no ${id}`);
  return found;
}
const script = sampleRun();
const indexOf = (type: string, taskKey: string): number => script.findIndex((event) => event.type === type && 'taskKey' in event && event.taskKey === taskKey);

describe('time left', () => {
  it('is unknown until something was measured', () => {
    const job = after(indexOf('task-started', 't0') + 1);
    expect(stageRemainingMs(stage(job, 'transcribe'), job.lastAtMs)).toBeUndefined();
    expect(jobRemainingMs(job, job.lastAtMs)).toBeUndefined();
  });

  it('comes from the speed of the running task, then of the finished ones', () => {
    // A quarter of the first of eight equal chunks took 800 ms.
    const first = after(indexOf('task-progress', 't0') + 1);
    expect(stageRemainingMs(stage(first, 'transcribe'), first.lastAtMs)).toBeCloseTo(7.75 * 3_200);
    const later = after(indexOf('task-finished', 't3') + 1);
    expect(stageRemainingMs(stage(later, 'transcribe'), later.lastAtMs)).toBeCloseTo(4 * 3_200);
  });

  it('of the job is unknown until its renders are known, then right', () => {
    const before = after(indexOf('task-finished', 't7') + 1);
    expect(jobRemainingMs(before, before.lastAtMs)).toBeUndefined();
    const during = after(indexOf('task-finished', 'r0') + 1);
    expect(jobRemainingMs(during, during.lastAtMs)).toBeCloseTo(2 * 7_000);
  });

  it('counts tasks that run side by side once', () => {
    const view = new RunView();
    const of = { jobId: 'j', stage: 'render', op: 'render.clip', label: 'clip' } as const;
    for (const taskKey of ['a', 'b', 'c', 'd']) view.apply({ type: 'task-queued', at: 0, ...of, taskKey });
    for (const taskKey of ['a', 'b']) view.apply({ type: 'task-started', at: 0, ...of, taskKey });
    for (const key of ['a', 'b']) view.apply({ type: 'task-progress', at: 5_000, jobId: 'j', taskKey: key, stage: 'render', fraction: 0.5 });
    const job = view.jobs.get('j');
    // Two halves of 5 s and two whole ones of 10 s, on two slots.
    expect(job && jobRemainingMs(job, 5_000)).toBeCloseTo(15_000);
  });

  it('expects as much rendering of a moment still being analysed as of those before it', () => {
    const view = new RunView();
    const job = 'j';
    const fine = { jobId: job, stage: 'analyze', op: 'analyze.fine', label: 'clip' } as const;
    const clip = { jobId: job, stage: 'render', op: 'render.clip', label: 'clip' } as const;
    for (const taskKey of ['f1', 'f2']) view.apply({ type: 'task-queued', at: 0, ...fine, taskKey });
    view.apply({ type: 'task-finished', at: 1_000, ...fine, taskKey: 'f1', cached: false, cpuSeconds: 1, wallMs: 1_000 });
    view.apply({ type: 'task-finished', at: 9_000, ...clip, taskKey: 'r1', cached: false, cpuSeconds: 8, wallMs: 8_000 });
    const after9s = view.jobs.get(job);
    expect(after9s && jobRemainingMs(after9s, 9_000)).toBeCloseTo(1_000 + 8_000);
  });

  it('takes nothing from cached tasks, which say nothing about speed', () => {
    const view = new RunView();
    const of = { jobId: 'j', stage: 'render', op: 'render.clip', label: 'x' } as const;
    view.apply({ type: 'task-finished', at: 0, ...of, taskKey: 'known', cached: true, cpuSeconds: 0, wallMs: 0 });
    view.apply({ type: 'task-queued', at: 0, ...of, taskKey: 'new' });
    const job = view.jobs.get('j');
    expect(job && jobRemainingMs(job, 0)).toBeUndefined();
  });

  it('is never negative and never NaN, wherever a run is looked at', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: script.length }), fc.nat(60_000), (count, laterMs) => {
        const job = after(count);
        for (const left of [jobRemainingMs(job, job.lastAtMs + laterMs), ...[...job.stages.values()].map((one) => stageRemainingMs(one, job.lastAtMs + laterMs))]) {
          if (left !== undefined) expect(left).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});
