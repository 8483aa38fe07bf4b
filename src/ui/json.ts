import type { Reporter, ReporterStreams } from './reporter.js';
import { RunView, stageProgress, type JobView } from './run-view.js';

/**
 * For programs. `events`: every event as one JSON line on stdout as it happens; `result`: at the end one line
 * `{"jobs":[{id, state, source, outputDir, manifest, clips, stages, notices, error}]}`, unless no job was ever started
 * (then the command failed before any work, and its `{error}` is the result).
 */
export function createJsonReporter(streams: ReporterStreams, want: { events: boolean; result: boolean }): Reporter {
  const view = new RunView();
  let closed = false;
  return {
    event: (event) => {
      view.apply(event);
      if (want.events) streams.stdout.write(`${JSON.stringify(event)}\n`);
    },
    close: async () => {
      if (closed) return;
      closed = true;
      if (want.result && view.jobs.size > 0) streams.stdout.write(`${JSON.stringify({ jobs: [...view.jobs.values()].map(jobResult) })}\n`);
    },
  };
}

function jobResult(job: JobView): Record<string, unknown> {
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
