import { openApp, type App } from '../app/app.js';
import { isFine } from '../app/publishing/rows.js';
import { addToSchedule, listSchedule, moveInSchedule, removeFromSchedule, type ScheduledRow } from '../app/publishing/schedule.js';
import { SnvgError } from '../errors.js';
import type { Notice } from '../pipeline/notice.js';
import { aligned, clipped, terminalText } from '../ui/terminal-text.js';
import type { CommandContext } from './context.js';
import { writeTable } from './publish-output.js';

interface Shown {
  rows: readonly ScheduledRow[];
  notices?: readonly Notice[];
}

/** `snvg schedule add [job-or-folder] --to <target>`: plans clips that a job has delivered. */
export function runScheduleAdd(context: CommandContext, jobOrFolder: string | undefined, flags: { at: string | undefined; clips: string | undefined }): Promise<number> {
  const clips = flags.clips === undefined ? undefined : readNumbers(flags.clips);
  return show(context, (app) => addToSchedule(app, { jobOrFolder, cwd: context.cwd, at: flags.at, clips, env: context.env }));
}

/** `snvg schedule list` */
export function runScheduleList(context: CommandContext): Promise<number> {
  return show(context, async (app) => ({ rows: await listSchedule(app) }), { readOnly: true, nothing: 'Nothing waits for its time.' });
}

/** `snvg schedule move <publication>` */
export function runScheduleMove(context: CommandContext, key: string, { at }: { at: string | undefined }): Promise<number> {
  return show(context, (app) => moveInSchedule(app, key, at));
}

/** `snvg schedule remove <publication>` */
export function runScheduleRemove(context: CommandContext, key: string): Promise<number> {
  return show(context, async (app) => ({ rows: [await removeFromSchedule(app, key)] }));
}

async function show(context: CommandContext, work: (app: App) => Promise<Shown>, options: { readOnly?: boolean; nothing?: string } = {}): Promise<number> {
  const { readOnly = false, ...said } = options;
  const app = await openApp({ settings: context.loaded.settings, paths: context.paths, signal: context.signal, readOnly });
  try {
    const { rows, notices = [] } = await work(app);
    return writeTable(context, rows, aligned(rows.map(tableRow)), { notices, ...said });
  } finally {
    await app.close();
  }
}

function readNumbers(text: string): number[] {
  const numbers = text.split(',').map((part) => Number(part.trim() || Number.NaN));
  if (!numbers.every((number) => Number.isInteger(number) && number > 0)) throw new SnvgError('USAGE', `${JSON.stringify(text)} are no numbers of clips`, 'Write them as --clips 1,3');
  return [...new Set(numbers)];
}

function tableRow(row: ScheduledRow): string[] {
  return [row.key?.slice(0, 8) ?? '-', row.due ?? '-', clipped(terminalText(row.title), 40), row.platform, terminalText(row.accountName), row.outcome, terminalText(row.url ?? (isFine(row) ? '' : (row.problem?.message ?? '')))];
}
