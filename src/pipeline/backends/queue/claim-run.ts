import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { isUnusableArtifact } from '../../../artifacts/faults.js';
import { reportError, SnvgError } from '../../../errors.js';
import type { Logger } from '../../../logger.js';
import { Incompatible, PlaceFault } from '../place.js';
import type { WorkerLink } from '../wire/worker-link.js';
import type { Claim } from './claim.js';
import { isOutOfMemory } from './connection.js';
import type { QueueExchange } from './exchange.js';
import { type Failure, failureText, quarantineError, unpackOrder } from './orders.js';
import { PiecesMissing, type PieceSupply } from './pieces.js';
import { resultIn } from './results.js';
import { deaths, type FailureClass, mostDeaths, type Run, type Runs } from './runs.js';
import type { Wants } from './wants.js';

/** How often a task is tried by what kept it from ending. Those that speak against the task itself are few. */
const mostTries: Partial<Record<FailureClass, number>> = { stalled: 2, host: mostDeaths, network: 8, capacity: 8 };
/** Pauses between tries double from this up to the longest. */
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;
/** Between tries to tell a Redis whose memory is full. */
const fullPauseMs = 1_000;
/** Progress is told at most this often. */
const tellMs = 1_000;

/** What coordinators hear of a run. */
export interface RunProgress {
  host: string;
  fraction: number;
}

interface ClaimRunOptions {
  exchange: QueueExchange;
  supply: PieceSupply;
  link(): WorkerLink | undefined;
  runs: Runs;
  wants: Wants;
  /** Id of this process. */
  worker: string;
  log: Logger;
  /** Waits until nothing else runs here, and keeps it so until this run is over. */
  alone(): Promise<void>;
  /** Takes nothing more from the lane of this task. */
  refuseLane(): void;
  /** Renews the lock; false when it is not this run's any more. */
  stillHeld(): Promise<boolean>;
}

interface RunEnd {
  done: boolean;
  failed: boolean;
  cpuSeconds: number;
}
const put: RunEnd = { done: false, failed: false, cpuSeconds: 0 };
const failed: RunEnd = { done: false, failed: true, cpuSeconds: 0 };

/** One run of a task from its claim to what is told of it. */
export class ClaimRun {
  readonly #claim: Claim;
  readonly #options: ClaimRunOptions;
  readonly #log: Logger;
  #earlier: readonly Run[] = [];

  constructor(claim: Claim, options: ClaimRunOptions) {
    this.#claim = claim;
    this.#options = options;
    this.#log = options.log.child({ task: claim.key.slice(0, 12), op: claim.job.name, fence: claim.fence });
  }

  async toEnd(): Promise<RunEnd> {
    const { exchange, runs, wants, worker } = this.#options;
    const { key, fence } = this.#claim;
    if ((await wants.count(key)) === 0) return this.#dropUnwanted();
    this.#earlier = await runs.begin(key, fence, worker);
    const dead = deaths(this.#earlier);
    if (dead.length >= mostDeaths) return this.#quarantine(dead);
    let cpuSeconds = 0;
    try {
      // What dies with it must not be blamed for it.
      if (dead.length > 0) await this.#options.alone();
      // Somebody may have done it whose word did not reach the queue.
      if (!(await resultIn(exchange, key))) cpuSeconds = await this.#work();
    } catch (error) {
      return this.#tell(error);
    }
    return this.#complete(cpuSeconds);
  }

  /** Runs it, and leaves the result in the exchange. */
  async #work(): Promise<number> {
    const { exchange, supply, link } = this.#options;
    const { job, signal } = this.#claim;
    const agent = link();
    if (!agent) throw new PlaceFault('host', 'the worker has no agent at the moment', 'Look at its log.');
    const { order, files } = await unpackOrder(exchange, job.data).catch((error: unknown) => {
      // What cannot be read has to be left anew; an exchange that does not answer is another matter.
      throw isUnusableArtifact(error) || !(error instanceof SnvgError) ? new PiecesMissing('the order in the exchange is damaged or gone', { cause: error }) : error;
    });
    const release = supply.offer(files);
    this.#log.info({ label: order.task.label }, 'runs a task');
    let toldMs = performance.now();
    const tell = (fraction: number): void => {
      job.updateProgress({ host: hostname(), fraction } satisfies RunProgress).catch(() => {});
    };
    tell(0);
    try {
      const result = await agent.run(order, {
        signal,
        listener: (event) => {
          if (event.type !== 'progress' || performance.now() - toldMs < tellMs) return;
          toldMs = performance.now();
          tell(event.fraction);
        },
      });
      signal.throwIfAborted();
      // The last moment to learn that another worker has the task: what it leaves is not to meet this run's.
      if (!(await this.#options.stillHeld())) this.#claim.stop('lease-lost');
      signal.throwIfAborted();
      await exchange.results.putIfAbsent(result);
      return result.cpuSeconds;
    } finally {
      release();
    }
  }

  /** The result is in the exchange: only now the queue may know. Should this word be lost, the next worker finds the result. */
  async #complete(cpuSeconds: number): Promise<RunEnd> {
    const { job, token, key } = this.#claim;
    for (;;) {
      try {
        await job.moveToCompleted(null, token, false);
        break;
      } catch (error) {
        // Without its lock the job is somebody else's, who will find the result.
        if (!isOutOfMemory(error) || this.#claim.stopped) throw error;
        await sleep(fullPauseMs);
      }
    }
    await this.#options.runs.forgetAll(key);
    this.#log.info({}, 'a task is done');
    return { done: true, failed: false, cpuSeconds };
  }

  async #tell(error: unknown): Promise<RunEnd> {
    const { runs, worker } = this.#options;
    const { key, fence, token, job, stopped } = this.#claim;
    if (stopped === 'lease-lost') {
      this.#log.warn({}, 'the lease was lost: what this run made is thrown away');
      await runs.end(key, fence, { worker, end: 'lost' });
      return failed;
    }
    if (stopped === 'unwanted') return this.#dropUnwanted();
    if (stopped === 'handed-back') {
      this.#log.info({}, 'gives a task back');
      await job.moveToWait(token);
      await runs.forget(key, fence);
      return put;
    }
    if (error instanceof PiecesMissing) {
      await runs.forget(key, fence);
      return this.#fail('inputs', error, { keep: true });
    }
    if (error instanceof Incompatible) {
      // Another build than the one it came with: no failure, but no lane of this worker's either.
      this.#log.error({ error: error.message }, 'the agent cannot do exactly what it said it could');
      this.#options.refuseLane();
      await runs.forget(key, fence);
      await job.moveToDelayed(Date.now() + firstPauseMs, token);
      return put;
    }
    const end = classOf(error);
    await runs.end(key, fence, { worker, end, message: reportError(error).message });
    this.#log.warn({ class: end, error: reportError(error).message }, 'a task failed');
    const before = this.#earlier.filter((run) => run.end === end).length;
    const dead = deaths([...this.#earlier, { worker, end }]);
    if (dead.length >= mostDeaths) return this.#quarantine(dead);
    if (before + 1 >= (mostTries[end] ?? 1)) return this.#fail(end === 'died' || end === 'lost' ? 'host' : end, error, { keep: true });
    await job.moveToDelayed(Date.now() + Math.min(longestPauseMs, firstPauseMs * 2 ** before), token);
    return failed;
  }

  async #dropUnwanted(): Promise<RunEnd> {
    const { key, fence } = this.#claim;
    this.#log.info({}, 'nobody wants a task any more');
    await this.#fail('unwanted', new SnvgError('INTERRUPTED', 'Nobody waited for it any more', 'Run again.'), { keep: false });
    await this.#options.runs.forget(key, fence);
    return put;
  }

  async #quarantine(dead: readonly Run[]): Promise<RunEnd> {
    const { runs } = this.#options;
    const { key, job, fence } = this.#claim;
    const workers = [...new Set(dead.map((run) => run.worker))];
    const last = dead.findLast((run) => run.message !== undefined)?.message;
    const why = `${dead.length} runs of it ended with what ran it, on ${workers.length === 1 ? 'one worker' : `${workers.length} workers`}${last === undefined ? '' : `: ${last}`}`;
    await runs.forget(key, fence);
    await runs.quarantine({ key, lane: this.#claim.from.name, op: job.name, label: job.data.label, why, workers, atMs: Date.now() });
    this.#log.error({ workers }, 'a task is quarantined');
    return this.#fail('quarantined', quarantineError(job.name, key, why), { keep: true });
  }

  async #fail(as: Failure['class'], error: unknown, { keep }: { keep: boolean }): Promise<RunEnd> {
    const { job, token } = this.#claim;
    // A quarantined task stays until a person decides; others until nobody can ask for their fate any more.
    job.opts.removeOnFail = keep ? (as === 'quarantined' ? false : { age: 24 * 3_600, count: 1_000 }) : true;
    const { UnrecoverableError } = await import('bullmq');
    await job.moveToFailed(new UnrecoverableError(failureText(as, error)), token, false);
    return failed;
  }
}

function classOf(error: unknown): FailureClass {
  if (error instanceof PlaceFault) return error.blame;
  if (error instanceof SnvgError) {
    if (error.code === 'TOOL_STALLED') return 'stalled';
    if (error.code === 'DISK_FULL' || error.code === 'FILE_LIMIT') return 'capacity';
    if (error.exitCode === 5 || isUnusableArtifact(error)) return 'network';
  }
  return 'task';
}
