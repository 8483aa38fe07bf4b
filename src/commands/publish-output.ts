import { errorOfRows, exitCodeOfRows, isFine, type PublishRow } from '../app/publishing/rows.js';
import { reportError } from '../errors.js';
import type { Notice } from '../pipeline/notice.js';
import type { PublishEvent } from '../pipeline/publish/order.js';
import { errorLines } from '../ui/error-lines.js';
import { aligned, clipped, terminalText } from '../ui/terminal-text.js';
import type { CommandContext } from './context.js';

/** Tells what happens: with --events one JSON line each on stdout, without --json lines for a person on stderr. */
export function publishReporter({ loaded, stdout, stderr }: CommandContext): (event: PublishEvent) => void {
  const { json, events } = loaded.settings;
  const shares = new Map<string, number>();
  return (event) => {
    if (events) stdout.write(`${JSON.stringify(asData(event))}\n`);
    if (json || events) return;
    const line = lineOf(event, shares);
    if (line !== undefined) stderr.write(`${line}\n`);
  };
}

/** The table, or the JSON result, with the exit code that goes with it. */
export function writeRows(context: CommandContext, rows: readonly PublishRow[], said: { notices?: readonly Notice[]; nothing?: string } = {}): number {
  return writeTable(context, rows, publicationLines(rows), said);
}

/** The same with lines of one's own. */
export function writeTable({ loaded, stdout, stderr }: CommandContext, rows: readonly PublishRow[], lines: readonly string[], said: { notices?: readonly Notice[]; nothing?: string } = {}): number {
  const exitCode = exitCodeOfRows(rows);
  const error = errorOfRows(rows);
  const { notices = [] } = said;
  if (loaded.settings.json) {
    stdout.write(`${JSON.stringify({ publications: rows, notices, ...(error ? { error: { ...reportError(error), exitCode } } : {}) })}\n`);
    return exitCode;
  }
  if (rows.length === 0 && said.nothing !== undefined) stdout.write(`${said.nothing}\n`);
  for (const line of lines) stdout.write(`${line}\n`);
  for (const { code, message, remedy } of notices) stderr.write(`${code}: ${terminalText(message)}\n→ ${terminalText(remedy)}\n`);
  if (error) for (const line of errorLines({ ...reportError(error), exitCode }, colored(loaded.settings, stderr))) stderr.write(`${line}\n`);
  return exitCode;
}

/** Posts as a table: key, title, where, how it stands, address or reason. */
export function publicationLines(rows: readonly PublishRow[]): string[] {
  return aligned(rows.map((row) => [row.key?.slice(0, 8) ?? '-', clipped(terminalText(row.title), 40), place(row), row.outcome === 'left' && row.state ? row.state : row.outcome, detail(row)]));
}

function place({ platform, account, accountName }: PublishRow): string {
  const name = platform === 'file' ? account : accountName;
  return terminalText(name === '' ? platform : `${platform}:${name}`);
}

function detail(row: PublishRow): string {
  if (row.url !== null) return terminalText(row.url);
  if (row.outcome === 'planned' && row.dueMs !== null) return `for ${new Date(row.dueMs).toISOString()}`;
  if (row.outcome === 'waiting') return "waits for a person's yes";
  if (isFine(row)) return '';
  const reason = row.problem?.question ?? row.problem?.message ?? '';
  return terminalText(row.notBeforeMs === null ? reason : `${reason} (not before ${new Date(row.notBeforeMs).toISOString()})`);
}

function lineOf(event: PublishEvent, shares: Map<string, number>): string | undefined {
  switch (event.type) {
    case 'publication-moved': {
      const { title, platform, state, url } = event.publication;
      return `${platform}: ${terminalText(title)}: ${state}${url === null || state !== 'published' ? '' : ` ${terminalText(url)}`}`;
    }
    case 'publication-progress': {
      // Every tenth is enough for a line.
      const { key, title, platform } = event.publication;
      const tenth = Math.floor(event.fraction * 10);
      if (tenth <= (shares.get(key) ?? 0) || tenth >= 10) return undefined;
      shares.set(key, tenth);
      return `${platform}: ${terminalText(title)}: ${tenth * 10} % sent`;
    }
    case 'publication-notice':
      return `${event.code}: ${terminalText(event.message)}\n→ ${terminalText(event.remedy)}`;
    case 'login-warning':
      return `LOGIN_ENDING: ${terminalText(event.message)}\n→ ${terminalText(event.remedy)}`;
    case 'account-waiting':
      return `${event.platform}: waiting until ${new Date(event.untilMs).toISOString()} (${terminalText(event.why)})`;
    case 'account-held':
      return `${event.platform}: process ${event.by.pid} on ${terminalText(event.by.host)} works on ${terminalText(event.account)}`;
    case 'saga-withdrawn':
      return `${event.because.platform} did not take ${terminalText(event.because.title)}: what is not public yet elsewhere is taken back`;
    case 'saga-started':
    case 'saga-ended':
      return undefined;
  }
}

/** Handles are the platforms' own and no one else's business. */
function asData(event: PublishEvent): unknown {
  if (!('publication' in event)) return 'because' in event ? { ...event, because: event.because.key } : event;
  const { key, platform, accountName, title, state, url } = event.publication;
  return { ...event, publication: { key, platform, account: accountName, title, state, url } };
}

function colored({ color }: { color: boolean }, stream: NodeJS.WriteStream): boolean {
  return color && stream.isTTY === true;
}
