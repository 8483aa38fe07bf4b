import { readFile } from 'node:fs/promises';
import { type ArtifactRef, isJsonKind } from '../artifacts/kinds.js';
import { anyRef } from '../artifacts/schemas/common.js';
import { SnvgError } from '../errors.js';
import type { JobRow } from '../jobs/jobs.js';
import type { App } from './app.js';
import { cleanDownloads } from './clean-downloads.js';

/** While other jobs run: younger cache files may have been promised to one of them before its event was written. */
const promiseMs = 60 * 60 * 1000;
/** File systems keep times to two seconds at worst. */
const clockSlackMs = 2_000;

/**
 * Forgets the jobs and removes task results, artifacts and downloads that no remaining job refers to.
 * What a job that runs now, or starts meanwhile, has put or asked for is left to it.
 * @throws {SnvgError} JOB_BUSY when one of them is being worked on
 */
export async function cleanJobs(app: App, chosen: readonly JobRow[]): Promise<{ jobs: number; removed: number; freedBytes: number }> {
  const startedMs = app.clock.nowMs();
  for (const job of chosen) {
    if (app.jobs.isActive(job)) throw busy(job.id);
    if (job.state === 'queued') throw new SnvgError('JOB_BUSY', `Job ${job.id} waits for a coordinator`, `Take it back first: snvg jobs cancel ${job.id}`);
  }
  const forgotten = new Set<string>();
  for (const job of chosen) {
    for (const task of app.events.tasks(job.id)) forgotten.add(task.key);
    if (!app.jobs.deleteIdle(job.id)) throw busy(job.id);
  }
  const kept = app.events.taskKeys();
  const keepHashes = new Set<string>();
  const anotherRuns = app.jobs.list().some((job) => app.jobs.isActive(job));
  for await (const result of app.results.all()) {
    if (kept.has(result.key) || (anotherRuns && !forgotten.has(result.key))) for (const ref of Object.values(result.outputs)) await keepWithParts(app, ref, keepHashes);
    else await app.results.delete(result.key);
  }
  const artifacts = await app.store.gc(keepHashes, startedMs - (anotherRuns ? promiseMs : clockSlackMs));
  const downloads = await cleanDownloads(app);
  return { jobs: chosen.length, removed: artifacts.removed + downloads.removed, freedBytes: artifacts.freedBytes + downloads.freedBytes };
}

/** An artifact and those that it is made of: a clip's description names its film, its captions and its cover. */
async function keepWithParts(app: App, ref: ArtifactRef, keep: Set<string>): Promise<void> {
  keep.add(ref.hash);
  if (!isJsonKind(ref.kind)) return;
  const text = await app.store
    .materialize(ref.hash)
    .then((path) => readFile(path, 'utf8'))
    .catch(() => 'null');
  JSON.parse(text, (_key, value: unknown) => {
    const part = anyRef.safeParse(value);
    if (part.success) keep.add(part.data.hash);
    return value;
  });
}

function busy(id: string): SnvgError {
  return new SnvgError('JOB_BUSY', `Job ${id} is being worked on`, `Stop it first: snvg jobs cancel ${id}`);
}
