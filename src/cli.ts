import './cli/hosts.js';
import './cli/coordinate.js';
import './cli/queue.js';
import './cli/store.js';
import './cli/worker.js';
import { CommanderError } from 'commander';
import { type Flags, program, start, withSettings } from './cli/program.js';
import type { LoginFlags } from './commands/auth.js';
import type { StageFlags } from './commands/stage.js';
import { reportError, SnvgError } from './errors.js';
import { guardOutput, keepSecretsOf } from './secrets.js';

withSettings(program.command('process').argument('[inputs...]', 'videos, sounds, folders, patterns, http(s):// or s3:// addresses; - for a list on stdin').description('Make clips of videos: all stages, one job and one manifest per video'), 'run', 'machines', 'publish', 'global', 'output')
  .option('--detach', 'hand the jobs to snvg coordinate and end at once', false)
  .option('--priority <n>', 'with --detach: jobs with a larger number go first (default: 0)')
  .addHelpText('after', '\nExamples:\n  snvg process talk.mp4 --clips 5 --max-length 45\n  snvg process day1.mp4 day2.mp4 day3.mp4 --output clips --keep-going\n  snvg process talks/*.mp4 --detach --priority 5\n')
  .action((inputs: string[], { detach, priority, ...flags }: Flags) =>
    start(flags, async (context) => {
      if (detach === true) return (await import('./commands/detach.js')).runDetached(context, inputs, typeof priority === 'string' ? { priority } : {});
      if (priority !== undefined) throw new SnvgError('USAGE', '--priority is about jobs that wait', 'Give it with --detach, or leave it out.');
      return (await import('./commands/process.js')).runProcess(context, inputs);
    }),
  );

const stageCommands = [
  ['ingest', 'Look at a video: streams, size, rate, captions found', 'snvg ingest talk.mp4 --out source.json'],
  ['transcribe', 'Hear the words of a video', 'snvg transcribe talk.mp4 --out talk.srt'],
  ['analyze', 'Look over a whole video coarsely: keyframes, loudness, silences', 'snvg analyze talk.mp4 --out analysis.json'],
  ['segment', 'Choose the moments worth a clip, and say why', 'snvg segment talk.mp4 --clips 3'],
  ['render', 'Make the clips, of chosen moments or of cuts given by hand', 'snvg render talk.mp4 --cut 0:03-0:26\n  snvg render talk.mp4 --cut 10-12.5+15-18+40-44      one clip of three ranges, joined\n  snvg render talk.mp4 --cut @cuts.txt                one cut a line; a line that begins with + goes on with the cut above'],
] as const;

for (const [stage, description, example] of stageCommands) {
  const command = program.command(stage).argument('[inputs...]', 'videos, sounds, folders, patterns, addresses').description(description);
  if (stage === 'segment' || stage === 'render') command.option('--transcript <file>', 'words given by hand: JSON with word times, SRT or WebVTT');
  if (stage === 'render') command.option('--cut <in-out>', 'a cut given by hand, such as 12:30-13:05; ranges to join with +; @<file> for a list (repeat for several)', (value: string, before: string[] | undefined) => [...(before ?? []), value]);
  else command.option('--out <file>', `write the result to a file${stage === 'transcribe' ? ' (.json, .srt, .vtt or .txt)' : ' (JSON)'}`);
  withSettings(command, 'run', 'machines', 'global', 'output', ...(stage === 'render' ? (['publish'] as const) : []))
    .addHelpText('after', `\nExample:\n  ${example}\n`)
    .action((inputs: string[], { out, transcript, cut, ...flags }: Flags & StageFlags) =>
      start(flags, async (context) => (await import('./commands/stage.js')).runStage(context, stage, inputs, { ...(out === undefined ? {} : { out }), ...(transcript === undefined ? {} : { transcript }), ...(cut === undefined ? {} : { cut }) })),
    );
}

withSettings(program.command('publish').argument('[job-or-folder]', 'a job or its output folder (default: the newest job); with --resolve: posted=<url> or not-posted').description('Publish clips that were made, each once'), 'publish', 'schedule', 'rehearse', 'global', 'output', 's3Endpoint')
  .option('--again', 'also publish changed versions of what is already public', false)
  .option('--check', 'send nothing: say what the platforms will say, and what their day still gives', false)
  .option('--dry-run', 'send nothing: say what would be sent', false)
  .option('--status', 'every post and how it stands', false)
  .option('--history', 'who posted what, when, from which machine', false)
  .option('--due', 'publish what was planned and whose time has come (for cron)', false)
  .option('--retry [post]', 'try again: one post by the first digits of its key, or all that did not end well')
  .option('--cancel <post>', 'take back a post that is not public yet')
  .option('--resolve <post>', 'say what you saw at the platform: posted=<url> or not-posted')
  .addHelpText(
    'after',
    `
Examples:
  snvg publish talk.snvg --to file:outbox
  snvg publish talk.snvg --to youtube --to tiktok:second --set youtube.privacy=unlisted --check
  snvg publish --to youtube --to x --sandbox
  snvg publish --to tiktok --sandbox --sandbox-faults 7
  snvg publish --to x --auto-approve --min-score 60 --no-notices --ledger s3://bucket/snvg
  snvg publish --status
  snvg publish --resolve 1a2b3c4d posted=https://www.youtube.com/watch?v=…
`,
  )
  .action((job: string | undefined, flags: Flags) => startPublish(job, flags));

/** One verb at a time; without any, publishing. */
async function startPublish(job: string | undefined, { again, check, status, history, due, retry, cancel, resolve, ...settings }: Flags): Promise<void> {
  const verbs = Object.entries({ check, status, history, due, retry, cancel, resolve }).filter(([, given]) => given !== undefined && given !== false);
  const [verb, ...others] = verbs.map(([name]) => name);
  if (others.length > 0) throw new SnvgError('USAGE', `--${verb} and --${others[0]} cannot go together`, 'Give one of them.');
  return start(settings, async (context) => {
    const publish = await import('./commands/publish.js');
    const views = await import('./commands/publish-views.js');
    switch (verb) {
      case 'check':
        return views.runPublishCheck(context, job, { refuse: true });
      case 'status':
        return views.runPublishStatus(context, job);
      case 'history':
        return views.runPublishHistory(context);
      case 'due':
        return publish.runPublishDue(context);
      case 'retry':
        return publish.runPublishRetry(context, typeof retry === 'string' ? retry : undefined);
      case 'cancel':
        return publish.runPublishCancel(context, String(cancel));
      case 'resolve':
        return publish.runPublishResolve(context, String(resolve), job);
      default:
        return context.loaded.settings.dryRun ? views.runPublishCheck(context, job, { refuse: false }) : publish.runPublish(context, job, { again: again === true });
    }
  });
}

withSettings(program.command('review').argument('[job-or-folder]', 'a job or its output folder (default: the newest job)').description('Look at clips and say which may be published: approve, reject, edit, open'), 'global', 'output')
  .option('--list', 'print the clips with their receipts instead of asking')
  .option('--approve <clips...>', 'approve without asking: numbers, lineages or all')
  .option('--reject <clips...>', 'reject without asking: numbers, lineages or all')
  .addHelpText('after', '\nKeys: a approve, r reject, u undo, e edit title, text and hashtags, o open the film, q quit\n\nExamples:\n  snvg review talk.snvg\n  snvg review --list\n  snvg review talk.snvg --approve 1 3 --reject 2\n')
  .action((job: string | undefined, { list, approve, reject, ...flags }: Flags) =>
    start(flags, async (context) => (await import('./commands/review.js')).runReview(context, job, { ...(list === true ? { list } : {}), ...(approve === undefined ? {} : { approve: approve as string[] }), ...(reject === undefined ? {} : { reject: reject as string[] }) })),
  );

const schedule = program.command('schedule').description('Posts that wait for their time; snvg publish --due sends them').addHelpText('after', '\nExample:\n  snvg schedule add talk.snvg --to youtube --slots "mon-fri 18:00"\n');
withSettings(schedule.command('add').argument('[job-or-folder]', 'a job or its output folder (default: the newest job)').description('Plan clips that were made: each for the next free slot, or from a time on'), 'publish', 'schedule', 'global', 'output', 's3Endpoint')
  .option('--at <time>', 'when, such as "2026-12-01 18:00", "tomorrow 18:00", "fri 9:30 Asia/Tokyo" or 2026-12-01T18:00:00+01:00')
  .option('--clips <numbers>', 'these clips alone, such as 1,3')
  .addHelpText('after', '\nExamples:\n  snvg schedule add talk.snvg --to youtube --at "tomorrow 18:00" --zone Europe/Berlin\n  snvg schedule add --to tiktok --to instagram --slots "mon-fri 18:00; sat,sun 10:30" --max-per-day 1\n')
  .action((job: string | undefined, { at, clips, ...flags }: Flags & { at?: string; clips?: string }) => start(flags, async (context) => (await import('./commands/schedule.js')).runScheduleAdd(context, job, { at, clips })));
withSettings(schedule.command('list').description('What waits for its time, soonest first'), 'publish', 'schedule', 'global', 'output', 's3Endpoint')
  .addHelpText('after', '\nExample:\n  snvg schedule list --zone Asia/Tokyo\n')
  .action((flags: Flags) => start(flags, async (context) => (await import('./commands/schedule.js')).runScheduleList(context)));
withSettings(schedule.command('move').argument('<publication>', 'its key, or the first digits of it').description('Give a planned post another time, or the next free slot'), 'publish', 'schedule', 'global', 'output', 's3Endpoint')
  .option('--at <time>', 'when (default: the next of --slots that is free)')
  .addHelpText('after', '\nExample:\n  snvg schedule move 1a2b3c4d --at "fri 9:30"\n')
  .action((key: string, { at, ...flags }: Flags & { at?: string }) => start(flags, async (context) => (await import('./commands/schedule.js')).runScheduleMove(context, key, { at })));
withSettings(schedule.command('remove').argument('<publication>', 'its key, or the first digits of it').description('Take a planned post out of the schedule'), 'publish', 'schedule', 'global', 'output', 's3Endpoint')
  .addHelpText('after', '\nExample:\n  snvg schedule remove 1a2b3c4d\n')
  .action((key: string, flags: Flags) => start(flags, async (context) => (await import('./commands/schedule.js')).runScheduleRemove(context, key)));

const jobs = program.command('jobs').description('What was done, is being done, and can go on').addHelpText('after', '\nExample:\n  snvg jobs list\n');
withSettings(jobs.command('list').description('All jobs, newest first'), 'global', 'output').action((flags: Flags) => start(flags, async (context) => (await import('./commands/jobs.js')).runJobsList(context)));
withSettings(jobs.command('show').argument('<job>').description('One job with its tasks'), 'global', 'output').action((id: string, flags: Flags) => start(flags, async (context) => (await import('./commands/jobs.js')).runJobsShow(context, id)));
withSettings(jobs.command('events').argument('<job>').description('The event log of a job, one JSON line each'), 'global').action((id: string, flags: Flags) => start(flags, async (context) => (await import('./commands/jobs.js')).runJobsEvents(context, id)));
withSettings(jobs.command('attach').argument('<job>').description('Watch a job to its end, whichever process works on it; ends with the job’s exit code'), 'global', 'output')
  .addHelpText('after', '\nCtrl-C ends the showing, not the job.\n\nExample:\n  snvg jobs attach 1a2b3c\n')
  .action((id: string, flags: Flags) => start(flags, async (context) => (await import('./commands/attach.js')).runJobsAttach(context, id)));
withSettings(jobs.command('retry').argument('<job>').description('Go on with a job, with the settings it was started with'), 'global', 'output').action((id: string, flags: Flags) => start(flags, async (context) => (await import('./commands/jobs.js')).runJobsRetry(context, id)));
withSettings(jobs.command('cancel').argument('<job>').description('Stop a job; finished work is kept'), 'global').action((id: string, flags: Flags) => start(flags, async (context) => (await import('./commands/jobs.js')).runJobsCancel(context, id)));
withSettings(jobs.command('clean').argument('[jobs...]').description('Forget jobs and free the cache they used; clips stay'), 'global')
  .option('--all', 'all jobs', false)
  .action((ids: string[], { all, ...flags }: Flags) => start(flags, async (context) => (await import('./commands/jobs.js')).runJobsClean(context, ids, { all: all === true })));

const auth = program.command('auth').description('Accounts at the platforms: log in, look after, log out').addHelpText('after', '\nExamples:\n  snvg auth login youtube --as main --client-id 123-abc.apps.googleusercontent.com\n  snvg auth status\n');
withSettings(auth.command('login').argument('<platform>', 'youtube, x, tiktok or instagram').description('Log in to an account, in a browser here or elsewhere'), 'global', 'output')
  .option('--as <name>', 'your name for the account, for --to <platform>:<name> (default: what it is called there)')
  .option('--client-id <id>', 'the app you registered at the platform (or SNVG_<PLATFORM>_CLIENT_ID)')
  .option('--client-secret-stdin', 'read the app’s secret from the first line of stdin (or SNVG_<PLATFORM>_CLIENT_SECRET)')
  .option('--paste', 'print the address, and take the one the browser ends at from stdin: for machines without a browser')
  .option('--device', 'show a code to type on another machine, where the platform offers that')
  .option('--browser', 'open the browser without asking')
  .option('--no-browser', 'open no browser, print the address only')
  .option('--port <number>', 'port of this machine that the browser comes back to (default: the platform’s, else any free one)')
  .option('--redirect-uri <url>', 'with --paste: the redirect address registered with the app')
  .option('--timeout <seconds>', 'how long to wait for the browser (default: 300)')
  .option('--default', 'use this account where none is named')
  .addHelpText('after', '\nExamples:\n  snvg auth login youtube --as main --client-id 123-abc.apps.googleusercontent.com\n  SNVG_X_CLIENT_SECRET=… snvg auth login x --client-id abc --paste\n')
  .action((platform: string, { as, clientId, clientSecretStdin, device, paste, browser, port, redirectUri, timeout, default: makeDefault, ...flags }: Flags) =>
    start(flags, async (context) => (await import('./commands/auth.js')).runAuthLogin(context, platform, { as, clientId, clientSecretStdin, device, paste, browser, port, redirectUri, timeout, default: makeDefault } as LoginFlags)),
  );
withSettings(auth.command('status').argument('[platform]').description('How each login stands; exit 6 when one needs a person'), 'global', 'output')
  .option('--check', 'use each login once at its platform', false)
  .addHelpText('after', '\nExample:\n  snvg auth status --check --json\n')
  .action((platform: string | undefined, { check, ...flags }: Flags) => start(flags, async (context) => (await import('./commands/auth-status.js')).runAuthStatus(context, platform, { check: check === true })));
withSettings(auth.command('refresh').argument('<account>', 'a platform, or <platform>:<name>').description('Renew a login now'), 'global', 'output')
  .addHelpText('after', '\nExample:\n  snvg auth refresh youtube:main\n')
  .action((account: string, flags: Flags) => start(flags, async (context) => (await import('./commands/auth.js')).runAuthRefresh(context, account)));
withSettings(auth.command('logout').argument('<account>', 'a platform, or <platform>:<name>').description('End a login at the platform, and forget it'), 'global', 'output')
  .option('--no-revoke', 'forget it here only: its tokens stay valid')
  .addHelpText('after', '\nExample:\n  snvg auth logout x:work\n')
  .action((account: string, { revoke, ...flags }: Flags) => start(flags, async (context) => (await import('./commands/auth.js')).runAuthLogout(context, account, { revoke: revoke !== false })));
withSettings(auth.command('default').argument('<account>', '<platform>:<name>').description('Use this account where none is named'), 'global', 'output')
  .addHelpText('after', '\nExample:\n  snvg auth default youtube:main\n')
  .action((account: string, flags: Flags) => start(flags, async (context) => (await import('./commands/auth.js')).runAuthDefault(context, account)));
withSettings(auth.command('import').argument('[platform]').argument('[file]', 'JSON (default: stdin)').description('Take a login that was made elsewhere'), 'global', 'output')
  .option('--as <name>', 'your name for the account')
  .option('--default', 'use this account where none is named')
  .addHelpText('after', '\nExamples:\n  snvg auth import youtube login.json --as main\n  pass show snvg/x | snvg auth import x\n')
  .action((platform: string | undefined, file: string | undefined, { as, default: makeDefault, ...flags }: Flags) =>
    start(flags, async (context) => (await import('./commands/auth.js')).runAuthImport(context, platform, file, { ...(typeof as === 'string' ? { as } : {}), default: makeDefault === true })),
  );
withSettings(auth.command('export').argument('<account>', 'a platform, or <platform>:<name>').description('Write a login’s secrets to a file of your own'), 'global', 'output')
  .option('--out <file>', 'a new file, readable by you alone')
  .option('--stdout', 'show the secrets on stdout instead')
  .addHelpText('after', '\nExample:\n  snvg auth export youtube:main --out login.json\n')
  .action((account: string, { out, stdout, ...flags }: Flags) =>
    start(flags, async (context) => (await import('./commands/auth.js')).runAuthExport(context, account, { ...(typeof out === 'string' ? { out } : {}), stdout: stdout === true })),
  );

withSettings(program.command('doctor').description('Whether this machine can make clips, and what to do about what it lacks'), 'global', 'output')
  .addHelpText('after', '\nExample:\n  snvg doctor --json\n')
  .action((flags: Flags) => start(flags, async (context) => (await import('./app/doctor.js')).doctor(context)));

const config = program.command('config').description('Settings: what applies and where it comes from').addHelpText('after', '\nExample:\n  snvg config show\n');
withSettings(config.command('show').description('Every setting, its value and its origin'), 'run', 'machines', 'publish', 'schedule', 'global', 'output').action((flags: Flags) =>
  start(flags, async (context) => (await import('./commands/config.js')).runConfigShow(context, { json: context.loaded.settings.json })),
);
withSettings(config.command('path').description('Where configuration and data lie'), 'global', 'output').action((flags: Flags) =>
  start(flags, async (context) => (await import('./commands/config.js')).runConfigPath(context, { json: context.loaded.settings.json })),
);
withSettings(config.command('schema').description('JSON Schema of the configuration'), 'global')
  .option('--manifest', 'of manifest.json instead', false)
  .action(({ manifest, ...flags }: Flags) =>
    start(flags, async (context) => {
      const [{ runConfigSchema }, { manifestSchema }] = await Promise.all([import('./commands/config.js'), import('./app/manifest-schema.js')]);
      return runConfigSchema({ stdout: context.stdout, manifestSchema }, { manifest: manifest === true });
    }),
  );

/** Commander's refusal as one of ours: what was wrong, then where to look. */
function usageError(error: CommanderError): SnvgError {
  const [message = error.message] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = /\(Did you mean (.+)\?\)/.exec(error.message)?.[1];
  return new SnvgError('USAGE', message, suggestion ? `Did you mean ${suggestion}? All options: snvg --help` : 'See what there is with: snvg --help');
}

/** The two lines without what has to be loaded for them: nothing can be, once no file can be opened. */
function printPlainly(error: unknown, json: boolean): number {
  const report = reportError(error);
  if (json) process.stdout.write(`${JSON.stringify({ error: report })}\n`);
  else process.stderr.write(`error ${report.code}: ${report.message}\n→ ${report.remedy}\n`);
  return report.exitCode;
}

async function main(argv: readonly string[]): Promise<void> {
  for (const command of [program, ...program.commands, ...program.commands.flatMap((parent) => parent.commands)]) {
    command.exitOverride().configureOutput({ writeErr: () => {} });
  }
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    if (error instanceof CommanderError && error.code === 'commander.help') {
      process.stderr.write(program.helpInformation());
      process.exitCode = 2;
      return;
    }
    const told = error instanceof CommanderError ? usageError(error) : error;
    const json = argv.includes('--json');
    const color = process.stderr.isTTY && !process.env['NO_COLOR'] && !argv.includes('--no-color');
    try {
      const { printError } = await import('./ui/error-lines.js');
      process.exitCode = printError(told, { json, color, stdout: process.stdout, stderr: process.stderr, stack: argv.includes('debug') });
    } catch {
      process.exitCode = printPlainly(told, json);
    }
  }
}

// Before anything can fail: what fails must not print a token.
keepSecretsOf(process.env);
guardOutput(process.stdout);
guardOutput(process.stderr);
// Node's own last words would go past the guard.
process.on('uncaughtException', (error) => {
  const exitCode = printPlainly(error, process.argv.includes('--json'));
  if (process.argv.includes('debug')) process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(exitCode);
});

// A reader that has seen enough (`| head`) ends the showing, not the work.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

await main(process.argv);
