import type { QueueWorkerFlags } from '../commands/queue-worker.js';
import type { WorkerFlags } from '../commands/worker.js';
import { type Flags, program, start, withSettings } from './program.js';

withSettings(program.command('worker').description('Work for others: for the snvg that started this one, or for whoever leaves tasks at a queue'), 'machines', 'concurrency', 's3Endpoint', 'json', 'ffmpeg', 'ffprobe', 'models', 'logLevel')
  .option('--stdio', 'take work over stdin and stdout from the snvg that started this one')
  .option('--slots <n>', 'half cores to give (default: all)')
  .option('--tags <names>', 'what this machine is known for, such as gpu,big')
  .option('--cache <folder>', 'where parts of films and what was made are kept (default: in snvg’s cache)')
  .option('--health-port <port>', 'with --queue: tell over HTTP how it is: /healthz, /readyz, and what runs at /; 0 takes a free port')
  .option('--health-host <address>', 'with --health-port: the address to listen at (default: 127.0.0.1)')
  .option('--drain-seconds <n>', 'with --queue: how long running tasks may take to end once it is stopped (default: 60)')
  .option('--lease-seconds <n>', 'with --queue: how long a task stays taken by a worker that is not heard of (default: 30)')
  .option('--min-free-disk <GB>', 'with --queue: take nothing while less is free (default: 2)')
  .addHelpText('after', '\nExamples:\n  ssh user@host snvg worker --stdio --slots 4\n  snvg worker --queue redis://127.0.0.1:6379 --store /mnt/shared/snvg --concurrency 8\n  SNVG_QUEUE=rediss://worker:…@redis.example:6380 snvg worker --store s3://bucket/snvg --tags gpu --health-port 8080\n')
  .action(({ stdio, slots, tags, cache, healthPort, healthHost, drainSeconds, leaseSeconds, minFreeDisk, ...flags }: Flags) =>
    start(flags, async (context) => {
      if (stdio !== true && context.loaded.settings.queue !== null) return (await import('../commands/queue-worker.js')).runQueueWorker(context, { slots, tags, cache, healthPort, healthHost, drainSeconds, leaseSeconds, minFreeDisk } as QueueWorkerFlags);
      return (await import('../commands/worker.js')).runWorker(context, { stdio, slots, tags, cache } as WorkerFlags);
    }),
  );
