import { setTimeout as sleep } from 'node:timers/promises';
import { basename } from 'node:path';
import { type ErrorReport, reportError, SnvgError } from '../../errors.js';
import type { RunEvent } from '../../pipeline/run-event.js';
import type { App, JobRow } from '../app.js';
import type { InputOutcome } from '../batch-result.js';
import { fetchSource } from '../fetch-source.js';
import { readKeptRequest, type JobPlace } from '../job-request.js';
import { storedInput } from '../named-inputs.js';
import { processSource, type SourceResult } from '../process-source.js';
import { lacksSpace } from './free-space.js';
import { keptSettings, ownSettings } from './kept-settings.js';

export interface CoordinateOptions {
  /** End when nothing is left to do. */
  once: boolean;
  /** Jobs worked on at once. */
  atOnce: number;
  event(event: RunEvent): void;
  /** Something about the coordinator itself, one line. */
  say(text: string): void;
}

/** How often it is looked for a job, on average: soon enough for a person who waits, and hardly any work. */
const pollMs = 1_000;
/** Between the priorities of two jobs: more than any task's own. */
const priorityStep = 100_000;
/** A job that was begun so often without a task of it being finished ends whoever takes it. */
const mostFruitlessStarts = 10;
/** Faults of the database that pass: a full disk, a lock. */
const passing = new Set(['DISK_FULL', 'DATABASE_BUSY']);

/**
 * Takes the jobs that wait and runs them, until it is told to stop: those that a signal interrupts wait again, with what is finished
 * kept. A job whose process died is taken over.
 *
 * @returns how the jobs ended, when it runs once; and how many were interrupted
 * @throws {SnvgError} DATABASE_CORRUPT and other lasting faults of the database
 */
export async function coordinate(app: App, options: CoordinateOptions): Promise<{ outcomes: InputOutcome[]; interrupted: number }> {
  return new Coordinator(app, options).run();
}

class Coordinator {
  readonly #app: App;
  readonly #options: CoordinateOptions;
  readonly #running = new Map<string, Promise<void>>();
  /** Jobs whose end could not be written down: they wait again once it can be. */
  readonly #unwritten = new Map<string, { source: string; outputDir: string }>();
  readonly #outcomes: InputOutcome[] = [];
  #interrupted = 0;
  /** Others know of it. */
  #open = false;
  #begun = 0;
  #wake: () => void = () => {};
  /** What keeps it from taking jobs, as it was last said. */
  #trouble: string | undefined;

  constructor(app: App, options: CoordinateOptions) {
    this.#app = app;
    this.#options = options;
  }

  async run(): Promise<{ outcomes: InputOutcome[]; interrupted: number }> {
    const { signal } = this.#app;
    try {
      while (!signal.aborted) {
        const took = this.#running.size < this.#options.atOnce && (await this.#take());
        if (took) continue;
        if (this.#options.once && this.#running.size === 0 && this.#unwritten.size === 0) break;
        await this.#pause();
      }
    } finally {
      await Promise.all(this.#running.values());
      this.#leave();
    }
    return { outcomes: this.#outcomes, interrupted: this.#interrupted };
  }

  /** Starts the next job; false: there is none, or nothing can be taken now. */
  async #take(): Promise<boolean> {
    const app = this.#app;
    try {
      const lack = await lacksSpace(app.paths.databaseFile);
      if (lack !== undefined) throw new SnvgError('DISK_FULL', lack, 'Free some space, or set SNVG_HOME to a folder on another disk.');
      if (!this.#open) app.queue.open(app.self);
      this.#open = true;
      this.#writeDown();
      const taken = app.queue.takeNext(app.self);
      if (this.#trouble !== undefined) this.#options.say('jobs are taken again');
      this.#trouble = undefined;
      if (!taken) return false;
      this.#start(taken.job, taken.orphaned);
      return true;
    } catch (error) {
      const report = reportError(error);
      if (this.#options.once || !passing.has(report.code)) throw error;
      if (this.#trouble !== report.code) this.#options.say(`no job is taken for now: ${report.message} → ${report.remedy}`);
      this.#trouble = report.code;
      return false;
    }
  }

  #start(job: JobRow, orphaned: boolean): void {
    this.#begun += 1;
    const priority = job.priority * 1_000 * priorityStep - this.#begun * priorityStep;
    const running = this.#work(job, orphaned, priority).finally(() => {
      this.#running.delete(job.id);
      this.#wake();
    });
    this.#running.set(job.id, running);
  }

  /** Never rejects: a fault in one job is that job's. */
  async #work(job: JobRow, orphaned: boolean, priority: number): Promise<void> {
    const app = this.#app;
    const startedMs = app.clock.monotonicMs();
    let result: Pick<SourceResult, 'state' | 'clips' | 'error'>;
    const place: JobPlace = { jobId: job.id, sourcePath: job.sourcePath, outputDir: job.outputDir, ...storedInput(job.sourcePath) };
    try {
      // Its children must not go on beside ours.
      if (orphaned) await app.clearUpAfterTheDead();
      if (app.events.startsWithoutWork(job.id) >= mostFruitlessStarts) {
        throw new SnvgError('TOOL_FAILED', `Job ${job.id} was begun ${mostFruitlessStarts} times, and each time its process died before a task was finished`, `Look for what ends it, such as too little memory, then: snvg jobs retry ${job.id}`);
      }
      const { until, byHand } = readKeptRequest(job.request);
      const settings = await keptSettings(job, app.paths.configDir);
      result = await processSource(app, { ...place, settings: { ...ownSettings(settings), fresh: false } }, {
        until,
        byHand,
        priority,
        detached: true,
        alone: this.#options.atOnce <= 1,
        // What was made before a crash is not forgotten by the same wish.
        fresh: settings.fresh && !orphaned,
        ...(place.input ? { fetch: fetchSource } : {}),
        event: (event) => this.#options.event(event),
      });
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      result = { state: 'failed', clips: undefined, error };
      this.#end(job, reportError(error));
    }
    this.#note(job, place, { ...result, wallMs: Math.round(app.clock.monotonicMs() - startedMs) });
  }

  /** The end of a job that was never begun. */
  #end(job: JobRow, error: ErrorReport): void {
    const last: RunEvent = { type: 'job-finished', jobId: job.id, at: this.#app.clock.nowMs(), state: 'failed', outputDir: job.outputDir, error };
    this.#options.event(last);
    try {
      this.#app.events.append(last);
      this.#app.jobs.release(job.id, 'failed', error);
    } catch (fault) {
      this.#app.log.warn({ job: job.id, code: reportError(fault).code }, 'the end of the job could not be written down');
    }
  }

  #note(job: JobRow, place: JobPlace, result: Pick<InputOutcome, 'state' | 'clips' | 'error' | 'wallMs'>): void {
    const { jobs, self, signal } = this.#app;
    const name = place.name ?? basename(job.sourcePath);
    const known = tried(() => jobs.find(job.id));
    const stillOurs = known === undefined || (known.state === 'running' && known.lease?.pid === self.pid && known.lease.startTime === self.startTime);
    if (stillOurs) this.#unwritten.set(job.id, { source: name, outputDir: job.outputDir });
    if (signal.aborted && result.state === 'cancelled') this.#interrupted += 1;
    if (this.#options.once) this.#outcomes.push({ jobId: job.id, name, source: job.sourcePath, outputDir: job.outputDir, ...result });
  }

  /** What could not be written when it ended: the job waits again, and goes on after its last finished task. */
  #writeDown(): void {
    const { queue, events, self, clock } = this.#app;
    for (const [jobId, { source, outputDir }] of this.#unwritten) {
      const queued: RunEvent = { type: 'job-queued', jobId, at: clock.nowMs(), source, outputDir };
      queue.putBack(jobId, self, () => {
        events.append(queued);
        this.#options.event(queued);
      });
      this.#unwritten.delete(jobId);
    }
  }

  #leave(): void {
    try {
      this.#writeDown();
      this.#app.queue.close(this.#app.self);
    } catch (error) {
      // The lease and the entry go with this process.
      this.#app.log.info({ code: reportError(error).code }, 'leaving could not be written down');
    }
  }

  /** Until a job has ended, a signal comes, or it is time to look again; not at the same moment as other coordinators. */
  async #pause(): Promise<void> {
    const awake = new AbortController();
    this.#wake = () => awake.abort();
    const delayMs = pollMs * (0.5 + Math.random());
    await sleep(delayMs, undefined, { signal: AbortSignal.any([awake.signal, this.#app.signal]) }).catch(() => {});
    this.#wake = () => {};
    await this.#app.backUp();
  }
}

function tried<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
