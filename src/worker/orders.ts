import { createHash } from 'node:crypto';
import { bytesIn, type FilePart } from '../artifacts/byte-range.js';
import { SnvgError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { FromAgent, ToAgent } from '../pipeline/backends/wire/messages.js';
import type { RunListener } from '../pipeline/backends/shared-run.js';
import type { WorkOrder } from '../pipeline/work-order.js';
import { failureOf } from './failure.js';
import { MemoryKills } from './memory-kills.js';
import { PartGathering } from './part-gathering.js';
import { RunFailure, type RunnerHost } from './runner-host.js';
import type { Failure, Finished } from './runner-protocol.js';
import type { WorkerCache } from './worker-cache.js';

/** One task that was ordered, maybe more than once. */
interface Work {
  order: WorkOrder;
  /** Of the orders for it. */
  ids: Set<number>;
  started: boolean;
  stop: AbortController;
}

/** What the asker of an order is waited for. */
interface Asking {
  sent(): void;
  gone(): void;
}

export interface OrdersOptions {
  cache: WorkerCache;
  runner: RunnerHost;
  send(message: FromAgent): void;
  log: Logger;
}

/** The tasks that were ordered of this agent: gathers what each needs, runs it, and says how it went. */
export class Orders {
  readonly #options: OrdersOptions;
  readonly #gathering: PartGathering;
  readonly #memoryKills = new MemoryKills();
  readonly #works = new Map<string, Work>();
  readonly #byId = new Map<number, Work>();
  readonly #asking = new Map<number, Asking>();
  /** Why bytes of a file could not be kept: told to those who wait for them. */
  readonly #unwritable = new Map<string, unknown>();
  readonly #over = new Set<Promise<void>>();
  #ending = false;

  constructor(options: OrdersOptions) {
    this.#options = options;
    this.#gathering = new PartGathering(options.cache);
  }

  /** Takes an order. The same task ordered twice runs once. */
  take(id: number, order: WorkOrder): void {
    const { key } = order.task;
    const known = this.#works.get(key);
    if (known && !known.stop.signal.aborted) {
      known.ids.add(id);
      this.#byId.set(id, known);
      if (known.started) this.#options.send({ type: 'started', id });
      return;
    }
    const work: Work = { order, ids: new Set([id]), started: false, stop: new AbortController() };
    this.#works.set(key, work);
    this.#byId.set(id, work);
    const over = this.#do(work).finally(() => {
      if (this.#works.get(key) === work) this.#works.delete(key);
      for (const own of work.ids) this.#byId.delete(own);
      this.#over.delete(over);
    });
    this.#over.add(over);
  }

  sent(id: number): void {
    this.#asking.get(id)?.sent();
  }

  /** The last one who gives up a task stops it. */
  cancel(id: number): void {
    const work = this.#byId.get(id);
    if (!work) return;
    if (work.ids.size === 1) {
      // It is answered when everything of it has ended.
      work.stop.abort(new Error('cancelled'));
      this.#asking.get(id)?.gone();
      return;
    }
    work.ids.delete(id);
    this.#byId.delete(id);
    this.#asking.get(id)?.gone();
    this.#options.send({ type: 'failed', id, ...cancellation });
  }

  /** Keeps bytes that were sent. Those that arrived changed are not kept, and will be asked for again. */
  async bytes({ sha256, sizeBytes, startByte, digest }: Extract<ToAgent, { type: 'bytes' }>, body: Uint8Array): Promise<void> {
    const { cache, log } = this.#options;
    if (createHash('sha256').update(body).digest('hex') !== digest) {
      log.warn({ file: sha256.slice(0, 12), startByte }, 'bytes arrived changed');
      return;
    }
    try {
      await cache.partials.write({ sha256, sizeBytes }, startByte, body);
    } catch (error) {
      log.warn({ file: sha256.slice(0, 12), startByte, error: String(error) }, 'bytes could not be kept');
      if (error instanceof SnvgError || error instanceof RangeError) this.#unwritable.set(sha256, error);
    }
  }

  /** Stops everything. Resolves when nothing is at work any more. */
  async stop(): Promise<void> {
    this.#ending = true;
    for (const work of this.#works.values()) work.stop.abort(new Error('the agent is ending'));
    for (const { gone } of this.#asking.values()) gone();
    await Promise.allSettled(this.#over);
  }

  async #do(work: Work): Promise<void> {
    const { order, stop } = work;
    const { key, op } = order.task;
    const { cache } = this.#options;
    const log = this.#options.log.child({ task: key.slice(0, 12), op });
    const holds: (() => Promise<void>)[] = [];
    try {
      const known = await cache.finished.get(key);
      if (known) log.info('answered by what is here');
      const finished = known ?? (await this.#make(work, holds, log));
      cache.hold(key, finished.artifacts.map(({ hash }) => hash));
      for (const id of work.ids) this.#options.send({ type: 'finished', id, ...finished });
    } catch (error) {
      // The agent's own last word says why.
      if (this.#ending) return;
      const failure: Failure = stop.signal.aborted ? cancellation : error instanceof RunFailure ? error.failure : failureOf(error, this.#memoryKills);
      log.info({ class: failure.class, code: failure.report.code }, failure.report.message);
      for (const id of work.ids) this.#options.send({ type: 'failed', id, ...failure });
    } finally {
      for (const release of holds) await release().catch(() => {});
    }
  }

  async #make(work: Work, holds: (() => Promise<void>)[], log: Logger): Promise<Finished> {
    const { order, stop } = work;
    const { cache, runner, send } = this.#options;
    for (const { sha256 } of order.parts) holds.push(await cache.partials.hold(sha256));
    const missingBytes = await this.#gathering.missingBytes(order.parts);
    if (!(await cache.makeRoom(missingBytes))) throw new SnvgError('DISK_FULL', `Too little space is left in ${cache.dir}: ${Math.ceil(missingBytes / 1e6)} MB are needed, and 64 MB besides`, 'Free some space there, or give the worker another cache with --cache.');
    const paths = await this.#gathering.gather(order.parts, (missing) => this.#ask(work, missing, log), stop.signal);
    stop.signal.throwIfAborted();
    log.info('runs');
    const listener: RunListener = (event) => {
      if (event.type === 'started') work.started = true;
      for (const id of work.ids) send(event.type === 'started' ? { type: 'started', id } : event.type === 'progress' ? { type: 'progress', id, fraction: event.fraction } : { type: 'notice', id, notice: event.notice });
    };
    return runner.run(order.task, paths, { signal: stop.signal, listener });
  }

  /** Asks whoever ordered the task for bytes, and the next one when that one gives up. */
  async #ask(work: Work, parts: FilePart[], log: Logger): Promise<void> {
    for (;;) {
      work.stop.signal.throwIfAborted();
      const [id] = work.ids;
      if (id === undefined) throw new Error('nobody waits for the task');
      log.debug({ bytes: parts.reduce((sum, { ranges }) => sum + bytesIn(ranges), 0) }, 'asks for bytes');
      for (const { sha256 } of parts) this.#unwritable.delete(sha256);
      const sent = await new Promise<boolean>((resolve) => {
        this.#asking.set(id, { sent: () => resolve(true), gone: () => resolve(false) });
        this.#options.send({ type: 'misses', id, parts: parts.map(({ sha256, sizeBytes, ranges }) => ({ sha256, sizeBytes, ranges: [...ranges] })) });
      }).finally(() => this.#asking.delete(id));
      for (const { sha256 } of parts) if (this.#unwritable.has(sha256)) throw this.#unwritable.get(sha256);
      if (sent) return;
    }
  }
}

const cancellation: Failure = { class: 'cancelled', report: { code: 'CANCELLED', message: 'it was cancelled', remedy: 'Nothing is needed.' } };
