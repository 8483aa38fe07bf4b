import type { JobView, StageView, TaskView } from './run-view.js';

/** Below this share of a task done, its own speed says too little. */
const evidentFraction = 0.1;

/**
 * Wall milliseconds until a stage's known tasks are done, from what its finished and running tasks took so far;
 * undefined while there is no evidence for one of them. Assumes that as many run at once as now.
 */
export function stageRemainingMs(stage: StageView, nowMs: number): number | undefined {
  return remaining([stage], nowMs);
}

/**
 * The same for a whole job; undefined until a render, the last and longest part, is known.
 * Each moment whose window is still being analysed will bring as much rendering as those before it did.
 */
export function jobRemainingMs(job: JobView, nowMs: number): number | undefined {
  const render = job.stages.get('render');
  if (!render || render.tasks.size === 0) return undefined;
  const windows = [...(job.stages.get('analyze')?.tasks.values() ?? [])].filter((task) => task.op === 'analyze.fine');
  const analysed = windows.filter((task) => task.state === 'finished').length;
  const growth = analysed === 0 ? 0 : (windows.length - analysed) / analysed;
  return remaining([...job.stages.values()], nowMs, growth * totalWallMs(render, nowMs));
}

function remaining(stages: readonly StageView[], nowMs: number, unplannedMs = 0): number | undefined {
  let total = unplannedMs;
  let longest = 0;
  let running = 0;
  for (const stage of stages) {
    const typical = typicalWallMs(stage, nowMs);
    for (const task of stage.tasks.values()) {
      if (task.state === 'finished' || task.state === 'failed') continue;
      const estimate = remainingOf(task, typical.get(task.op), nowMs);
      if (estimate === undefined) return undefined;
      if (task.state === 'running') running += 1;
      total += estimate;
      longest = Math.max(longest, estimate);
    }
  }
  return Math.max(longest, total / Math.max(1, running));
}

function remainingOf(task: TaskView, typicalMs: number | undefined, nowMs: number): number | undefined {
  if (task.state === 'queued') return typicalMs;
  const elapsed = Math.max(0, nowMs - task.startedAtMs);
  if (task.fraction >= evidentFraction) return (elapsed * (1 - task.fraction)) / task.fraction;
  return typicalMs === undefined ? undefined : Math.max(0, typicalMs - elapsed);
}

/** What a stage's known tasks take from first to last, as far as there is evidence. */
function totalWallMs(stage: StageView, nowMs: number): number {
  const typical = typicalWallMs(stage, nowMs);
  return [...stage.tasks.values()].reduce((sum, task) => sum + (task.cached ? 0 : (evidence(task, nowMs) ?? typical.get(task.op) ?? 0)), 0);
}

/** Mean wall time per operation: of finished tasks that did work, and of running ones carried on at their own speed. */
function typicalWallMs(stage: StageView, nowMs: number): Map<string, number> {
  const seen = new Map<string, { sum: number; count: number }>();
  for (const task of stage.tasks.values()) {
    const wallMs = evidence(task, nowMs);
    if (wallMs === undefined) continue;
    const entry = seen.get(task.op) ?? { sum: 0, count: 0 };
    seen.set(task.op, { sum: entry.sum + wallMs, count: entry.count + 1 });
  }
  return new Map([...seen].map(([op, { sum, count }]) => [op, sum / count]));
}

function evidence(task: TaskView, nowMs: number): number | undefined {
  if (task.state === 'finished') return task.cached ? undefined : task.wallMs;
  if (task.state === 'running' && task.fraction >= evidentFraction) return Math.max(0, nowMs - task.startedAtMs) / task.fraction;
  return undefined;
}
