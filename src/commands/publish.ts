import { openApp } from '../app/app.js';
import { publishJob } from '../app/publishing/publish-job.js';
import { errorOfRows, exitCodeOfRows, isFine, type PublishRow } from '../app/publishing/rows.js';
import { SnvgError } from '../errors.js';
import { errorLines } from '../ui/error-lines.js';
import { aligned, terminalText } from '../ui/terminal-text.js';
import type { CommandContext } from './context.js';

/** `snvg publish <job-or-folder> --to <target>`: sends the clips a job has delivered. */
export async function runPublish(context: CommandContext, jobOrFolder: string | undefined, flags: { again: boolean }): Promise<number> {
  const { settings } = context.loaded;
  if (settings.to.length === 0) throw new SnvgError('USAGE', 'No target was named', 'Say where to publish: snvg publish talk.snvg --to file:outbox');
  const app = await openApp({ settings, paths: context.paths, signal: context.signal });
  try {
    const { rows, notices } = await publishJob(app, { jobOrFolder, cwd: context.cwd, again: flags.again, env: context.env, event: () => {} });
    if (settings.json) {
      context.stdout.write(`${JSON.stringify({ publications: rows, notices })}\n`);
      return exitCodeOfRows(rows);
    }
    for (const line of aligned(rows.map(tableRow))) context.stdout.write(`${line}\n`);
    for (const notice of notices) context.stderr.write(`${notice.code}: ${terminalText(notice.message)}\n→ ${terminalText(notice.remedy)}\n`);
    const error = errorOfRows(rows);
    if (error) for (const line of errorLines({ ...error, message: error.message, exitCode: error.exitCode }, false)) context.stderr.write(`${line}\n`);
    return exitCodeOfRows(rows);
  } finally {
    await app.close();
  }
}

function tableRow(row: PublishRow): string[] {
  return [row.key?.slice(0, 8) ?? '-', terminalText(row.title), row.platform, row.outcome, terminalText(row.url ?? (isFine(row) ? '' : (row.problem?.message ?? '')))];
}
