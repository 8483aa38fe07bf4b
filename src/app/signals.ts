import { SnvgError } from '../errors.js';
import { killAllChildren } from '../process/child.js';

/** Turns the first SIGINT or SIGTERM into an abort, and the second into leaving at once, children and all. */
export function signalsOf(process: NodeJS.Process): AbortSignal {
  const controller = new AbortController();
  const stop = (name: 'SIGINT' | 'SIGTERM'): void => {
    const interrupted = name === 'SIGINT';
    if (controller.signal.aborted) {
      killAllChildren();
      process.exit(interrupted ? 130 : 143);
    }
    controller.abort(new SnvgError(interrupted ? 'INTERRUPTED' : 'TERMINATED', 'Stopped; finished work is kept', 'Run the same command again to go on from here.'));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return controller.signal;
}
