import type { RunEvent } from '../pipeline/run-event.js';
import { batchTable } from './batch-table.js';
import { errorLines } from './error-lines.js';
import { span } from './format.js';
import { errorToShow } from './job-errors.js';
import { eventLines, fetchText, whose } from './lines.js';
import { jobRemainingMs, stageRemainingMs } from './eta.js';
import type { Reporter, ReportedRun, ReporterStreams } from './reporter.js';
import { elsewhereText, RunView, stageProgress, type JobView } from './run-view.js';

/** A long stage says how far it is at most this often: a log is read afterwards. */
const heartbeatMs = 10_000;

/** One line per meaningful event on stdout, errors in two lines on stderr; no colour, no cursor movement. */
export function createPlainReporter(streams: ReporterStreams, run: ReportedRun): Reporter {
  const view = new RunView();
  const lastLineAtMs = new Map<string, number>();
  const say = (event: RunEvent, job: JobView, text: string): void => {
    streams.stdout.write(`${whose(event, job, run.inputs)}${text}\n`);
    lastLineAtMs.set(job.id, job.lastAtMs);
  };
  return {
    event: (event) => {
      const job = view.apply(event);
      const error = errorToShow(event, job, run);
      if (error) for (const line of errorLines(error, false)) streams.stderr.write(`${line}\n`);
      for (const line of eventLines(event, job)) say(event, job, line.text);
      const quietMs = event.at - (lastLineAtMs.get(job.id) ?? event.at);
      const heartbeat = quietMs >= heartbeatMs ? progressLine(event, job) : undefined;
      if (heartbeat !== undefined) say(event, job, heartbeat);
      if (event.type === 'job-finished') {
        view.forget(job);
        lastLineAtMs.delete(job.id);
      }
    },
    say: ({ text }) => {
      streams.stdout.write(`${text}\n`);
    },
    summary: (end) => {
      if (run.inputs > 1) streams.stdout.write(`\n${batchTable(end).map(({ text }) => `${text}\n`).join('')}`);
    },
    close: async () => {},
  };
}

function progressLine(event: RunEvent, job: JobView): string | undefined {
  if (event.type === 'fetch-progress') return job.fetch && fetchText(job.fetch);
  if (event.type !== 'task-progress' && event.type !== 'task-finished') return undefined;
  const stage = job.stages.get(event.stage);
  if (!stage) return undefined;
  const { total, finished, fraction } = stageProgress(stage);
  if (finished === total) return undefined;
  const leftMs = event.stage === 'render' ? jobRemainingMs(job, event.at) : stageRemainingMs(stage, event.at);
  const left = leftMs === undefined ? '' : `, about ${span(leftMs)} left`;
  const elsewhere = elsewhereText(stage, ({ state }) => state === 'running');
  return `${event.stage}: ${Math.floor(fraction * 100)} % (${finished} of ${total}${elsewhere && `, ${elsewhere}`})${left}`;
}
