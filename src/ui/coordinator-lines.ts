import type { RunEvent } from '../pipeline/run-event.js';
import { eventLines } from './lines.js';
import type { ReporterStreams } from './reporter.js';
import { RunView } from './run-view.js';
import { terminalText } from './terminal-text.js';

/** Tells what a coordinator does. */
export interface CoordinatorReporter {
  event(event: RunEvent): void;
  /** Something about the coordinator itself. */
  say(text: string): void;
}

/**
 * What a coordinator does, one line each on stdout, as a log wants it: lines about a job begin with its id. With `events`, every event as
 * one JSON line on stdout, and the rest on stderr.
 */
export function createCoordinatorReporter({ stdout, stderr }: ReporterStreams, { events }: { events: boolean }): CoordinatorReporter {
  const view = new RunView();
  return {
    event: (event) => {
      if (events) {
        stdout.write(`${JSON.stringify(event)}\n`);
        return;
      }
      const job = view.apply(event);
      for (const { text } of eventLines(event, job)) stdout.write(`${event.jobId} ${namesItself.has(event.type) ? '' : `${terminalText(job.source)}: `}${text}\n`);
      if (event.type !== 'job-finished' && event.type !== 'job-queued') return;
      if (event.type === 'job-finished' && event.error) stdout.write(`${event.jobId} ${terminalText(job.source)}: ${event.error.code}: ${terminalText(event.error.message)} → ${terminalText(event.error.remedy)}\n`);
      view.forget(job);
    },
    say: (text) => void (events ? stderr : stdout).write(`${terminalText(text)}\n`),
  };
}

/** Events whose line begins with the source. */
const namesItself: ReadonlySet<RunEvent['type']> = new Set(['job-started', 'job-queued', 'job-held']);
