import { isDeepStrictEqual } from 'node:util';
import type { Settings } from '../config/options.js';
import { errorCodes, type ErrorCode, type ErrorReport, SnvgError } from '../errors.js';
import type { RunEvent } from '../pipeline/run-event.js';
import type { JobRow } from './app.js';
import type { InputOutcome } from './batch-result.js';

/** Settings that say how a run goes about it, not what it makes. */
const manner = ['output', 'jobs', 'keepGoing', 'concurrency', 'backend', 'hosts', 'here', 'queue', 'store', 'strict', 'fresh', 'dryRun', 'json', 'events', 'color', 'logLevel'] as const satisfies readonly (keyof Settings)[];

/**
 * Whether a job that another process has let go of is for this one to run: it was finished (running it again answers from the
 * cache and gives a result by this run's own settings), its process died or was stopped, or it was run with other settings.
 * What failed under the same settings a moment ago, and what somebody cancelled, is only reported.
 */
export function adoptable(job: JobRow, settings: Settings): boolean {
  if (job.lease !== null || job.state === 'running' || job.state === 'queued' || job.state === 'done') return true;
  if (job.state === 'cancelled') return !job.cancelRequested;
  return !wantsTheSame(job.settings, settings);
}

/** Whether two runs with these settings make the same, however they go about it. */
export function wantsTheSame(one: Record<string, unknown>, other: Record<string, unknown>): boolean {
  return isDeepStrictEqual(wanted(one), wanted(other));
}

function wanted(settings: Record<string, unknown>): Record<string, unknown> {
  const kept: Record<string, unknown> = { ...settings };
  for (const key of manner) delete kept[key];
  // As the database keeps it: frozen lists and undefined values aside.
  return JSON.parse(JSON.stringify(kept)) as Record<string, unknown>;
}

/** How another process ended the job, and the events of that run to show. */
export function outcomeOfAnother(log: readonly { event: RunEvent }[], job: JobRow): Pick<InputOutcome, 'state' | 'clips' | 'error'> & { events: RunEvent[] } {
  const events = log.slice(log.findLastIndex(({ event }) => event.type === 'job-started')).map(({ event }) => event);
  const last = events.at(-1);
  const clips = last?.type === 'job-finished' ? last.clips : undefined;
  const state = job.state === 'running' || job.state === 'queued' ? 'failed' : job.state;
  return { events, state, clips, error: job.error ? asError(job.error) : undefined };
}

/** A stored error, as it was thrown. */
export function asError({ code, message, remedy }: ErrorReport): Error {
  return isErrorCode(code) ? new SnvgError(code, message, remedy) : new Error(message);
}

function isErrorCode(code: string): code is ErrorCode {
  return (errorCodes as readonly string[]).includes(code);
}
