import type { ErrorReport } from '../errors.js';
import type { RunEvent } from '../pipeline/run-event.js';

/**
 * Which errors of jobs a reporter has to show itself: those of a run with several jobs.
 * The error of a single job is thrown by the command and shown where every error is, so it is held back until a second job starts.
 */
export class JobErrors {
  #jobs = 0;
  #held: ErrorReport | undefined;

  /** The errors to show now. */
  after(event: RunEvent): ErrorReport[] {
    if (event.type === 'job-started') {
      this.#jobs += 1;
      const held = this.#held;
      this.#held = undefined;
      return held ? [held] : [];
    }
    if (event.type !== 'job-finished' || !event.error) return [];
    if (this.#jobs > 1) return [event.error];
    this.#held = event.error;
    return [];
  }
}
