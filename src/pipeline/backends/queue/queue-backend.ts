import { knownResult } from '../../known-result.js';
import { readArtifact, runTask, type TaskHost } from '../../run-task.js';
import type { Task } from '../../task.js';
import { type FilmReader, orderBytes, type WorkOrder, workOrderOf } from '../../work-order.js';
import type { TaskResult } from '../../../artifacts/task-results.js';
import type { Backend, Slots, TaskEvent } from '../backend.js';
import type { RunEnd, RunListener } from '../shared-run.js';
import { Sharing, type Turn } from '../sharing.js';
import { SlotQueue } from '../slot-queue.js';
import type { QueueConnection, QueueWarning } from './connection.js';
import { Dispatch, type Patience } from './dispatch.js';
import type { QueueExchange } from './exchange.js';
import { laneOf } from './lanes.js';
import { errorOf, packOrder, quarantineError, readFailure } from './orders.js';
import { inputPaths, PieceSender } from './pieces.js';
import { fetchArtifacts, ResultDamaged, resultIn } from './results.js';
import { Runs } from './runs.js';

/** How often a task is handed over anew for what is not its own fault: damaged files in the exchange, a queue that was emptied. */
const mostTurns = 6;
/** Bytes a second to the exchange until some were sent: a home network. */
const guessedBytesPerSecond = 10e6;

export interface QueueBackendOptions {
  host: TaskHost;
  /** Half cores of this machine. */
  slots: number;
  /** Whether this machine takes its share of what could be done elsewhere. */
  here: boolean;
  connection: QueueConnection;
  exchange: QueueExchange;
  /** Keeps files in the exchange from a collection, as long as tasks may need them. */
  keep(needed: { hashes?: Iterable<string>; keys?: Iterable<string> }): Promise<void>;
  /** Of snvg. */
  version: string;
  /** Tags a worker must have. */
  needs: readonly string[];
  films: FilmReader;
  /** Called last. */
  closing(): Promise<void>;
  patience?: Partial<Patience>;
}

/** Hands tasks to workers at a queue, and does here what cannot move; with `here`, also what no worker has taken while slots are free. */
export class QueueBackend implements Backend {
  readonly id = 'queue';
  readonly #options: QueueBackendOptions;
  readonly #slots: SlotQueue;
  readonly #sharing: Sharing;
  readonly #dispatch: Dispatch;
  readonly #sender: PieceSender;
  readonly #runs: Runs;
  readonly #warnings: QueueWarning[];
  /** Half cores promised to tasks that come back from the queue. */
  #promised = 0;
  #takingBack = false;
  #sendingMs = 0;

  constructor(options: QueueBackendOptions) {
    this.#options = options;
    this.#slots = new SlotQueue(options.slots);
    this.#warnings = [...options.connection.warnings];
    this.#sharing = new Sharing(options.host);
    this.#sender = new PieceSender(options.exchange);
    this.#runs = new Runs(options.connection.redis);
    this.#dispatch = new Dispatch(options.connection, { onTick: () => void this.#takeBack(), ...(options.patience === undefined ? {} : { patience: options.patience }) });
  }

  submit(task: Task, options: { signal: AbortSignal }): AsyncIterable<TaskEvent> {
    return this.#sharing.submit(task, options.signal, (turn, signal, tell) => this.#takeTurn(task, turn, signal, tell));
  }

  capacity(): Slots {
    return { total: this.#slots.total, free: this.#slots.free };
  }

  async close(): Promise<void> {
    await this.#dispatch.close();
    await this.#options.connection.close();
    await this.#options.closing();
    await this.#options.host.resources.close();
  }

  async #takeTurn(task: Task, turn: Turn, signal: AbortSignal, tell: RunListener): Promise<RunEnd | undefined> {
    const { host, films } = this.#options;
    const order = await workOrderOf(task, { films, read: (ref) => readArtifact(host.store, ref), signal });
    if (!order || this.#isTooFar(order)) return this.#slots.add(() => turn(() => this.#run(task, signal, tell)), { slots: task.slots, priority: task.priority, signal });
    this.#warn(task, tell);
    let adopted = false;
    const end = await turn(async () => {
      const there = await this.#adopt(task.key, signal, tell);
      adopted = there !== undefined;
      if (there) return there;
      return this.#options.here && this.#slots.free - this.#promised >= Math.min(task.slots, this.#slots.total) ? this.#runHere(task, signal, tell) : this.#throughQueue(task, order, signal, tell);
    });
    return end && adopted ? { ...end, elsewhere: true } : end;
  }

  /** What is known to be wrong with the Redis is said once. */
  #warn({ stage }: Task, tell: RunListener): void {
    for (const { code, message, remedy } of this.#warnings.splice(0)) tell({ type: 'notice', notice: { code, stage, message, remedy, severity: 'info' } });
  }

  /** Whether its inputs would be longer on their way than it takes here. */
  #isTooFar(order: WorkOrder): boolean {
    if (!this.#options.here) return false;
    const { sentBytes } = this.#sender;
    const bytesPerSecond = sentBytes > 0 && this.#sendingMs > 1_000 ? (sentBytes / this.#sendingMs) * 1_000 : guessedBytesPerSecond;
    return orderBytes(order) / bytesPerSecond > 2 * order.cpuSeconds;
  }

  async #throughQueue(task: Task, order: WorkOrder, signal: AbortSignal, tell: RunListener): Promise<TaskResult> {
    const { host, version, needs } = this.#options;
    const lane = laneOf(order, { version, identities: host.toolchain.identities, needs });
    let why: unknown = new Error(`${task.op} came back from the queue without an end`);
    for (let turn = 1; turn <= mostTurns; turn += 1) {
      const quarantined = await this.#runs.quarantined(task.key);
      if (quarantined) throw quarantineError(task.op, task.key, quarantined.why);
      const data = await this.#leave(task, order, signal);
      const outcome = await this.#dispatch.through(order, data, { lane, signal, tell });
      if (outcome.type === 'taken-back') return this.#runHere(task, signal, tell, task.slots);
      if (outcome.type === 'failed') {
        const failure = readFailure(outcome.reason);
        why = errorOf(failure);
        if (failure.class !== 'unwanted' && failure.class !== 'inputs') throw why;
        continue;
      }
      const result = await this.#adopt(task.key, signal, tell);
      if (result) return result;
    }
    throw why;
  }

  /** Leaves in the exchange what the task needs. @returns what the queue is told */
  async #leave(task: Task, order: WorkOrder, signal: AbortSignal): ReturnType<typeof packOrder> {
    const { host, exchange, keep } = this.#options;
    const beganMs = performance.now();
    const files = await this.#sender.send(order.parts, inputPaths(task.inputs, (hash) => host.store.materialize(hash)), signal);
    this.#sendingMs += performance.now() - beganMs;
    const data = await packOrder(exchange, order, files);
    await keep({ keys: [task.key], hashes: [...files.flatMap(({ pieces }) => pieces.map(({ hash }) => hash)), ...('orderHash' in data ? [data.orderHash] : [])] });
    return data;
  }

  /** Takes over a finished result from the exchange; undefined when there is none, or none of use. */
  async #adopt(key: string, signal: AbortSignal, tell: RunListener): Promise<TaskResult | undefined> {
    const { host, exchange } = this.#options;
    const result = await resultIn(exchange, key);
    if (!result) return undefined;
    try {
      await fetchArtifacts(exchange, host.store, result, host.scratchRoot, signal);
    } catch (error) {
      if (error instanceof ResultDamaged) return undefined;
      throw error;
    }
    await host.results.put(result);
    for (const notice of result.notices) tell({ type: 'notice', notice });
    return knownResult(key, host);
  }

  /** @param promised half cores that were kept free for it */
  async #runHere(task: Task, signal: AbortSignal, tell: RunListener, promised = 0): Promise<TaskResult> {
    const turn = this.#slots.add(() => this.#run(task, signal, tell), { slots: task.slots, priority: task.priority, signal });
    this.#promised -= promised;
    return turn;
  }

  async #run(task: Task, signal: AbortSignal, tell: RunListener): Promise<TaskResult> {
    tell({ type: 'started' });
    try {
      return await runTask(task, this.#options.host, signal, {
        progress: (fraction) => tell({ type: 'progress', fraction }),
        notice: (notice) => tell({ type: 'notice', notice }),
      });
    } finally {
      // Once its slots are free.
      setImmediate(() => void this.#takeBack());
    }
  }

  /** Takes tasks back that no worker has taken while this machine has nothing to do. */
  async #takeBack(): Promise<void> {
    if (!this.#options.here || this.#takingBack) return;
    this.#takingBack = true;
    try {
      for (const queued of this.#dispatch.untaken) {
        const slots = Math.min(queued.slots, this.#slots.total);
        if (this.#slots.free - this.#promised < slots) break;
        this.#promised += queued.slots;
        if (!(await this.#dispatch.takeBack(queued))) this.#promised -= queued.slots;
      }
    } catch {
      // The Redis is away: what is in it stays there for now.
    } finally {
      this.#takingBack = false;
    }
  }
}
