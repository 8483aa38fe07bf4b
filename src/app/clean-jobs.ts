import { SnvgError } from '../errors.js';
import type { JobRow } from '../jobs/jobs.js';
import type { App } from './app.js';

/** Younger cache files may belong to a run that has not written its first event. */
const minAgeMs = 60 * 60 * 1000;

/**
 * Forgets the jobs and removes task results and artifacts that no remaining job refers to.
 * @throws {SnvgError} JOB_BUSY when one of them is being worked on
 */
export async function cleanJobs(app: App, chosen: readonly JobRow[]): Promise<{ jobs: number; removed: number; freedBytes: number }> {
  const active = chosen.find((job) => app.jobs.isActive(job));
  if (active) throw new SnvgError('JOB_BUSY', `Job ${active.id} is being worked on`, `Stop it first: snvg jobs cancel ${active.id}`);
  const forgotten = new Set<string>();
  for (const job of chosen) {
    for (const task of app.events.tasks(job.id)) forgotten.add(task.key);
    app.jobs.delete(job.id);
  }
  const kept = app.events.taskKeys();
  const keepHashes = new Set<string>();
  const anotherRuns = app.jobs.list().some((job) => app.jobs.isActive(job));
  for await (const result of app.results.all()) {
    if (kept.has(result.key) || (anotherRuns && !forgotten.has(result.key))) for (const ref of Object.values(result.outputs)) keepHashes.add(ref.hash);
    else await app.results.delete(result.key);
  }
  const { removed, freedBytes } = await app.store.gc(keepHashes, anotherRuns ? minAgeMs : 0);
  return { jobs: chosen.length, removed, freedBytes };
}
