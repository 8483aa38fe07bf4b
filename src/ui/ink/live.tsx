import { render } from 'ink';
import { batchTable } from '../batch-table.js';
import { errorLines } from '../error-lines.js';
import { errorToShow } from '../job-errors.js';
import { eventLines, whose, type Line } from '../lines.js';
import type { Reporter, ReportedRun, ReporterStreams } from '../reporter.js';
import { RunView } from '../run-view.js';
import { LiveView, type LiveState } from './live-view.js';

/** Redraws per second: enough to look alive, few enough to cost nothing beside an encoder. */
const redrawMs = 200;

/**
 * A live view on a terminal: what is finished scrolls by and stays (clips, notices, errors), what runs is redrawn below it.
 * Leaves the keyboard alone, so Ctrl-C reaches the process as a signal; `close` draws the last state and gives the cursor back.
 */
export function createLiveReporter(streams: ReporterStreams, run: ReportedRun): Reporter {
  const view = new RunView();
  const log: (Line & { id: number })[] = [];
  const batch = { inputs: run.inputs, done: 0, failed: 0, startedAtMs: Date.now() };
  let tick = 0;
  let closed = false;
  const columns = (): number => streams.stdout.columns || 80;
  const state = (): LiveState => ({ jobs: [...view.jobs.values()], batch: { ...batch }, log: [...log], nowMs: Date.now(), tick, columns: columns(), rows: streams.stdout.rows || 24, ...(run.ctrlC === undefined ? {} : { ctrlC: run.ctrlC }) });
  const instance = render(<LiveView {...state()} />, { stdout: streams.stdout, stderr: streams.stderr, exitOnCtrlC: false, patchConsole: false });
  const draw = (): void => instance.rerender(<LiveView {...state()} />);
  const timer = setInterval(() => {
    tick += 1;
    draw();
  }, redrawMs);
  timer.unref();
  const keep = (lines: readonly Line[], prefix = ''): void => {
    for (const { text, tone } of lines) log.push({ text: `${prefix}${text}`, tone, id: log.length });
  };
  return {
    event: (event) => {
      const job = view.apply(event);
      const error = errorToShow(event, job, run);
      if (error) keep(errorLines(error, true).map((text) => ({ text, tone: 'normal' })));
      // Finished stages are seen in the redrawn part, and the table tells how each of several inputs ended.
      else if (event.type !== 'stage-finished') keep(eventLines(event, job), whose(event, job, run.inputs));
      if (event.type !== 'job-finished') return;
      batch[event.state === 'done' ? 'done' : 'failed'] += 1;
      view.forget(job);
    },
    say: (line) => keep([line]),
    summary: (end) => {
      if (run.inputs > 1) keep([{ text: ' ', tone: 'normal' }, ...batchTable(end, columns())]);
    },
    close: async () => {
      if (closed) return;
      closed = true;
      clearInterval(timer);
      view.jobs.clear();
      draw();
      instance.unmount();
      await instance.waitUntilExit();
    },
  };
}
