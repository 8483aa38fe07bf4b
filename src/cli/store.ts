import { type Flags, program, start, withSettings } from './program.js';

const store = program.command('store').description('Look after the files snvg keeps: the cache of this machine, or the store that machines share (--store)').addHelpText('after', '\nExamples:\n  snvg store du\n  snvg store gc --older-than 14d\n  snvg store verify --store s3://bucket/snvg\n');

withSettings(store.command('verify').description('Read everything and compare it with what was put; exit 4 when something is damaged or missing'), 'store', 's3Endpoint', 'global', 'output')
  .option('--repair', 'remove what is damaged, and results that name what is not there: both are made anew when they are needed', false)
  .option('--local', 'the cache of this machine, even if a store is set', false)
  .addHelpText('after', '\nExamples:\n  snvg store verify\n  snvg store verify --store /mnt/share/snvg --repair\n')
  .action(({ repair, local, ...flags }: Flags) => start(flags, async (context) => (await import('../commands/store.js')).runStoreVerify(context, { repair: repair === true, local: local === true })));

withSettings(store.command('gc').description('Remove what is old and what no job needs; safe while jobs run, on any machine'), 'store', 's3Endpoint', 'global', 'output')
  .option('--older-than <age>', 'what is younger stays: 36h, 7d, 2w', '7d')
  .option('--dry-run', 'remove nothing: say what would go', false)
  .option('--local', 'the cache of this machine, even if a store is set', false)
  .addHelpText('after', '\nExamples:\n  snvg store gc --older-than 14d --dry-run\n  snvg store gc --store s3://bucket/snvg\n')
  .action(({ olderThan, dryRun, local, ...flags }: Flags) => start(flags, async (context) => (await import('../commands/store.js')).runStoreGc(context, { olderThan: String(olderThan), dryRun: dryRun === true, local: local === true })));

withSettings(store.command('du').description('What takes how much room, by kind and age'), 'store', 's3Endpoint', 'global', 'output')
  .option('--local', 'the cache of this machine, even if a store is set', false)
  .addHelpText('after', '\nExamples:\n  snvg store du\n  snvg store du --store /mnt/share/snvg --json\n')
  .action(({ local, ...flags }: Flags) => start(flags, async (context) => (await import('../commands/store.js')).runStoreDu(context, { local: local === true })));
