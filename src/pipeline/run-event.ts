import type { ErrorReport } from '../errors.js';
import type { Notice } from './notice.js';
import type { StageId } from './stage.js';

interface OfTask {
  taskKey: string;
  stage: StageId;
  /** Operation id, `transcribe.chunk`. */
  op: string;
  label: string;
}

export type JobState = 'running' | 'done' | 'partly-done' | 'failed' | 'cancelled';

type EventBody =
  /** The job waits for `snvg coordinate`, for the first time or again. */
  | { type: 'job-queued'; source: string; outputDir: string }
  | { type: 'job-started'; source: string; durationUs?: number; outputDir: string }
  | { type: 'job-finished'; state: Exclude<JobState, 'running'>; outputDir: string; /** Absent when the run was to end before rendering. */ clips?: number; manifestPath?: string; error?: ErrorReport }
  /** What the job is likely to take, said once its length is known, when it is new. */
  | { type: 'estimated'; cpuSeconds: number; wallSeconds: number; diskBytes: number }
  /** Another process works on the job; only shown, never kept: the log is that process's to write. */
  | { type: 'job-held'; source: string; outputDir: string; pid: number; host: string }
  /** How far a remote source has been brought here; shown, not kept. `totalBytes` is absent where it is not known. */
  | { type: 'fetch-progress'; receivedBytes: number; totalBytes?: number }
  | { type: 'stage-started'; stage: StageId }
  | { type: 'stage-finished'; stage: StageId; state: 'done' | 'cached' | 'failed'; tasks: number; cachedTasks: number; cpuSeconds: number }
  | ({ type: 'task-queued' } & OfTask)
  | ({ type: 'task-started'; /** The machine it runs on, when it is not the job's own. */ host?: string } & OfTask)
  | { type: 'task-progress'; taskKey: string; stage: StageId; fraction: number }
  | ({ type: 'task-finished'; cached: boolean; cpuSeconds: number; wallMs: number } & OfTask)
  | ({ type: 'task-failed'; error: ErrorReport } & OfTask)
  | { type: 'notice'; notice: Notice }
  | { type: 'clip-ready'; index: number; title: string; path: string; format: string; durationUs: number; score: number };

/** Everything that happens in a run, in order. `at` is milliseconds since the epoch. */
export type RunEvent = EventBody & { jobId: string; at: number };

/** An event as its source states it; the job adds who and when. */
export type RunEventBody = EventBody;
