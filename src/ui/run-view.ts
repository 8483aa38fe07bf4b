import type { ErrorReport } from '../errors.js';
import type { Notice } from '../pipeline/notice.js';
import type { JobState, RunEvent } from '../pipeline/run-event.js';
import type { StageId } from '../pipeline/stage.js';
import { terminalText } from './terminal-text.js';

/** Stages every job goes through, in the order people think of them; `publish` joins when it is asked for. */
const usualStages = ['ingest', 'transcribe', 'analyze', 'segment', 'render'] as const satisfies readonly StageId[];

export interface TaskView {
  key: string;
  op: string;
  label: string;
  state: 'queued' | 'running' | 'finished' | 'failed';
  /** 0…1 as reported by the task. */
  fraction: number;
  cached: boolean;
  startedAtMs: number;
  wallMs: number;
  /** The machine it runs or ran on, when it is not this one. */
  host: string | undefined;
}

export interface StageView {
  id: StageId;
  state: 'waiting' | 'running' | 'done' | 'cached' | 'failed';
  tasks: Map<string, TaskView>;
  cpuSeconds: number;
}

interface ClipView {
  index: number;
  title: string;
  path: string;
  format: string;
  durationUs: number;
  score: number;
}

export interface JobView {
  id: string;
  source: string;
  outputDir: string;
  durationUs: number | undefined;
  state: JobState;
  startedAtMs: number;
  /** Of the latest event. */
  lastAtMs: number;
  stages: Map<StageId, StageView>;
  clips: ClipView[];
  notices: Notice[];
  manifestPath: string | undefined;
  error: ErrorReport | undefined;
  /** Another process has the job; nothing happens here until it lets go. */
  heldBy: { pid: number; host: string } | undefined;
  /** It waits for a coordinator. */
  queued: boolean;
  /** Set while the source is being brought here. */
  fetch: { receivedBytes: number; totalBytes: number | undefined } | undefined;
}

/** What is known of the jobs of a run that have not ended, as their events told it so far. */
export class RunView {
  readonly jobs = new Map<string, JobView>();

  /** Lets go of a job: hundreds of inputs must not pile up. */
  forget(job: JobView): void {
    this.jobs.delete(job.id);
  }

  /** Takes one event in and returns the job it belongs to. */
  apply(event: RunEvent): JobView {
    const job = this.#jobOf(event);
    job.lastAtMs = event.at;
    switch (event.type) {
      case 'job-started':
        Object.assign(job, { source: event.source, outputDir: event.outputDir, durationUs: event.durationUs, startedAtMs: event.at, heldBy: undefined, queued: false });
        break;
      case 'job-queued':
        Object.assign(job, { source: event.source, outputDir: event.outputDir, queued: true });
        break;
      case 'job-held':
        Object.assign(job, { source: event.source, outputDir: event.outputDir, heldBy: { pid: event.pid, host: event.host } });
        break;
      case 'job-finished':
        Object.assign(job, { state: event.state, outputDir: event.outputDir, manifestPath: event.manifestPath, error: event.error });
        break;
      case 'fetch-progress':
        job.fetch = { receivedBytes: event.receivedBytes, totalBytes: event.totalBytes };
        break;
      case 'stage-started':
        job.fetch = undefined;
        stageOf(job, event.stage).state = 'running';
        break;
      case 'stage-finished':
        Object.assign(stageOf(job, event.stage), { state: event.state, cpuSeconds: event.cpuSeconds });
        break;
      case 'estimated':
        break;
      case 'notice':
        job.notices.push(event.notice);
        break;
      case 'clip-ready': {
        const { index, title, path, format, durationUs, score } = event;
        job.clips.push({ index, title, path, format, durationUs, score });
        break;
      }
      default:
        applyTask(job, event);
    }
    return job;
  }

  #jobOf(event: RunEvent): JobView {
    let job = this.jobs.get(event.jobId);
    if (!job) {
      job = {
        id: event.jobId,
        source: '',
        outputDir: '',
        durationUs: undefined,
        state: 'running',
        startedAtMs: event.at,
        lastAtMs: event.at,
        stages: new Map(),
        clips: [],
        notices: [],
        manifestPath: undefined,
        error: undefined,
        heldBy: undefined,
        queued: false,
        fetch: undefined,
      };
      for (const id of usualStages) stageOf(job, id);
      this.jobs.set(event.jobId, job);
    }
    return job;
  }
}

type TaskEvent = Extract<RunEvent, { type: `task-${string}` }>;

function applyTask(job: JobView, event: TaskEvent): void {
  const stage = stageOf(job, event.stage);
  if (stage.state === 'waiting' || stage.state === 'done' || stage.state === 'cached') stage.state = 'running';
  let task = stage.tasks.get(event.taskKey);
  if (!task) {
    const { op, label } = event.type === 'task-progress' ? { op: event.stage, label: event.stage } : event;
    task = { key: event.taskKey, op, label, state: 'queued', fraction: 0, cached: false, startedAtMs: event.at, wallMs: 0, host: undefined };
    stage.tasks.set(event.taskKey, task);
  }
  if (event.type === 'task-started') Object.assign(task, { state: 'running', startedAtMs: event.at, fraction: 0, host: event.host });
  else if (event.type === 'task-progress') task.fraction = Math.min(1, Math.max(task.fraction, event.fraction));
  else if (event.type === 'task-failed') task.state = 'failed';
  else if (event.type === 'task-finished') {
    Object.assign(task, { state: 'finished', fraction: 1, cached: event.cached, wallMs: event.wallMs });
    stage.cpuSeconds += event.cpuSeconds;
  }
}

function stageOf(job: JobView, id: StageId): StageView {
  let stage = job.stages.get(id);
  if (!stage) {
    stage = { id, state: 'waiting', tasks: new Map(), cpuSeconds: 0 };
    job.stages.set(id, stage);
  }
  return stage;
}

/** How far a stage's known tasks are. */
export function stageProgress(stage: StageView): { total: number; finished: number; cached: number; running: number; fraction: number } {
  let finished = 0;
  let cached = 0;
  let running = 0;
  let sum = 0;
  for (const task of stage.tasks.values()) {
    if (task.state === 'finished') finished += 1;
    if (task.state === 'running') running += 1;
    if (task.cached) cached += 1;
    sum += task.fraction;
  }
  const total = stage.tasks.size;
  return { total, finished, cached, running, fraction: total === 0 ? 0 : sum / total };
}

/** Where a stage's tasks are, as far as they are not here: `2 on anna, 1 on bert`; empty when all are here. */
export function elsewhereText(stage: StageView, which: (task: TaskView) => boolean): string {
  const counts = new Map<string, number>();
  for (const task of stage.tasks.values()) if (task.host !== undefined && which(task)) counts.set(task.host, (counts.get(task.host) ?? 0) + 1);
  return [...counts].toSorted(([one], [other]) => one.localeCompare(other)).map(([host, n]) => `${n} on ${terminalText(host)}`).join(', ');
}

/** Totals of a job over all its stages. */
export function jobTotals(job: JobView): { tasks: number; cached: number; cpuSeconds: number } {
  const totals = { tasks: 0, cached: 0, cpuSeconds: 0 };
  for (const stage of job.stages.values()) {
    totals.tasks += stage.tasks.size;
    totals.cached += stageProgress(stage).cached;
    totals.cpuSeconds += stage.cpuSeconds;
  }
  return totals;
}
