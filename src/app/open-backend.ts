import { availableParallelism } from 'node:os';
import type { Settings } from '../config/options.js';
import { SnvgError } from '../errors.js';
import type { Backend } from '../pipeline/backends/backend.js';
import { LocalBackend } from '../pipeline/backends/local.js';
import type { TaskHost } from '../pipeline/run-task.js';

interface Surroundings {
  cacheDir: string;
  /** What was found of films, between runs. */
  memo: { get(key: string): string | undefined; set(key: string, value: string): void };
}

/**
 * Where the tasks of this process run, by the settings.
 * @param host what this machine lends to the tasks it runs itself
 * @throws {SnvgError} USAGE; QUEUE_UNAVAILABLE, QUEUE_UNSAFE, STORE_…
 */
export async function openBackend(settings: Settings, host: TaskHost, { cacheDir, memo }: Surroundings): Promise<Backend> {
  if (settings.backend === 'queue') {
    const { openQueueBackend } = await import('./queue/open-queue-backend.js');
    return openQueueBackend({ settings, host, slots: slotsOf(settings), cacheDir, memo });
  }
  if (settings.backend !== 'local') throw new SnvgError('USAGE', `This version of snvg cannot work with --backend ${settings.backend}`, 'Leave it out: the work is done on this machine.');
  return new LocalBackend(host, slotsOf(settings));
}

/** Tasks weigh half cores. */
function slotsOf(settings: Pick<Settings, 'concurrency'>): number {
  return 2 * (settings.concurrency ?? availableParallelism());
}
