import { openApp } from '../app/app.js';
import { publishJob } from '../app/publish-job.js';
import { SnvgError } from '../errors.js';
import { aligned, terminalText } from '../ui/terminal-text.js';
import type { CommandContext } from './context.js';

/** `snvg publish <job-or-folder> --to <target>`: sends the clips a job has delivered. */
export async function runPublish(context: CommandContext, jobOrFolder: string | undefined, flags: { again: boolean }): Promise<number> {
  const { settings } = context.loaded;
  if (settings.to.length === 0) throw new SnvgError('USAGE', 'No target was named', 'Say where to publish: snvg publish talk.snvg --to file:outbox');
  const app = await openApp({ settings, paths: context.paths, signal: context.signal });
  try {
    const { publications, notices } = await publishJob(app, { jobOrFolder, cwd: context.cwd, targets: settings.to, again: flags.again });
    if (settings.json) {
      context.stdout.write(`${JSON.stringify({ publications, notices })}\n`);
      return 0;
    }
    for (const line of aligned(publications.map(({ title, platform, state, url }) => [terminalText(title), platform, state, terminalText(url ?? '')]))) context.stdout.write(`${line}\n`);
    for (const notice of notices) context.stderr.write(`${notice.code}: ${terminalText(notice.message)}\n→ ${terminalText(notice.remedy)}\n`);
    return 0;
  } finally {
    await app.close();
  }
}
