import type { RunEvent } from '../pipeline/run-event.js';
import type { BatchEnd } from './batch-table.js';
import type { Line } from './lines.js';

/** Shows a run while it happens. */
export interface Reporter {
  event(event: RunEvent): void;
  /** Something about the run as a whole, for people. */
  say(line: Line): void;
  /** How every input ended; called once, before `close`. */
  summary(end: BatchEnd): void;
  /** Writes what is still to be written and gives the terminal back. Safe to call twice. */
  close(): Promise<void>;
}

/** What a reporter must know of a run beforehand. */
export interface ReportedRun {
  inputs: number;
  /** Stops all jobs at once. */
  signal: AbortSignal;
  /** What Ctrl-C does, where it does not stop the run. */
  ctrlC?: string;
}

export interface ReporterStreams {
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
}

/** `live` redraws a terminal; the others only append. */
export type ReporterMode = 'live' | 'plain' | 'json' | 'events' | 'events+json';

/**
 * The mode that fits: what was asked for, else `live` on a terminal that can redraw, else `plain`
 * (a pipe, NO_COLOR (no-color.org), --no-color, TERM=dumb, a CI service).
 */
export function chooseReporterMode(settings: { json: boolean; events: boolean; color: boolean }, stdout: { isTTY?: boolean }, env: NodeJS.ProcessEnv): ReporterMode {
  if (settings.events) return settings.json ? 'events+json' : 'events';
  if (settings.json) return 'json';
  return wantsColor(settings, stdout, env) && !isCi(env) ? 'live' : 'plain';
}

/** Whether text on this stream may be coloured. */
export function wantsColor(settings: { color: boolean }, stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && settings.color && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}

function isCi(env: NodeJS.ProcessEnv): boolean {
  return env['CI'] !== undefined && env['CI'] !== '' && env['CI'] !== 'false' && env['CI'] !== '0';
}

/** Loads only what the mode needs: React and ink take longer to load than `snvg --help` takes to run. */
export async function createReporter(options: ReporterStreams & { mode: ReporterMode; run: ReportedRun }): Promise<Reporter> {
  switch (options.mode) {
    case 'live':
      // React's development build checks more and forgets less; only the environment chooses between the two.
      process.env['NODE_ENV'] ??= 'production';
      return (await import('./ink/live.js')).createLiveReporter(options, options.run);
    case 'plain':
      return (await import('./plain.js')).createPlainReporter(options, options.run);
    default:
      return (await import('./json.js')).createJsonReporter(options, options.run, { events: options.mode !== 'json', result: options.mode !== 'events' });
  }
}
