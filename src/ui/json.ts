import { reportError } from '../errors.js';
import type { InputOutcome } from '../app/batch-result.js';
import type { BatchEnd } from './batch-table.js';
import type { Reporter, ReportedRun, ReporterStreams } from './reporter.js';
import { RunView, stageProgress, type JobView } from './run-view.js';

type JobResult = Record<string, unknown>;

/**
 * For programs. `events`: every event as one JSON line on stdout as it happens, with several inputs a last one `batch-finished`;
 * `result`: at the end one line `{"jobs":[{id, state, source, outputDir, manifest, clips, stages, notices, error}],"summary":{…}}`
 * with an entry for each input in the order given, unless no job was ever started (then the command failed before any work, and its
 * `{error}` is the result).
 */
export function createJsonReporter(streams: ReporterStreams, run: ReportedRun, want: { events: boolean; result: boolean }): Reporter {
  const view = new RunView();
  const ended = new Map<string, JobResult>();
  let end: BatchEnd | undefined;
  let closed = false;
  const print = (value: unknown): void => {
    streams.stdout.write(`${JSON.stringify(value)}\n`);
  };
  return {
    event: (event) => {
      const job = view.apply(event);
      if (want.events) print(event);
      if (event.type !== 'job-finished') return;
      if (want.result) ended.set(job.id, jobResult(job));
      view.forget(job);
    },
    say: () => {},
    summary: (known) => {
      end = known;
      if (want.events && run.inputs > 1) print({ type: 'batch-finished', ...known.summary });
    },
    close: async () => {
      if (closed) return;
      closed = true;
      if (!want.result) return;
      for (const job of view.jobs.values()) ended.set(job.id, jobResult(job));
      if (end) print({ jobs: end.outcomes.map((outcome) => ended.get(outcome.jobId) ?? untouched(outcome)), summary: end.summary });
      else if (ended.size > 0) print({ jobs: [...ended.values()] });
    },
  };
}

function jobResult(job: JobView): JobResult {
  return {
    id: job.id,
    state: job.state,
    source: job.source,
    outputDir: job.outputDir,
    manifest: job.manifestPath ?? null,
    clips: job.clips.toSorted((one, other) => one.index - other.index || one.format.localeCompare(other.format)),
    stages: [...job.stages.values()].map((stage) => {
      const { total, cached } = stageProgress(stage);
      const state = total === 0 && stage.state === 'waiting' ? 'skipped' : stage.state;
      return { id: stage.id, state, tasks: total, cachedTasks: cached, cpuSeconds: Math.round(stage.cpuSeconds * 100) / 100 };
    }),
    notices: job.notices,
    ...(job.error ? { error: job.error } : {}),
  };
}

/** An input that no job was started for. */
function untouched({ jobId, state, name, outputDir, error }: InputOutcome): JobResult {
  return { id: jobId, state, source: name, outputDir, manifest: null, clips: [], stages: [], notices: [], ...(error ? { error: reportError(error) } : {}) };
}
