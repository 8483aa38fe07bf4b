import { SnvgError } from '../errors.js';
import type { JobRow } from '../jobs/jobs.js';
import type { App } from './app.js';
import { collectCache } from './collect-cache.js';

/**
 * Forgets the jobs and removes task results, artifacts and downloads that no remaining job refers to.
 * What a job that runs now, or starts meanwhile, has put or asked for is left to it.
 * @throws {SnvgError} JOB_BUSY when one of them is being worked on
 */
export async function cleanJobs(app: App, chosen: readonly JobRow[]): Promise<{ jobs: number; removed: number; freedBytes: number }> {
  for (const job of chosen) {
    if (app.jobs.isActive(job)) throw busy(job.id);
    if (job.state === 'queued') throw new SnvgError('JOB_BUSY', `Job ${job.id} waits for a coordinator`, `Take it back first: snvg jobs cancel ${job.id}`);
  }
  const forgotten = new Set<string>();
  for (const job of chosen) {
    for (const task of app.events.tasks(job.id)) forgotten.add(task.key);
    if (!app.jobs.deleteIdle(job.id)) throw busy(job.id);
  }
  const { artifacts, downloads, freedBytes } = await collectCache(app, { forgotten });
  return { jobs: chosen.length, removed: artifacts + downloads, freedBytes };
}

function busy(id: string): SnvgError {
  return new SnvgError('JOB_BUSY', `Job ${id} is being worked on`, `Stop it first: snvg jobs cancel ${id}`);
}
