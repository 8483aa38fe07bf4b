import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { openExchange } from '../../artifacts/open-exchange.js';
import type { Settings } from '../../config/options.js';
import { SnvgError } from '../../errors.js';
import { FilmExcerpts } from '../../media/excerpt.js';
import type { Backend } from '../../pipeline/backends/backend.js';
import { openQueue } from '../../pipeline/backends/queue/connection.js';
import { QueueBackend } from '../../pipeline/backends/queue/queue-backend.js';
import type { TaskHost } from '../../pipeline/run-task.js';
import { requireQueue } from './queue-view.js';

export interface QueueBackendRequest {
  settings: Settings;
  /** What this machine lends to the tasks it runs itself. */
  host: TaskHost;
  /** Half cores of this machine. */
  slots: number;
  /** Copies of what comes from the exchange are kept below it. */
  cacheDir: string;
  /** What was found of films, between runs. */
  memo?: { get(key: string): string | undefined; set(key: string, value: string): void };
}

/**
 * A backend over workers at a queue. Everything is looked at before anything is handed over.
 * @throws {SnvgError} USAGE, QUEUE_UNAVAILABLE, QUEUE_UNSAFE, STORE_…
 */
export async function openQueueBackend({ settings, host, slots, cacheDir, memo }: QueueBackendRequest): Promise<Backend> {
  if (settings.store === null) throw new SnvgError('USAGE', '--backend queue needs a store for the files that machines leave for each other', 'Give a folder that all of them see with --store /mnt/shared/snvg, or --store s3://bucket/folder.');
  const connection = await openQueue(requireQueue(settings.queue), host.log);
  try {
    const exchange = await openExchange(settings.store, { cacheDir, s3Endpoint: settings.s3Endpoint });
    try {
      const pin = await exchange.pins.open({ jobId: `run-${randomUUID()}`, host: hostname() });
      const { version } = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string };
      return new QueueBackend({
        host,
        slots,
        here: settings.here,
        connection,
        exchange,
        keep: (needed) => pin.add(needed),
        version,
        needs: settings.needs,
        films: new FilmExcerpts({ toolchain: host.toolchain, scratchRoot: host.scratchRoot, ...(memo ? { memo } : {}) }),
        closing: async () => {
          // What was needed has been taken over; what was not finished is made from what the next run leaves.
          await pin.release().catch(() => {});
          await exchange.close();
        },
      });
    } catch (error) {
      await exchange.close();
      throw error;
    }
  } catch (error) {
    await connection.close();
    throw error;
  }
}
