import { availableParallelism } from 'node:os';
import type { Paths } from '../config/paths.js';
import type { Settings } from '../config/options.js';
import type { Backend } from '../pipeline/backends/backend.js';
import { LocalBackend } from '../pipeline/backends/local.js';
import type { TaskHost } from '../pipeline/run-task.js';

interface Surroundings {
  paths: Paths;
  /** What was found of films, between runs. */
  memo: { get(key: string): string | undefined; set(key: string, value: string): void };
}

/**
 * Where the tasks of this process run, by the settings.
 * @param host what this machine lends to the tasks it runs itself
 * @throws {SnvgError} USAGE, CONFIG_INVALID; QUEUE_UNAVAILABLE, QUEUE_UNSAFE, STORE_…
 */
export async function openBackend(settings: Settings, host: TaskHost, { paths, memo }: Surroundings): Promise<Backend> {
  const slots = slotsOf(settings);
  switch (settings.backend) {
    case 'local':
      return new LocalBackend(host, slots);
    case 'ssh': {
      const { openSshBackend } = await import('./open-ssh-backend.js');
      return openSshBackend({ settings, host, slots, paths, memo });
    }
    case 'queue': {
      const { openQueueBackend } = await import('./queue/open-queue-backend.js');
      return openQueueBackend({ settings, host, slots, cacheDir: paths.cacheDir, memo });
    }
  }
}

/** Tasks weigh half cores. */
function slotsOf(settings: Pick<Settings, 'concurrency'>): number {
  return 2 * (settings.concurrency ?? availableParallelism());
}
