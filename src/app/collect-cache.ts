import { withParts } from '../artifacts/parts.js';
import type { App } from './app.js';
import { cleanDownloads } from './clean-downloads.js';

/**
 * While other jobs run: younger cache files may have been promised to one of them before its event was written. A moment would do; the hours
 * are for a clock that is set forward meanwhile (a zone or a season that was wrong), which makes every file look older.
 */
const promiseMs = 3 * 60 * 60 * 1000;
/** File systems keep times to two seconds at worst. */
const clockSlackMs = 2_000;

export interface CacheCollection {
  artifacts: number;
  results: number;
  downloads: number;
  freedBytes: number;
  /** Artifacts that a job refers to. */
  kept: number;
}

/**
 * Removes task results, artifacts and downloads that no job refers to. What a job that runs now, or starts meanwhile, has put or asked for
 * is left to it.
 *
 * @param options.olderThanMs what is younger stays
 * @param options.forgotten task keys of jobs that were just forgotten: their results go though another job runs
 * @param options.dryRun removes nothing: says what would go
 */
export async function collectCache(app: App, options: { olderThanMs?: number; forgotten?: ReadonlySet<string>; dryRun?: boolean } = {}): Promise<CacheCollection> {
  const { olderThanMs = 0, forgotten = new Set<string>(), dryRun = false } = options;
  const startedMs = app.clock.nowMs();
  const wanted = app.events.taskKeys();
  const anotherRuns = app.jobs.list().some((job) => app.jobs.isActive(job));
  const beforeMs = startedMs - Math.max(olderThanMs, anotherRuns ? promiseMs : clockSlackMs);
  const keepHashes = new Set<string>();
  let results = 0;
  let resultBytes = 0;
  for await (const { result, sizeBytes, writtenMs } of app.results.all()) {
    const isYoung = olderThanMs > 0 && writtenMs >= beforeMs;
    if (wanted.has(result.key) || isYoung || (anotherRuns && !forgotten.has(result.key))) {
      for (const ref of Object.values(result.outputs)) for (const part of await withParts(app.store, ref)) keepHashes.add(part.hash);
      continue;
    }
    if (!dryRun) await app.results.delete(result.key);
    results += 1;
    resultBytes += sizeBytes;
  }
  const artifacts = await app.store.gc(keepHashes, beforeMs, { dryRun });
  const downloads = await cleanDownloads(app, { dryRun, ...(olderThanMs > 0 ? { beforeMs } : {}) });
  return { artifacts: artifacts.removed, results, downloads: downloads.removed, freedBytes: resultBytes + artifacts.freedBytes + downloads.freedBytes, kept: keepHashes.size };
}
