import { openApp } from '../app/app.js';
import { exitCodeOf } from '../app/batch-result.js';
import { inputsAtOnce } from '../app/batch-width.js';
import { coordinate } from '../app/coordinate/coordinator.js';
import { ExitCode, reportError } from '../errors.js';
import { createCoordinatorReporter } from '../ui/coordinator-lines.js';
import { count } from '../ui/format.js';
import type { CommandContext } from './context.js';

/**
 * `snvg coordinate`: takes the jobs of `snvg process --detach` until it is stopped. Returns 0 when it was stopped with nothing at work, the
 * signal's code when jobs were interrupted; with `once` the exit code of all its jobs, as of one run with several inputs.
 * @throws {SnvgError} FFMPEG_*, MODEL_*: nothing is taken that could not be done; faults of the database
 */
export async function runCoordinate(context: CommandContext, { once }: { once: boolean }): Promise<number> {
  const { signal, paths } = context;
  const { settings } = context.loaded;
  const reporter = createCoordinatorReporter(context, { events: settings.events });
  const app = await openApp({ settings, paths, signal });
  try {
    await app.toolchain();
    await app.backend();
    const atOnce = inputsAtOnce(settings, Number.MAX_SAFE_INTEGER);
    const { pid, host } = app.self;
    reporter.say(`coordinator ${pid} on ${host}: ${count(app.queue.waiting(), 'job')} waiting, ${atOnce} at once${once ? ', ends with the last' : ''}`);
    const { outcomes, interrupted } = await coordinate(app, { once, atOnce, event: reporter.event, say: reporter.say });
    if (!signal.aborted) {
      reporter.say(`nothing is left to do: ${count(outcomes.length, 'job')} ended here, ${outcomes.filter(({ state }) => state === 'done').length} done`);
      return exitCodeOf(outcomes, signal);
    }
    reporter.say(interrupted === 0 ? 'stopped; nothing was interrupted' : `stopped: ${count(interrupted, 'job')} waiting again, what they had finished is kept`);
    return interrupted === 0 ? ExitCode.ok : reportError(signal.reason).exitCode;
  } finally {
    await app.close();
  }
}
