import type { WorkerFlags } from '../commands/worker.js';
import { type Flags, program, start, withSettings } from './program.js';

withSettings(program.command('worker').description('Work for another machine: what snvg starts on hosts'), 'ffmpeg', 'ffprobe', 'models', 'logLevel')
  .option('--stdio', 'take work over stdin and stdout from the snvg that started this one')
  .option('--slots <n>', 'half cores to give (default: all)')
  .option('--tags <names>', 'what this machine is known for, such as gpu,big')
  .option('--cache <folder>', 'where parts of films and what was made are kept (default: in snvg’s cache)')
  .addHelpText('after', '\nExample:\n  ssh user@host snvg worker --stdio --slots 4\n')
  .action(({ stdio, slots, tags, cache, ...flags }: Flags) => start(flags, async (context) => (await import('../commands/worker.js')).runWorker(context, { stdio, slots, tags, cache } as WorkerFlags)));
