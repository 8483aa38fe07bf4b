import { setTimeout as sleep } from 'node:timers/promises';
import { basename } from 'node:path';
import PQueue from 'p-queue';
import { SnvgError, reportError } from '../errors.js';
import type { JobOutcome } from '../pipeline/plan.js';
import type { RunEvent } from '../pipeline/run-event.js';
import type { App } from './app.js';
import type { InputOutcome } from './batch-result.js';
import { adoptable, outcomeOfAnother } from './held-elsewhere.js';
import { isUrl } from './job-places.js';
import type { JobPlace } from './job-request.js';
import { processSource, type ProcessOptions } from './process-source.js';

export interface BatchOptions extends Pick<ProcessOptions, 'until' | 'byHand' | 'fetch'> {
  /** As ProcessOptions.finished, with the input's place in the order given. */
  finished?: (app: App, outcome: JobOutcome, index: number) => Promise<void>;
  /** Inputs worked on at once. */
  atOnce: number;
  /** Go on with the next input after one has failed. */
  keepGoing: boolean;
  event(event: RunEvent): void;
  /** Told once, when a failure keeps inputs from being started. */
  stopping(inputs: { running: number; notStarted: number }): void;
}

/** How often an input that another process works on is looked after. */
const heldPollMs = 250;
/** Between the priorities of two inputs: more than any task's own. */
const priorityStep = 100_000;

/**
 * Works on the inputs in their order, several at once. One that another process works on is left to it and looked after again
 * when there is nothing else to do. Holds no more of a finished input than its outcome.
 *
 * @returns how each ended, in the order of `places`
 * @throws {SnvgError} JOB_BUSY when the only input is worked on elsewhere
 */
export async function runBatch(app: App, places: readonly JobPlace[], options: BatchOptions): Promise<InputOutcome[]> {
  const batch = new Batch(app, places, options);
  // One more than work at once, so that a remote input can be on its way meanwhile.
  const open = Math.min(options.atOnce + (options.fetch ? 1 : 0), places.length);
  await Promise.all(Array.from({ length: Math.max(1, open) }, () => batch.work()));
  return batch.outcomes();
}

class Batch {
  readonly #app: App;
  readonly #places: readonly JobPlace[];
  readonly #options: BatchOptions;
  readonly #outcomes: (InputOutcome | undefined)[];
  /** Inputs that another process worked on when they were looked at, in order. */
  readonly #held: number[] = [];
  #next = 0;
  readonly #turns: PQueue;
  #running = 0;
  #failed = false;

  constructor(app: App, places: readonly JobPlace[], options: BatchOptions) {
    this.#app = app;
    this.#places = places;
    this.#options = options;
    this.#outcomes = places.map(() => undefined);
    this.#turns = new PQueue({ concurrency: Math.max(1, options.atOnce) });
  }

  /** Takes one input after the other until there is none left. */
  async work(): Promise<void> {
    while (!this.#over()) {
      const freed = this.#freed();
      if (freed !== undefined) await this.#input(freed, true);
      else if (this.#next < this.#places.length && this.#mayOpen(this.#place(this.#next))) await this.#input(this.#next++, false);
      else if (this.#held.length === 0 && this.#next >= this.#places.length) return;
      else await sleep(heldPollMs, undefined, { signal: this.#app.signal }).catch(() => {});
    }
  }

  /** Beyond those at work, one that has to be fetched first. */
  #mayOpen(place: JobPlace): boolean {
    return this.#running < this.#options.atOnce || isUrl(place.sourcePath);
  }

  outcomes(): InputOutcome[] {
    return this.#places.map((place, index) => this.#outcomes[index] ?? outcome(place, { state: 'not-started' }));
  }

  #over(): boolean {
    return this.#app.signal.aborted || (this.#failed && !this.#options.keepGoing);
  }

  /** The first held input that nobody holds any more. */
  #freed(): number | undefined {
    const position = this.#held.findIndex((index) => this.#app.jobs.livingHolder(this.#place(index).jobId) === undefined);
    return position === -1 ? undefined : this.#held.splice(position, 1)[0];
  }

  #place(index: number): JobPlace {
    const place = this.#places[index];
    if (!place) throw new RangeError(`there is no input ${index}`);
    return place;
  }

  async #input(index: number, wasHeld: boolean): Promise<void> {
    const place = this.#place(index);
    this.#running += 1;
    const startedMs = this.#app.clock.monotonicMs();
    const ended = await this.#attempt(place, index, wasHeld);
    this.#running -= 1;
    if (ended === 'held') {
      this.#held.push(index);
      this.#held.sort((a, b) => a - b);
      return;
    }
    this.#outcomes[index] = { ...ended, wallMs: Math.round(this.#app.clock.monotonicMs() - startedMs) };
    const failed = ended.state === 'failed' || ended.state === 'partly-done';
    if (failed && !this.#failed && !this.#options.keepGoing && !this.#app.signal.aborted) {
      const notStarted = this.#places.length - this.#next + this.#held.length;
      if (notStarted > 0) this.#options.stopping({ running: this.#running, notStarted });
    }
    this.#failed ||= failed;
  }

  /** Never rejects: a fault in one input is that input's. */
  async #attempt(place: JobPlace, index: number, wasHeld: boolean): Promise<Omit<InputOutcome, 'wallMs'> | 'held'> {
    const { until, byHand, finished, fetch, event } = this.#options;
    try {
      if (wasHeld) {
        const elsewhere = await this.#lookAfter(place);
        if (elsewhere) return elsewhere;
      }
      const { state, clips, error } = await processSource(this.#app, place, {
        until,
        event,
        priority: -index * priorityStep,
        alone: this.#options.atOnce <= 1 || this.#places.length === 1,
        // What another process has just made is not forgotten again by the same wish.
        ...(wasHeld ? { fresh: false } : {}),
        ...(fetch && isUrl(place.sourcePath) ? { fetch } : {}),
        // An aborted signal ends the work itself at once: nothing is left waiting for its turn.
        turn: (work) => this.#turns.add(work, { priority: -index }),
        ...(byHand ? { byHand } : {}),
        ...(finished ? { finished: (app: App, made: JobOutcome) => finished(app, made, index) } : {}),
      });
      return outcome(place, { state, clips, error });
    } catch (thrown) {
      if (thrown instanceof SnvgError && thrown.code === 'JOB_BUSY' && this.#places.length > 1) {
        this.#tellHeld(place);
        return 'held';
      }
      if (this.#places.length === 1) throw thrown;
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      event({ type: 'job-finished', jobId: place.jobId, at: this.#app.clock.nowMs(), state: 'failed', outputDir: place.outputDir, error: reportError(error) });
      return outcome(place, { state: 'failed', clips: until === 'render' ? 0 : undefined, error });
    }
  }

  /** What became of an input that another process worked on; undefined when it is for this one to do. */
  async #lookAfter(place: JobPlace): Promise<Omit<InputOutcome, 'wallMs'> | undefined> {
    const job = this.#app.jobs.find(place.jobId);
    // Its children must not go on beside ours.
    if (job?.lease) await this.#app.clearUpAfterTheDead();
    if (!job || adoptable(job, this.#app.settings)) return undefined;
    const { events, ...ended } = outcomeOfAnother(this.#app.events.read(job.id), job);
    for (const event of events) this.#options.event(event);
    return outcome(place, ended);
  }

  #tellHeld(place: JobPlace): void {
    const { jobId, outputDir } = place;
    const holder = this.#app.jobs.livingHolder(jobId);
    if (!holder) return;
    this.#options.event({ type: 'job-held', jobId, at: this.#app.clock.nowMs(), source: shownName(place), outputDir, pid: holder.pid, host: holder.host });
  }
}

function outcome(place: JobPlace, ended: Pick<InputOutcome, 'state'> & Partial<Pick<InputOutcome, 'clips' | 'error'>>): InputOutcome {
  return { jobId: place.jobId, name: shownName(place), source: place.sourcePath, outputDir: place.outputDir, clips: undefined, error: undefined, wallMs: 0, ...ended };
}

function shownName(place: JobPlace): string {
  return place.name ?? basename(place.sourcePath);
}
