import { type Flags, program, start, withSettings } from './program.js';

withSettings(program.command('coordinate').description('Do the jobs that snvg process --detach handed over, until stopped; several may run side by side'), 'jobs', 'concurrency', 'backend', 'hosts', 'here', 'machines', 'global', 'events')
  .option('--once', 'end when no job is left (for cron and CI); the exit code is that of all its jobs', false)
  .addHelpText(
    'after',
    `
SIGTERM or Ctrl-C stops what runs, keeps what is finished and puts the jobs back; a second one ends at once.

Examples:
  snvg process talk.mp4 --detach && snvg coordinate --once
  snvg coordinate --jobs 2
  snvg coordinate --backend ssh --host anna --host bert
`,
  )
  .action(({ once, ...flags }: Flags) => start(flags, async (context) => (await import('../commands/coordinate.js')).runCoordinate(context, { once: once === true })));
