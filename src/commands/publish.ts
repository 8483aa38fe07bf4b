import { openApp, type App } from '../app/app.js';
import type { PublishingRoom } from '../app/publishing/account-run.js';
import { duePublications, publishDue } from '../app/publishing/due.js';
import { cancelPublication, resolvePublication, retryPublications } from '../app/publishing/manage.js';
import { publishJob } from '../app/publishing/publish-job.js';
import { withPublishing } from '../app/publishing/publishing-room.js';
import { rowOfPublication, type PublishRow } from '../app/publishing/rows.js';
import { SnvgError } from '../errors.js';
import type { CommandContext } from './context.js';
import { publishReporter, writeRows } from './publish-output.js';

/** `snvg publish [job-or-folder] --to <target>`: sends the clips a job has delivered. Returns the exit code. */
export async function runPublish(context: CommandContext, jobOrFolder: string | undefined, flags: { again: boolean }): Promise<number> {
  requireTargets(context);
  const app = await openApp({ settings: context.loaded.settings, paths: context.paths, signal: context.signal });
  try {
    const { rows, notices } = await publishJob(app, { jobOrFolder, cwd: context.cwd, again: flags.again, env: context.env, event: publishReporter(context) });
    return writeRows(context, rows, { notices });
  } finally {
    await app.close();
  }
}

/** @throws {SnvgError} USAGE */
export function requireTargets({ loaded }: CommandContext): void {
  if (loaded.settings.to.length === 0) throw new SnvgError('USAGE', 'No target was named', 'Say where to publish: snvg publish talk.snvg --to file:outbox');
}

/** `snvg publish --due`: planned posts whose time has come. An account that another run works on is left to it. */
export function runPublishDue(context: CommandContext): Promise<number> {
  const { dryRun } = context.loaded.settings;
  // cron mails whatever is printed: on most runs there is nothing to say.
  const nothing = context.stdout.isTTY ? { nothing: 'Nothing is due.' } : {};
  return withRoom(context, async (room) => writeRows(context, dryRun ? (await duePublications(room)).map(rowOfPublication) : await publishDue(room, manner(context)), nothing), { readOnly: dryRun });
}

/** `snvg publish --retry [publication]` */
export function runPublishRetry(context: CommandContext, publication: string | undefined): Promise<number> {
  return withRoom(context, async (room) => writeRows(context, await retryPublications(room, publication, { ...manner(context), wait: true }), { nothing: 'There is nothing to try again.' }));
}

/** `snvg publish --cancel <publication>` */
export function runPublishCancel(context: CommandContext, publication: string): Promise<number> {
  return withRoom(context, async (room) => writeRows(context, await cancelPublication(room, publication, manner(context))));
}

/** `snvg publish --resolve <publication> posted=<url>|not-posted` */
export function runPublishResolve(context: CommandContext, publication: string, answer: string | undefined): Promise<number> {
  if (answer === undefined) throw new SnvgError('USAGE', '--resolve needs what you saw at the platform', `snvg publish --resolve ${publication} posted=<url>, or snvg publish --resolve ${publication} not-posted`);
  return withRoom(context, async (room) => {
    const row: PublishRow = await resolvePublication(room, publication, answer);
    writeRows(context, [row]);
    return 0;
  });
}

/** Opens what publishing needs for as long as `body` runs. */
export async function withRoom<T>(context: CommandContext, body: (room: PublishingRoom, app: App) => Promise<T>, options: { readOnly?: boolean } = {}): Promise<T> {
  const app = await openApp({ settings: context.loaded.settings, paths: context.paths, signal: context.signal, ...options });
  try {
    return await withPublishing(app, (room) => body(room, app));
  } finally {
    await app.close();
  }
}

function manner(context: CommandContext): { signal: AbortSignal; event: ReturnType<typeof publishReporter> } {
  return { signal: context.signal, event: publishReporter(context) };
}
