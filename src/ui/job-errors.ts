import type { ErrorReport } from '../errors.js';
import type { RunEvent } from '../pipeline/run-event.js';
import type { JobView } from './run-view.js';

/**
 * The error a reporter has to show itself after this event: that of one job among several, naming its input. The error of a single
 * job is thrown by the command and shown where every error is, and so is the signal that stopped all of them.
 */
export function errorToShow(event: RunEvent, job: JobView, run: { inputs: number; signal: AbortSignal }): ErrorReport | undefined {
  if (run.inputs <= 1 || event.type !== 'job-finished' || !event.error) return undefined;
  if (event.state === 'cancelled' && run.signal.aborted) return undefined;
  const { message } = event.error;
  return { ...event.error, message: message.includes(job.source) ? message : `${job.source}: ${message}` };
}
