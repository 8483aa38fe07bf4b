import { availableParallelism } from 'node:os';
import { requireQueue } from '../app/queue/queue-view.js';
import { runQueueWorker as work } from '../app/queue/queue-worker.js';
import { SnvgError } from '../errors.js';
import { count } from '../ui/format.js';
import type { CommandContext } from './context.js';

export interface QueueWorkerFlags {
  slots?: string;
  tags?: string;
  cache?: string;
  healthPort?: string;
  healthHost?: string;
  drainSeconds?: string;
  leaseSeconds?: string;
  minFreeDisk?: string;
}

/**
 * `snvg worker --queue`: takes tasks until it is stopped. SIGTERM or SIGINT lets running tasks end within `--drain-seconds` and gives back
 * the others; a second one ends everything at once.
 */
export async function runQueueWorker(context: CommandContext, flags: QueueWorkerFlags): Promise<number> {
  const { settings } = context.loaded;
  const { stdout, signal } = context;
  if (settings.store === null) throw new SnvgError('USAGE', 'snvg worker --queue needs the store where tasks lie', 'Give it as all others do: --store /mnt/shared/snvg, or --store s3://bucket/folder.');
  const healthPort = flags.healthPort === undefined ? undefined : numberOf('--health-port', flags.healthPort, { least: 0, most: 65_535 });
  await work({
    settings,
    paths: context.paths,
    version: context.version,
    cwd: context.cwd,
    queue: requireQueue(settings.queue),
    store: settings.store,
    slots: flags.slots === undefined ? 2 * (settings.concurrency ?? availableParallelism()) : numberOf('--slots', flags.slots, { least: 1, most: 1_024 }),
    tags: (flags.tags ?? '').split(',').map((tag) => tag.trim()).filter((tag) => tag !== ''),
    cacheDir: flags.cache,
    health: healthPort === undefined ? undefined : { host: flags.healthHost ?? '127.0.0.1', port: healthPort },
    drainMs: 1_000 * numberOf('--drain-seconds', flags.drainSeconds ?? '60', { least: 0, most: 86_400 }),
    leaseMs: 1_000 * numberOf('--lease-seconds', flags.leaseSeconds ?? '30', { least: 1, most: 3_600 }),
    diskFloorBytes: 1e9 * numberOf('--min-free-disk', flags.minFreeDisk ?? '2', { least: 0, most: 100_000 }),
    signal,
    ready: ({ id, healthPort: port, shown, place, missing }) => {
      if (settings.json) return void stdout.write(`${JSON.stringify({ worker: id, queue: shown, store: place, healthPort: port ?? null, missing })}\n`);
      for (const { message, remedy } of missing) stdout.write(`lacks: ${message}\n→ ${remedy}\n`);
      stdout.write(`worker ${id} takes tasks of ${shown}, files in ${place}${port === undefined ? '' : `, health at http://${flags.healthHost ?? '127.0.0.1'}:${port}`}\n`);
    },
    stopped: (handedBack) => {
      if (!settings.json) stdout.write(handedBack === 0 ? 'stopped; nothing was interrupted\n' : `stopped; ${count(handedBack, 'task')} given back to the queue\n`);
    },
  });
  return 0;
}

function numberOf(flag: string, text: string, { least, most }: { least: number; most: number }): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number) || number < least || number > most) throw new SnvgError('USAGE', `${flag} is ${text}, which is no number from ${least} to ${most}`, `Give a number from ${least} to ${most}.`);
  return number;
}
