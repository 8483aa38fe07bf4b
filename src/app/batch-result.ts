import { ExitCode, reportError, type ErrorReport } from '../errors.js';
import type { JobState } from '../pipeline/run-event.js';

/** How one input of a run ended. */
export interface InputOutcome {
  jobId: string;
  /** As it is shown: the file's name. */
  name: string;
  /** Absolute path or URL. */
  source: string;
  outputDir: string;
  /** `not-started`: an earlier input had failed, or the run was stopped. */
  state: Exclude<JobState, 'running'> | 'not-started';
  /** Chosen moments that have a clip; undefined when the run was to end before rendering. */
  clips: number | undefined;
  wallMs: number;
  /** Why it is not simply done; also set for a `done` input that --strict does not accept. */
  error: Error | undefined;
}

/** Numbers over all inputs of a run. */
export interface BatchSummary {
  inputs: number;
  done: number;
  partlyDone: number;
  failed: number;
  cancelled: number;
  notStarted: number;
  clips: number;
  wallMs: number;
}

export function summarise(outcomes: readonly InputOutcome[], wallMs: number): BatchSummary {
  const count = (state: InputOutcome['state']): number => outcomes.filter((outcome) => outcome.state === state).length;
  return {
    inputs: outcomes.length,
    done: count('done'),
    partlyDone: count('partly-done'),
    failed: count('failed'),
    cancelled: count('cancelled'),
    notStarted: count('not-started'),
    clips: outcomes.reduce((sum, { clips }) => sum + (clips ?? 0), 0),
    wallMs: Math.round(wallMs),
  };
}

/** The error of an input as plain data. */
function errorOf(outcome: InputOutcome): ErrorReport | undefined {
  return outcome.error && reportError(outcome.error);
}

/**
 * The exit code of a run (docs/batch.md): of one input its own; stopped by a signal, the signal's; when every input that was tried
 * failed with the same code, that code; when all were made and --strict does not accept some, 8; else 7 as soon as one failed.
 */
export function exitCodeOf(outcomes: readonly InputOutcome[], signal: AbortSignal): number {
  const tried = outcomes.filter(({ state }) => state !== 'not-started');
  const stopped = outcomes.length > tried.length || tried.some(({ state }) => state === 'cancelled');
  if (signal.aborted && stopped) return reportError(signal.reason).exitCode;
  const codes = new Set(tried.flatMap((outcome) => errorOf(outcome)?.exitCode ?? []));
  const [code] = codes;
  if (code === undefined) return ExitCode.ok;
  const allFailed = tried.every(({ error }) => error !== undefined);
  const allMade = tried.every(({ state }) => state === 'done');
  return codes.size === 1 && (allFailed || allMade) ? code : ExitCode.partlyDone;
}
