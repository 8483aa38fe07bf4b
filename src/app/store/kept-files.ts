import type { Exchange } from '../../artifacts/exchange.js';
import { openExchange } from '../../artifacts/open-exchange.js';
import type { ListedStore } from '../../artifacts/store.js';
import type { TaskResult } from '../../artifacts/task-results.js';
import { type App, openApp, type AppOptions } from '../app.js';

/** Results of tasks, as the cache and an exchange both keep them. */
export interface KeptResults {
  all(): AsyncIterable<{ result: TaskResult; sizeBytes: number; writtenMs: number }>;
  delete(key: string): Promise<void>;
}

/** What snvg keeps on this machine, or in a store that machines share. */
export interface KeptFiles {
  /** For people. */
  place: string;
  artifacts: ListedStore;
  results: KeptResults;
  /** By the clock of the place. */
  nowMs(): Promise<number>;
  /** The two kinds; one of them. */
  app?: App;
  exchange?: Exchange;
  close(): Promise<void>;
}

/**
 * Opens the store that is named, or the cache of this machine.
 * @throws {SnvgError} STORE_*
 */
export async function openKeptFiles(options: AppOptions & { store: string | null }): Promise<KeptFiles> {
  const { store, settings, paths, readOnly = false } = options;
  if (store !== null) {
    const exchange = await openExchange(store, { cacheDir: paths.cacheDir, s3Endpoint: settings.s3Endpoint, readOnly });
    return { place: exchange.place, artifacts: exchange.artifacts, results: exchange.results, nowMs: () => exchange.nowMs(), exchange, close: () => exchange.close() };
  }
  const app = await openApp(options);
  return { place: paths.cacheDir, artifacts: app.store, results: app.results, nowMs: () => Promise.resolve(app.clock.nowMs()), app, close: () => app.close() };
}
