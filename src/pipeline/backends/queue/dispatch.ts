import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { SnvgError } from '../../../errors.js';
import type { RunListener } from '../shared-run.js';
import type { WorkOrder } from '../../work-order.js';
import { isOutOfMemory, memoryOf, type QueueConnection, unavailable } from './connection.js';
import { workChannel } from './consumer.js';
import { LaneClient, type Outcome, type Queued } from './lane-client.js';
import { lackedBy, type Lane, laneName } from './lanes.js';
import type { JobData } from './orders.js';
import { renewWishesMs, Wants } from './wants.js';
import { livingWorkers, type WorkerReport } from './workers.js';

/** How long a coordinator puts up with what may pass. Milliseconds. */
export interface Patience {
  /** Until something is said. */
  noticeMs: number;
  /** A Redis that went away, and one whose memory is full. */
  awayMs: number;
  fullMs: number;
}
const usualPatience: Patience = { noticeMs: 8_000, awayMs: 5 * 60_000, fullMs: 15 * 60_000 };

const tickMs = 1_000;
/** A task that was not heard of for so long is looked after, so many at once. */
const silentMs = 5_000;
const lookedAfterAtOnce = 50;
/** Workers need memory to take and end tasks: beyond this part of the limit no more are added. */
const fullAt = 0.9;
/** What must not hang on a Redis that is away: leaving. */
const leaveMs = 2_000;

/** Whom notices about a task go to. */
interface Hearer {
  stage: WorkOrder['task']['stage'];
  tell: RunListener;
  /** Codes of notices that were given. */
  said: Set<string>;
}

interface Waiting extends Hearer {
  queued: Queued;
  lane: LaneClient;
  sinceMs: number;
  fail(error: unknown): void;
}

/** A coordinator at the queue: adds its tasks, waits for what becomes of them, and looks after them meanwhile. */
export class Dispatch {
  readonly id = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  readonly #connection: QueueConnection;
  readonly #wants: Wants;
  readonly #patience: Patience;
  readonly #lanes = new Map<string, Promise<LaneClient>>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #timer: NodeJS.Timeout;
  readonly #onTick: () => void;
  #ticking = false;
  #renewedMs = performance.now();
  #memory = { full: false, askedMs: -Infinity };

  /** @param onTick called every second while something waits */
  constructor(connection: QueueConnection, options: { onTick: () => void; patience?: Partial<Patience> }) {
    this.#connection = connection;
    this.#wants = new Wants(connection.redis);
    this.#patience = { ...usualPatience, ...options.patience };
    this.#onTick = options.onTick;
    this.#timer = setInterval(() => void this.#tick(), tickMs);
    this.#timer.unref();
  }

  /** Tasks in the queue that no worker has, the most urgent first. */
  get untaken(): readonly Queued[] {
    return [...this.#waiting.values()].map(({ queued }) => queued).filter(({ taken }) => !taken).toSorted((a, b) => b.priority - a.priority);
  }

  /**
   * Adds a task, or joins those who wait for it already, and waits until it is over. Leaving by the signal takes it out again, or stops
   * the run, unless somebody else waits for it.
   * @throws {SnvgError} QUEUE_UNAVAILABLE, QUEUE_FULL
   */
  async through(order: WorkOrder, data: JobData, options: { lane: Lane; signal: AbortSignal; tell: RunListener }): Promise<Outcome> {
    const { task } = order;
    const { signal, tell } = options;
    signal.throwIfAborted();
    const hearer: Hearer = { stage: task.stage, tell, said: new Set() };
    const lane = await this.#withRoom(hearer, signal, () => this.#laneOf(options.lane));
    let outcome: Outcome | undefined;
    let started = false;
    let settle!: (outcome: Outcome) => void;
    let fail!: (error: unknown) => void;
    const ended = new Promise<Outcome>((resolve, reject) => {
      settle = resolve;
      fail = reject;
    });
    const queued: Queued = {
      key: task.key,
      priority: task.priority,
      slots: task.slots,
      taken: false,
      heardMs: performance.now(),
      progress: ({ host, fraction }) => {
        if (!started) tell({ type: 'started', host });
        started = true;
        if (fraction > 0) tell({ type: 'progress', fraction });
      },
      settle,
    };
    ended.catch(() => {});
    const waiting: Waiting = { ...hearer, queued, lane, sinceMs: performance.now(), fail };
    const leave = (): void => fail(signal.reason);
    this.#waiting.set(task.key, waiting);
    signal.addEventListener('abort', leave, { once: true });
    try {
      // Whoever waits may leave, and the Redis may stay away, while it is being added.
      await Promise.race([this.#add(waiting, task.op, data, signal), ended]);
      const end = await ended;
      outcome = end;
      return end;
    } finally {
      signal.removeEventListener('abort', leave);
      this.#waiting.delete(task.key);
      lane.leave(task.key);
      await this.#withdraw(lane, task.key, outcome);
    }
  }

  /** Takes a task back that only this coordinator waits for and no worker has: it is told so as its outcome. */
  async takeBack(queued: Queued): Promise<boolean> {
    const waiting = this.#waiting.get(queued.key);
    if (!waiting || (await this.#wants.count(queued.key)) > 1 || !(await waiting.lane.takeBack(queued.key))) return false;
    queued.settle({ type: 'taken-back' });
    return true;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    const closed = [...this.#lanes.values()].map((lane) => lane.then((opened) => opened.close()).catch(() => {}));
    // A Redis that is away does not answer a goodbye.
    await Promise.race([Promise.all(closed), sleep(leaveMs, undefined, { ref: false })]);
  }

  #laneOf(lane: Lane): Promise<LaneClient> {
    const name = laneName(lane);
    let opened = this.#lanes.get(name);
    if (!opened) {
      opened = LaneClient.open(this.#connection, lane);
      this.#lanes.set(name, opened);
      opened.catch(() => this.#lanes.delete(name));
    }
    return opened;
  }

  async #add(waiting: Waiting, op: string, data: JobData, signal: AbortSignal): Promise<void> {
    const { queued, lane } = waiting;
    await this.#withRoom(waiting, signal, async () => {
      try {
        await this.#wants.add([queued.key], this.id);
        await lane.add(op, data, queued);
      } catch (error) {
        lane.leave(queued.key);
        throw error;
      }
    });
    await this.#connection.redis.publish(workChannel, lane.name);
  }

  /** Does what needs memory of the Redis once there is some. @throws {SnvgError} QUEUE_FULL after patience */
  async #withRoom<T>(hearer: Hearer, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const beganMs = performance.now();
    for (;;) {
      signal.throwIfAborted();
      try {
        if (!(await this.#isFull())) return await work();
      } catch (error) {
        if (!isOutOfMemory(error)) throw error;
      }
      const waitedMs = performance.now() - beganMs;
      if (waitedMs > this.#patience.fullMs) throw new SnvgError('QUEUE_FULL', `The memory of the Redis at ${this.#connection.shown} has been full for ${Math.round(waitedMs / 60_000)} minutes`, 'Give it more (maxmemory), or start more workers, then run again: finished work is kept.');
      if (waitedMs > this.#patience.noticeMs) this.#say(hearer, 'QUEUE_FULL', `The memory of the Redis at ${this.#connection.shown} is full: tasks wait until there is room`, 'Give it more memory (maxmemory), or start more workers.');
      await sleep(250, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  /** What is over for this coordinator is over for all if nobody else waits. */
  async #withdraw(lane: LaneClient, key: string, outcome: Outcome | undefined): Promise<void> {
    const work = async (): Promise<void> => {
      const left = await this.#wants.remove(key, this.id);
      if (left === 0 && outcome === undefined) await lane.takeBack(key);
    };
    await Promise.race([work().catch(() => {}), sleep(leaveMs, undefined, { ref: false })]);
  }

  async #isFull(): Promise<boolean> {
    if (performance.now() - this.#memory.askedMs > tickMs) {
      const { usedBytes, limitBytes } = await memoryOf(this.#connection.redis);
      this.#memory = { full: limitBytes > 0 && usedBytes > fullAt * limitBytes, askedMs: performance.now() };
    }
    return this.#memory.full;
  }

  async #tick(): Promise<void> {
    if (this.#waiting.size === 0) return;
    const { awayMs, shown } = this.#connection;
    if (awayMs > 0) {
      for (const waiting of this.#waiting.values()) {
        if (awayMs > this.#patience.awayMs) waiting.fail(unavailable(shown, new Error(`gone for ${Math.round(awayMs / 1_000)} seconds`)));
        else if (awayMs > this.#patience.noticeMs) this.#say(waiting, 'QUEUE_AWAY', `The queue at ${shown} went away: snvg waits for it`, 'Look after the Redis there: running tasks go on meanwhile, and nothing is lost.');
      }
      return;
    }
    if (this.#ticking) return;
    this.#ticking = true;
    try {
      this.#onTick();
      if (performance.now() - this.#renewedMs > renewWishesMs) {
        this.#renewedMs = performance.now();
        await this.#wants.add([...this.#waiting.keys()], this.id);
      }
      for (const lane of new Set([...this.#waiting.values()].map((waiting) => waiting.lane))) await lane.lookAfter(silentMs, lookedAfterAtOnce);
      await this.#lookForWorkers();
    } catch {
      // The Redis went away just now: the next tick sees that.
    } finally {
      this.#ticking = false;
    }
  }

  async #lookForWorkers(): Promise<void> {
    const now = performance.now();
    const stuck = [...this.#waiting.values()].filter(({ queued, sinceMs, said }) => !queued.taken && now - sinceMs > this.#patience.noticeMs && !said.has('QUEUE_NO_WORKER'));
    if (stuck.length === 0) return;
    const workers = await livingWorkers(this.#connection.redis);
    for (const waiting of stuck) {
      const why = whyNobody(workers, waiting.lane.lane);
      if (why !== undefined) this.#say(waiting, 'QUEUE_NO_WORKER', `Tasks wait at ${this.#connection.shown}, but ${why}`, 'Start workers with: snvg worker --queue … --store …, and see snvg queue.');
    }
  }

  #say({ said, tell, stage }: Hearer, code: string, message: string, remedy: string): void {
    if (said.has(code)) return;
    said.add(code);
    tell({ type: 'notice', notice: { code, stage, message, remedy, severity: 'info' } });
  }
}

/** Undefined: a worker can do it, and will. */
function whyNobody(workers: readonly WorkerReport[], lane: Lane): string | undefined {
  if (workers.length === 0) return 'no worker is connected';
  const lacks = workers.map((worker) => ({ worker, lack: lackedBy(worker, lane) }));
  if (lacks.some(({ lack }) => lack === undefined)) return undefined;
  const [first] = lacks;
  return `none of the ${workers.length} workers can do them exactly (${first?.worker.hostname}: ${first?.lack})`;
}
