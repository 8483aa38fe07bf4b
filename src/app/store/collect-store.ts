import { collectCache } from '../collect-cache.js';
import type { KeptFiles } from './kept-files.js';

export interface StoreCollection {
  place: string;
  dryRun: boolean;
  artifacts: number;
  results: number;
  /** Downloads that no job needs, or uploads to a shared store that were never finished. */
  others: number;
  freedBytes: number;
  /** Old ones that a job still needs. */
  kept: number;
}

/**
 * Removes what is old and what no job needs: on this machine no job in its database, in a shared store no job that has a live pin there.
 * @param options.progress is told how many objects were looked at
 */
export async function collectStore(kept: KeptFiles, options: { olderThanMs: number; dryRun: boolean; signal: AbortSignal; progress(looked: number): void }): Promise<StoreCollection> {
  const { olderThanMs, dryRun, signal, progress } = options;
  const { place } = kept;
  if (kept.exchange) {
    const { artifacts, results, unfinished, freedBytes, pinned } = await kept.exchange.collect({ olderThanMs, dryRun, signal, progress });
    return { place, dryRun, artifacts, results, others: unfinished, freedBytes, kept: pinned };
  }
  if (!kept.app) throw new TypeError('neither a cache nor an exchange');
  const { artifacts, results, downloads, freedBytes, kept: needed } = await collectCache(kept.app, { olderThanMs, dryRun });
  return { place, dryRun, artifacts, results, others: downloads, freedBytes, kept: needed };
}
