import { reportError, SnvgError } from '../../errors.js';
import type { App, JobRow } from '../app.js';

/** Stops a job, or takes it out of the queue; those who watch it are told. As `Jobs.requestCancel`. */
export function cancelJob(app: App, job: JobRow): 'asked' | 'cancelled' | 'idle' {
  const became = app.jobs.requestCancel(job.id);
  if (became !== 'cancelled') return became;
  const error = reportError(new SnvgError('TERMINATED', `Job ${job.id} was cancelled`, `Finished work is kept; go on with: snvg jobs retry ${job.id}`));
  app.events.append({ type: 'job-finished', jobId: job.id, at: app.clock.nowMs(), state: 'cancelled', outputDir: job.outputDir, error });
  return became;
}
