import { reportError, SnvgError } from '../../errors.js';
import type { App, JobRow } from '../app.js';

/**
 * Stops a job, or takes it out of the queue; those who watch it are told. As `Jobs.requestCancel`, and more: whether a process on another host
 * lives cannot be asked (a container that came back under another name has left such jobs), so one that has not obeyed an earlier wish is
 * taken for dead at the second.
 */
export function cancelJob(app: App, job: JobRow): 'asked' | 'cancelled' | 'idle' {
  const obeysNobody = job.cancelRequested && job.lease !== null && job.lease.host !== app.self.host;
  if (obeysNobody) app.jobs.release(job.id, 'cancelled', null);
  else {
    const became = app.jobs.requestCancel(job.id);
    if (became !== 'cancelled') return became;
  }
  const error = reportError(new SnvgError('TERMINATED', `Job ${job.id} was cancelled`, `Finished work is kept; go on with: snvg jobs retry ${job.id}`));
  app.events.append({ type: 'job-finished', jobId: job.id, at: app.clock.nowMs(), state: 'cancelled', outputDir: job.outputDir, error });
  return 'cancelled';
}
