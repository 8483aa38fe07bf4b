import { type Flags, program, start, withSettings } from './program.js';

const queue = withSettings(program.command('queue').description('How the queue stands: tasks that wait, workers, failures, quarantined tasks'), 'queue', 'global', 'output')
  .addHelpText('after', '\nExamples:\n  snvg queue --queue redis://127.0.0.1:6379\n  SNVG_QUEUE=redis://127.0.0.1:6379 snvg queue --json\n  snvg queue retry 3f9c01ab\n')
  .action((flags: Flags) => start(flags, async (context) => (await import('../commands/queue.js')).runQueueShow(context)));
withSettings(queue.command('retry').argument('<task>', 'the first characters of its key').description('Have a quarantined task tried once more'), 'queue', 'global', 'output')
  .addHelpText('after', '\nExample:\n  snvg queue retry 3f9c01ab\n')
  .action((task: string, _flags: Flags, command: { optsWithGlobals(): Flags }) => start(command.optsWithGlobals(), async (context) => (await import('../commands/queue.js')).runQueueDecision(context, task, 'retry')));
withSettings(queue.command('drop').argument('<task>', 'the first characters of its key').description('Forget a quarantined task: it is tried when somebody asks for it again'), 'queue', 'global', 'output')
  .addHelpText('after', '\nExample:\n  snvg queue drop 3f9c01ab\n')
  .action((task: string, _flags: Flags, command: { optsWithGlobals(): Flags }) => start(command.optsWithGlobals(), async (context) => (await import('../commands/queue.js')).runQueueDecision(context, task, 'drop')));
