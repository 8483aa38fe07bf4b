import type { Queue, QueueEvents } from 'bullmq';
import { keyPrefix, type QueueConnection } from './connection.js';
import type { RunProgress } from './claim-run.js';
import { announceLane, type Lane, laneName } from './lanes.js';
import type { JobData } from './orders.js';

/** BullMQ's own limit of a priority; smaller numbers are taken first. */
const lastRank = 2_097_152;
/** How long the rank of the first in line is believed. */
const headMs = 200;

/** What became of a task in the queue. `gone`: it is not there any more; `taken-back`: before a worker took it. */
export type Outcome = { type: 'completed' } | { type: 'failed'; reason: string } | { type: 'gone' } | { type: 'taken-back' };

/** A task of this coordinator in a lane. */
export interface Queued {
  readonly key: string;
  readonly priority: number;
  readonly slots: number;
  /** A worker has it. */
  taken: boolean;
  /** When it was last heard of, on the monotonic clock. */
  heardMs: number;
  progress(of: RunProgress): void;
  settle(outcome: Outcome): void;
}

/** A coordinator's end of one lane: adds tasks, and hears what becomes of them. */
export class LaneClient {
  readonly name: string;
  readonly lane: Lane;
  readonly #queue: Queue<JobData, null>;
  readonly #events: QueueEvents;
  readonly #queued = new Map<string, Queued>();
  #head = { rank: 0, askedMs: -Infinity };

  private constructor(lane: Lane, queue: Queue<JobData, null>, events: QueueEvents) {
    this.lane = lane;
    this.name = laneName(lane);
    this.#queue = queue;
    this.#events = events;
    const heard = (jobId: string, act: (queued: Queued) => void): void => {
      const queued = this.#queued.get(jobId);
      if (!queued) return;
      queued.heardMs = performance.now();
      act(queued);
    };
    events.on('active', ({ jobId }) => heard(jobId, (queued) => void (queued.taken = true)));
    events.on('waiting', ({ jobId }) => heard(jobId, (queued) => void (queued.taken = false)));
    events.on('progress', ({ jobId, data }) => heard(jobId, (queued) => queued.progress(data as unknown as RunProgress)));
    events.on('completed', ({ jobId }) => heard(jobId, (queued) => queued.settle({ type: 'completed' })));
    events.on('failed', ({ jobId, failedReason }) => heard(jobId, (queued) => queued.settle({ type: 'failed', reason: failedReason })));
    events.on('removed', ({ jobId, prev }) => {
      // What failed earlier is removed to begin anew.
      if (prev !== 'failed') heard(jobId, (queued) => queued.settle({ type: 'gone' }));
    });
  }

  static async open(connection: QueueConnection, lane: Lane): Promise<LaneClient> {
    const { bull, redis } = connection;
    const name = laneName(lane);
    await announceLane(redis, lane);
    // From the last event on that is there now: what happens while the first question is on its way must be heard too.
    const [last] = await redis.xrevrange(`${keyPrefix}:${name}:events`, '+', '-', 'COUNT', 1);
    const events = new bull.QueueEvents(name, { connection: connection.duplicate(), prefix: keyPrefix, lastEventId: last?.[0] ?? '0-0' });
    // Errors of the connection are the connection's to tell; it comes back by itself.
    events.on('error', () => {});
    const queue = new bull.Queue<JobData, null>(name, { connection: redis, prefix: keyPrefix, defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: { age: 24 * 3_600, count: 1_000 } } });
    queue.on('error', () => {});
    return new LaneClient(lane, queue, events);
  }

  get queued(): readonly Queued[] {
    return [...this.#queued.values()];
  }

  /**
   * Adds a task unless it is there already, whoever added it; hears of it from now on. One that failed earlier begins anew.
   * @throws what Redis says
   */
  async add(op: string, data: JobData, queued: Queued): Promise<void> {
    this.#queued.set(queued.key, queued);
    const before = await this.#queue.getJob(queued.key);
    if (before && (await before.isFailed())) await before.remove().catch(() => {});
    const job = await this.#queue.add(op, data, { jobId: queued.key, priority: await this.#rank(queued) });
    // It may have been there, and a worker may be at it.
    queued.taken = before !== undefined && (await job.isActive());
  }

  /** Hears of it no more. */
  leave(key: string): void {
    this.#queued.delete(key);
  }

  /** Takes a task out that no worker has, and hears of it no more. False: one has it, or it is over. */
  async takeBack(key: string): Promise<boolean> {
    const queued = this.#queued.get(key);
    const job = await this.#queue.getJob(key);
    if (!job || (await job.isActive()) || (await job.isFailed())) return false;
    // Its removal is heard as any other is: nobody is to take it for somebody else's.
    this.#queued.delete(key);
    try {
      await job.remove();
      return true;
    } catch {
      // Taken just now.
      if (queued) this.#queued.set(key, queued);
      return false;
    }
  }

  /** Looks after tasks that were not heard of for a while: events are lost with the Redis that was to tell them. */
  async lookAfter(silentMs: number, most: number): Promise<void> {
    const now = performance.now();
    for (const queued of this.queued.filter(({ heardMs }) => now - heardMs > silentMs).slice(0, most)) {
      queued.heardMs = now;
      const job = await this.#queue.getJob(queued.key);
      // Somebody may have left meanwhile.
      if (this.#queued.get(queued.key) !== queued) continue;
      if (!job) queued.settle({ type: 'gone' });
      else if (await job.isFailed()) queued.settle({ type: 'failed', reason: job.failedReason });
      else queued.taken = await job.isActive();
    }
  }

  async close(): Promise<void> {
    await this.#events.close().catch(() => {});
    await this.#queue.close().catch(() => {});
  }

  /**
   * Where in the line it stands: behind the first that waits by as many as this coordinator has waiting before it. So each coordinator's
   * next task stands beside the next ones of the others however many each has, and none waits for ever: what is first stays first. A more
   * urgent task of its own comes behind at most those that are next by then.
   */
  async #rank(of: Queued): Promise<number> {
    const now = performance.now();
    if (now - this.#head.askedMs > headMs) {
      const [first] = await this.#queue.getPrioritized(0, 0);
      this.#head = { rank: first?.priority ?? 0, askedMs: now };
    }
    const own = this.queued.filter((other) => !other.taken);
    const at = own.indexOf(of);
    const before = own.filter((other, place) => (place < at ? other.priority >= of.priority : other.priority > of.priority)).length;
    return Math.min(lastRank, this.#head.rank + 1 + before);
  }
}
