import type { Job, Worker } from 'bullmq';
import type { JobData } from './orders.js';

/** A job as BullMQ gives it to a worker: it returns nothing, for its result lies in the exchange. */
export type TaskJob = Job<JobData, null>;
export type LaneWorker = Worker<JobData, null>;

/** Why a run is being stopped from outside. */
export type Stop = 'lease-lost' | 'unwanted' | 'handed-back';

class Stopped extends Error {
  override readonly name = 'Stopped';
}

/**
 * One task that this worker has taken. Its lock is a lease: while it is renewed, no other worker gets the task. Whatever is written about
 * the run carries its fence, and BullMQ refuses every change of the job by who does not hold the lock.
 */
export class Claim {
  readonly job: TaskJob;
  readonly from: LaneWorker;
  readonly key: string;
  readonly token: string;
  /** Of this run alone: how many times the task was started, and the token of its lock. */
  readonly fence: string;
  readonly slots: number;
  readonly memoryBytes: number;
  readonly startedMs = performance.now();
  /** What stopped it, if anything did. */
  stopped: Stop | undefined;
  #renewedMs: number;
  readonly #controller = new AbortController();

  /** @param takenMs when the lock was asked for, on the monotonic clock: it cannot have begun earlier */
  constructor(job: TaskJob, from: LaneWorker, options: { token: string; slots: number; memoryBytes: number; takenMs: number }) {
    this.job = job;
    this.from = from;
    this.key = job.id ?? '';
    this.token = options.token;
    this.fence = `${job.attemptsStarted}:${options.token}`;
    this.slots = options.slots;
    this.memoryBytes = options.memoryBytes;
    this.#renewedMs = options.takenMs;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Since the lock was surely held, by the monotonic clock: it goes on while the process is stopped or its loop is blocked. */
  get unrenewedMs(): number {
    return performance.now() - this.#renewedMs;
  }

  /** @param askedMs when the renewal was sent */
  renewed(askedMs: number): void {
    this.#renewedMs = Math.max(this.#renewedMs, askedMs);
  }

  stop(why: Stop): void {
    if (this.stopped) return;
    this.stopped = why;
    this.#controller.abort(new Stopped(why));
  }
}
