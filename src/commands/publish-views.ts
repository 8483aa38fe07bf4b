import { checkPosts, wouldBeRefused, type Checked } from '../app/publishing/check-posts.js';
import { jobClips } from '../app/publishing/job-clips.js';
import { publicationHistory, publicationStatus } from '../app/publishing/manage.js';
import { findJob } from '../app/publishing/publish-job.js';
import { namedTargets } from '../app/publishing/targets.js';
import { ExitCode } from '../errors.js';
import { aligned, clipped, terminalText } from '../ui/terminal-text.js';
import type { CommandContext } from './context.js';
import { requireTargets, withRoom } from './publish.js';
import { publicationLines } from './publish-output.js';

/** `snvg publish --status [job-or-folder]`: every post the ledger knows, and the questions that wait for a person. */
export function runPublishStatus(context: CommandContext, jobOrFolder: string | undefined): Promise<number> {
  return withRoom(
    context,
    async ({ ledger }, app) => {
      const rows = await publicationStatus(ledger, jobOrFolder === undefined ? undefined : findJob(app, jobOrFolder, context.cwd).id);
      if (context.loaded.settings.json) {
        context.stdout.write(`${JSON.stringify({ ledger: ledger.place, publications: rows })}\n`);
        return ExitCode.ok;
      }
      if (rows.length === 0) context.stdout.write('Nothing was published yet.\n');
      for (const line of publicationLines(rows)) context.stdout.write(`${line}\n`);
      for (const { problem } of rows) if (problem?.question !== undefined) context.stdout.write(`? ${terminalText(problem.question)}\n→ ${terminalText(problem.remedy)}\n`);
      return ExitCode.ok;
    },
    { readOnly: true },
  );
}

/** `snvg publish --history`: who posted what, when, from which machine. */
export function runPublishHistory(context: CommandContext): Promise<number> {
  return withRoom(
    context,
    async ({ ledger }) => {
      const history = await publicationHistory(ledger);
      if (context.loaded.settings.json) {
        context.stdout.write(`${JSON.stringify({ ledger: ledger.place, history: history.map(({ publication, event }) => ({ key: publication.key, title: publication.title, platform: publication.platform, account: publication.accountName, ...event })) })}\n`);
        return ExitCode.ok;
      }
      const rows = history.map(({ publication, event }) => [
        new Date(event.atMs).toISOString().slice(0, 19).replace('T', ' '),
        publication.key.slice(0, 8),
        event.what,
        terminalText(`${publication.platform}:${publication.accountName}`),
        clipped(terminalText(publication.title), 32),
        terminalText(`${event.by.host} (${event.by.pid})`),
        terminalText(event.url ?? event.note ?? ''),
      ]);
      for (const line of aligned(rows)) context.stdout.write(`${line}\n`);
      return ExitCode.ok;
    },
    { readOnly: true },
  );
}

/** `snvg publish --check` and `--dry-run`: what would be sent, what the platforms will say to it, what their day still gives. */
export function runPublishCheck(context: CommandContext, jobOrFolder: string | undefined, { refuse }: { /** Exit 6 when something would be refused. */ refuse: boolean }): Promise<number> {
  requireTargets(context);
  return withRoom(
    context,
    async (room, app) => {
      const named = await namedTargets(app.settings);
      const checked = await checkPosts(room, await jobClips(findJob(app, jobOrFolder, context.cwd), app.reviews), named);
      if (context.loaded.settings.json) context.stdout.write(`${JSON.stringify(checked)}\n`);
      else for (const line of checkLines(checked)) context.stdout.write(`${line}\n`);
      return refuse && wouldBeRefused(checked) ? ExitCode.remoteRefused : ExitCode.ok;
    },
    { readOnly: true },
  );
}

function checkLines({ posts, accounts }: Checked): string[] {
  return [
    ...aligned(posts.map(({ title, platform, account, verdict, url }) => [clipped(terminalText(title), 40), terminalText(account === '' ? platform : `${platform}:${account}`), verdict, terminalText(url ?? '')])),
    ...posts.flatMap(({ clip, platform, findings }) => findings.flatMap(({ rule, severity, message, remedy }) => [`${severity} ${rule}: ${terminalText(`${clip} for ${platform}: ${message}`)}`, `→ ${terminalText(remedy)}`])),
    ...accounts.flatMap(({ platform, account, problem, quota }) => [
      ...quota.map(({ id, left, perDay, perPost, resetMs }) => terminalText(`${platform}:${account}: ${left} of ${perDay} ${id} left (a post takes ${perPost}; new ones at ${new Date(resetMs).toISOString()})`)),
      ...(problem ? [`${problem.code}: ${terminalText(problem.message)}`, `→ ${terminalText(problem.remedy)}`] : []),
    ]),
  ];
}
