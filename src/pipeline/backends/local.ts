import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { canonicalJson } from '../../artifacts/canonical-json.js';
import { knownResult } from '../known-result.js';
import { runTask, type TaskHost } from '../run-task.js';
import type { Task } from '../task.js';
import type { Backend, Slots, TaskEvent } from './backend.js';
import { type RunEnd, type RunListener, SharedRun } from './shared-run.js';
import { SlotQueue } from './slot-queue.js';

/** How often a task that another process works on is looked after. */
const claimPollMs = 200;

/**
 * Runs tasks on this machine, as many at once as its CPU slots allow. The same task asked for by several jobs runs once:
 * within this process its run is shared, between processes it is claimed. Waiting for another's run takes no slot.
 */
export class LocalBackend implements Backend {
  readonly id = 'local';
  readonly #host: TaskHost;
  readonly #queue: SlotQueue;
  readonly #running = new Map<string, SharedRun>();

  constructor(host: TaskHost, slots: number) {
    this.#host = host;
    this.#queue = new SlotQueue(slots);
  }

  async *submit(task: Task, options: { signal: AbortSignal }): AsyncIterable<TaskEvent> {
    for (;;) {
      const running = this.#running.get(task.key);
      if (running?.abandoned) {
        await running.over;
        continue;
      }
      const run = running ?? this.#start(task);
      try {
        yield* run.join(options.signal);
        return;
      } catch (error) {
        // The same content under another name: what failed there (a file that was removed) may work here.
        const mayDiffer = running !== undefined && canonicalJson(running.task.inputs) !== canonicalJson(task.inputs);
        if (options.signal.aborted || !mayDiffer) throw error;
      }
    }
  }

  capacity(): Slots {
    return { total: this.#queue.total, free: this.#queue.free };
  }

  close(): Promise<void> {
    return this.#host.resources.close();
  }

  #start(task: Task): SharedRun {
    const run = new SharedRun(task, (signal, tell) => this.#work(task, signal, tell).finally(() => this.#running.delete(task.key)));
    this.#running.set(task.key, run);
    return run;
  }

  async #work(task: Task, signal: AbortSignal, tell: RunListener): Promise<RunEnd> {
    setMaxListeners(0, signal);
    for (;;) {
      const end = await this.#queue.add(() => this.#turn(task, signal, tell), { slots: task.slots, priority: task.priority, signal });
      if (end) return end;
      while (this.#host.claims?.heldByOthers(task.key)) {
        await sleep(claimPollMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
      const result = await knownResult(task.key, this.#host);
      if (result) return { result, elsewhere: true };
    }
  }

  /** Runs the task in its slots; undefined when another process is at it. */
  async #turn(task: Task, signal: AbortSignal, tell: RunListener): Promise<RunEnd | undefined> {
    const { claims } = this.#host;
    if (claims && !claims.take(task.key)) return undefined;
    try {
      // While it waited for its turn, somebody else may have done it.
      const known = await knownResult(task.key, this.#host);
      if (known) return { result: known, elsewhere: true };
      tell({ type: 'started' });
      const result = await runTask(task, this.#host, signal, {
        progress: (fraction) => tell({ type: 'progress', fraction }),
        notice: (notice) => tell({ type: 'notice', notice }),
      });
      return { result, elsewhere: false };
    } finally {
      claims?.release(task.key);
    }
  }
}
