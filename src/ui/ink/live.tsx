import { render } from 'ink';
import { errorLines } from '../error-lines.js';
import { JobErrors } from '../job-errors.js';
import { eventLines, type Line } from '../lines.js';
import type { Reporter, ReporterStreams } from '../reporter.js';
import { RunView } from '../run-view.js';
import { LiveView, type LiveState } from './live-view.js';

/** Redraws per second: enough to look alive, few enough to cost nothing beside an encoder. */
const redrawMs = 200;

/**
 * A live view on a terminal: what is finished scrolls by and stays (clips, notices, errors), what runs is redrawn below it.
 * Leaves the keyboard alone, so Ctrl-C reaches the process as a signal; `close` draws the last state and gives the cursor back.
 */
export function createLiveReporter(streams: ReporterStreams): Reporter {
  const view = new RunView();
  const log: (Line & { id: number })[] = [];
  const errors = new JobErrors();
  let tick = 0;
  let closed = false;
  const state = (): LiveState => ({ jobs: [...view.jobs.values()], log: [...log], nowMs: Date.now(), tick, columns: streams.stdout.columns || 80, rows: streams.stdout.rows || 24 });
  const instance = render(<LiveView {...state()} />, { stdout: streams.stdout, stderr: streams.stderr, exitOnCtrlC: false, patchConsole: false });
  const draw = (): void => instance.rerender(<LiveView {...state()} />);
  const timer = setInterval(() => {
    tick += 1;
    draw();
  }, redrawMs);
  timer.unref();
  const keep = (lines: readonly Line[]): void => {
    for (const line of lines) log.push({ ...line, id: log.length });
  };
  return {
    event: (event) => {
      for (const error of errors.after(event)) keep(errorLines(error, true).map((text) => ({ text, tone: 'normal' })));
      const job = view.apply(event);
      // Finished stages are seen in the redrawn part.
      if (event.type !== 'stage-finished') keep(eventLines(event, job));
    },
    close: async () => {
      if (closed) return;
      closed = true;
      clearInterval(timer);
      draw();
      instance.unmount();
      await instance.waitUntilExit();
    },
  };
}
