import type { RunEvent } from '../pipeline/run-event.js';
import { errorLines } from './error-lines.js';
import { span } from './format.js';
import { JobErrors } from './job-errors.js';
import { eventLines } from './lines.js';
import { jobRemainingMs, stageRemainingMs } from './eta.js';
import type { Reporter, ReporterStreams } from './reporter.js';
import { RunView, stageProgress, type JobView } from './run-view.js';
import { terminalText } from './terminal-text.js';

/** A long stage says how far it is at most this often: a log is read afterwards. */
const heartbeatMs = 10_000;

/** One line per meaningful event on stdout, errors in two lines on stderr; no colour, no cursor movement. */
export function createPlainReporter(streams: ReporterStreams): Reporter {
  const view = new RunView();
  const errors = new JobErrors();
  const lastLineAtMs = new Map<string, number>();
  const say = (job: JobView, text: string): void => {
    // With several jobs each line says whose it is.
    const whose = view.jobs.size > 1 ? `[${terminalText(job.source)}] ` : '';
    streams.stdout.write(`${whose}${text}\n`);
    lastLineAtMs.set(job.id, job.lastAtMs);
  };
  return {
    event: (event) => {
      for (const error of errors.after(event)) for (const line of errorLines(error, false)) streams.stderr.write(`${line}\n`);
      const job = view.apply(event);
      for (const line of eventLines(event, job)) say(job, line.text);
      const quietMs = event.at - (lastLineAtMs.get(job.id) ?? event.at);
      const heartbeat = quietMs >= heartbeatMs ? progressLine(event, job) : undefined;
      if (heartbeat !== undefined) say(job, heartbeat);
    },
    close: async () => {},
  };
}

function progressLine(event: RunEvent, job: JobView): string | undefined {
  if (event.type !== 'task-progress' && event.type !== 'task-finished') return undefined;
  const stage = job.stages.get(event.stage);
  if (!stage) return undefined;
  const { total, finished, fraction } = stageProgress(stage);
  if (finished === total) return undefined;
  const leftMs = event.stage === 'render' ? jobRemainingMs(job, event.at) : stageRemainingMs(stage, event.at);
  const left = leftMs === undefined ? '' : `, about ${span(leftMs)} left`;
  return `${event.stage}: ${Math.floor(fraction * 100)} % (${finished} of ${total})${left}`;
}
