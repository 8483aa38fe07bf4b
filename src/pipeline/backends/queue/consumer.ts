import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../../logger.js';
import type { WorkerLink } from '../wire/worker-link.js';
import { Claim, type LaneWorker, type TaskJob } from './claim.js';
import { keyPrefix, type QueueConnection } from './connection.js';
import type { QueueExchange } from './exchange.js';
import { waitingIn } from './depth.js';
import { knownLanes, lackedBy, type Lane, type Offer } from './lanes.js';
import type { JobData } from './orders.js';
import type { PieceSupply } from './pieces.js';
import { ClaimRun } from './claim-run.js';
import { Runs } from './runs.js';
import { unwantedChannel, Wants } from './wants.js';

/** Where it is said that there is something to take. Only a hint: workers also look by themselves. */
export const workChannel = `${keyPrefix}:work`;

/** How often an idle worker looks for itself, in case a hint was lost. */
const lookMs = 1_000;
/** How long giving tasks back may take. */
const goodbyeMs = 10_000;
/** Every death of a worker counts against a task by our own count (`mostDeaths`), which is kept with the names of the workers. */
const neverByStalls = 1_000_000;

export interface ConsumerOptions {
  connection: QueueConnection;
  exchange: QueueExchange;
  supply: PieceSupply;
  /** The agent that runs tasks; undefined while there is none. */
  link(): WorkerLink | undefined;
  /** Of this process, unique. */
  id: string;
  offer: Offer;
  /** How long a task stays this worker's without a renewal of its lock. */
  leaseMs: number;
  /** Nothing is taken while less is free on the agent's disk. */
  diskFloorBytes: number;
  log: Logger;
}

interface OpenLane {
  lane: Lane;
  worker: LaneWorker;
}

/**
 * Takes tasks from the lanes of which this machine meets all demands, has the agent run them, and renews the locks meanwhile. It does no
 * work itself: nothing blocks its loop, so a lock is lost only with the process or with the Redis.
 */
export class Consumer {
  readonly #options: ConsumerOptions;
  readonly #claims = new Set<Claim>();
  readonly #ending = new Set<Promise<void>>();
  readonly #lanes = new Map<string, OpenLane>();
  readonly #refused = new Set<string>();
  readonly #retired: LaneWorker[] = [];
  /** Tasks that run alone, one after the other: the first runs, or waits until the others have ended. */
  #suspects: Claim[] = [];
  readonly #runs: Runs;
  readonly #wants: Wants;
  readonly tally = { done: 0, failed: 0, cpuSeconds: 0, doneAtMs: [] as number[] };
  #taking = false;
  /** When lanes were last looked for. */
  #lookedMs = -Infinity;
  #stopping = new AbortController();
  #wake: () => void = () => {};
  #loop: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #renewing = false;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.#runs = new Runs(options.connection.redis);
    this.#wants = new Wants(options.connection.redis);
  }

  get running(): readonly Claim[] {
    return [...this.#claims];
  }

  get freeSlots(): number {
    return this.#options.offer.slots - this.running.reduce((sum, { slots }) => sum + slots, 0);
  }

  /** Whether the agent's disk has room for more work. */
  get hasDisk(): boolean {
    const link = this.#options.link();
    return link === undefined || link.load.freeDiskBytes >= this.#options.diskFloorBytes;
  }

  async start(): Promise<void> {
    const { connection, leaseMs } = this.#options;
    const hints = connection.duplicate();
    hints.on('message', (channel: string, message: string) => {
      if (channel === workChannel) this.#hear(message);
      else for (const claim of this.running) if (claim.key === message) void this.#checkWanted(claim);
    });
    // Subscriptions are made anew by the client after every reconnection.
    await hints.subscribe(workChannel, unwantedChannel);
    this.#taking = true;
    this.#timer = setInterval(() => void this.#renew(), leaseMs / 6);
    this.#loop = this.#take();
  }

  /**
   * Takes nothing more; lets what runs end within the time, then stops the rest and gives it back to the queue.
   * @returns how many were given back
   */
  async drain(withinMs: number): Promise<number> {
    this.#taking = false;
    this.#stopping.abort();
    this.#wake();
    await this.#loop;
    const all = Promise.all(this.#ending);
    const deadline = new AbortController();
    await Promise.race([all, sleep(withinMs, undefined, { signal: deadline.signal }).catch(() => {})]);
    deadline.abort();
    const left = this.running;
    for (const claim of left) claim.stop('handed-back');
    // A Redis that is away cannot be told: the locks run out then.
    await Promise.race([Promise.all(this.#ending), sleep(goodbyeMs, undefined, { ref: false })]);
    clearInterval(this.#timer);
    await Promise.all([...this.#retired, ...[...this.#lanes.values()].map(({ worker }) => worker)].map((worker) => worker.close(true)));
    return left.length;
  }

  #hear(laneName: string): void {
    // A lane that nobody has heard of is looked for at once.
    if (!this.#lanes.has(laneName)) this.#lookedMs = -Infinity;
    this.#wake();
  }

  /** Those of the lanes this machine serves, and why it does not serve the others. */
  async #openLanes(): Promise<void> {
    const { connection, offer, leaseMs, log, id } = this.#options;
    for (const [name, lane] of await knownLanes(connection.redis)) {
      if (this.#lanes.has(name) || this.#refused.has(name) || lackedBy(offer, lane) !== undefined) continue;
      const worker: LaneWorker = new connection.bull.Worker<JobData, null>(name, null, {
        connection: connection.redis,
        prefix: keyPrefix,
        name: id,
        autorun: false,
        lockDuration: leaseMs,
        stalledInterval: leaseMs / 2,
        maxStalledCount: neverByStalls,
      });
      worker.on('error', (error) => log.debug({ lane: name, error: error.message }, 'the queue said'));
      await worker.startStalledCheckTimer();
      this.#lanes.set(name, { lane, worker });
      log.info({ lane: name, tools: Object.keys(lane.tools), tags: lane.needs }, 'takes tasks of a lane');
    }
  }

  async #take(): Promise<void> {
    while (this.#taking) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      try {
        if (performance.now() - this.#lookedMs > lookMs) {
          this.#lookedMs = performance.now();
          await this.#unlessStopping(this.#openLanes());
        }
        while (this.#taking && (await this.#takeOne()));
      } catch (error) {
        if (this.#taking) this.#options.log.warn({ error: (error as Error).message }, 'no task could be taken');
      }
      await Promise.race([woken, sleep(lookMs, undefined, { ref: true })]);
    }
  }

  /** A command waits while the Redis is away; the worker must be able to end meanwhile. */
  async #unlessStopping<T>(work: Promise<T>): Promise<T | undefined> {
    const { signal } = this.#stopping;
    if (signal.aborted) return undefined;
    const over = new AbortController();
    try {
      return await Promise.race([work, once(signal, 'abort', { signal: over.signal }).then(() => undefined, () => undefined)]);
    } finally {
      over.abort();
    }
  }

  /** Takes at most one task. False: there is none that fits now. */
  async #takeOne(): Promise<boolean> {
    const { link } = this.#options;
    if (!link() || !this.hasDisk || this.#suspects.length > 0) return false;
    for (const [name, open] of this.#lanes) {
      if (!this.#fits(open.lane)) {
        // Smaller tasks never overtake a larger one that waits: they would for ever.
        if ((await this.#unlessStopping(waitingIn(this.#options.connection.redis, name))) ?? 0) return false;
        continue;
      }
      const token = `${this.#options.id}:${randomUUID()}`;
      const takenMs = performance.now();
      const asked: Promise<TaskJob | undefined> = open.worker.getNextJob(token, { block: false });
      const job = await this.#unlessStopping(asked);
      if (!this.#taking) {
        void asked.then((late) => late?.moveToWait(token)).catch(() => {});
        return false;
      }
      if (!job) continue;
      this.#begin(new Claim(job, open.worker, { token, slots: open.lane.slots, memoryBytes: open.lane.memoryBytes, takenMs }));
      // The lane goes to the end of the line: all have their turn.
      this.#lanes.delete(name);
      this.#lanes.set(name, open);
      return true;
    }
    return false;
  }

  /** A task larger than the machine runs alone rather than never. */
  #fits({ slots, memoryBytes }: Lane): boolean {
    if (this.#claims.size === 0) return true;
    const memory = this.running.reduce((sum, claim) => sum + claim.memoryBytes, memoryBytes);
    return slots <= this.freeSlots && memory <= this.#options.offer.memoryBytes;
  }

  #begin(claim: Claim): void {
    this.#claims.add(claim);
    const ended = this.#runToEnd(claim).finally(() => {
      this.#claims.delete(claim);
      this.#suspects = this.#suspects.filter((suspect) => suspect !== claim);
      this.#ending.delete(ended);
      this.#wake();
    });
    this.#ending.add(ended);
  }

  async #runToEnd(claim: Claim): Promise<void> {
    const { exchange, supply, link, id, log } = this.#options;
    const run = new ClaimRun(claim, { exchange, supply, link, runs: this.#runs, wants: this.#wants, worker: id, log, alone: () => this.#alone(claim), refuseLane: () => this.#refuse(claim.from), stillHeld: () => this.#stillHeld(claim) });
    try {
      const end = await run.toEnd();
      if (end.failed) this.tally.failed += 1;
      if (!end.done) return;
      this.tally.done += 1;
      this.tally.cpuSeconds += end.cpuSeconds;
      this.tally.doneAtMs.push(performance.now());
    } catch (error) {
      // Its lock runs out, and another run finds what this one left.
      log.warn({ task: claim.key.slice(0, 12), error: (error as Error).message }, 'the end of a task could not be told');
    }
  }

  /** A task that something died of before runs with nothing beside it: who is innocent is not to be blamed with it. */
  async #alone(claim: Claim): Promise<void> {
    this.#suspects.push(claim);
    while (this.#suspects[0] !== claim || this.running.some((other) => !this.#suspects.includes(other))) {
      claim.signal.throwIfAborted();
      await sleep(100);
    }
  }

  #refuse(worker: LaneWorker): void {
    this.#refused.add(worker.name);
    this.#lanes.delete(worker.name);
    this.#retired.push(worker);
  }

  async #renew(): Promise<void> {
    const { leaseMs } = this.#options;
    // By the clock first: after a pause of the whole process no answer is needed to know.
    for (const claim of this.running) if (claim.unrenewedMs > leaseMs) claim.stop('lease-lost');
    const due = this.running.filter((claim) => !claim.stopped && claim.unrenewedMs > leaseMs / 3);
    if (due.length === 0 || this.#renewing) return;
    this.#renewing = true;
    try {
      for (const claim of due) if (!(await this.#stillHeld(claim))) claim.stop('lease-lost');
      for (const claim of due) await this.#checkWanted(claim);
    } catch (error) {
      this.#options.log.debug({ error: (error as Error).message }, 'locks could not be renewed');
    } finally {
      this.#renewing = false;
    }
  }

  /** Renews the lock and says whether it was there to renew. */
  async #stillHeld(claim: Claim): Promise<boolean> {
    const { leaseMs } = this.#options;
    const askedMs = performance.now();
    const lost = await claim.from.extendJobLocks([claim.key], [claim.token], leaseMs);
    if (lost.length > 0) return false;
    claim.renewed(askedMs);
    return true;
  }

  async #checkWanted(claim: Claim): Promise<void> {
    if ((await this.#wants.count(claim.key)) === 0) claim.stop('unwanted');
  }
}
