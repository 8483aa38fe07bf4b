import { runTask, type TaskHost } from '../run-task.js';
import type { Task } from '../task.js';
import type { Backend, Slots, TaskEvent } from './backend.js';
import type { RunEnd, RunListener } from './shared-run.js';
import { Sharing, type Turn } from './sharing.js';
import { SlotQueue } from './slot-queue.js';

/** Runs tasks on this machine, as many at once as its CPU slots allow. */
export class LocalBackend implements Backend {
  readonly id = 'local';
  readonly #host: TaskHost;
  readonly #queue: SlotQueue;
  readonly #sharing: Sharing;

  constructor(host: TaskHost, slots: number) {
    this.#host = host;
    this.#queue = new SlotQueue(slots);
    this.#sharing = new Sharing(host);
  }

  submit(task: Task, options: { signal: AbortSignal }): AsyncIterable<TaskEvent> {
    return this.#sharing.submit(task, options.signal, (turn, signal, tell) => this.#takeTurn(task, turn, signal, tell));
  }

  capacity(): Slots {
    return { total: this.#queue.total, free: this.#queue.free };
  }

  close(): Promise<void> {
    return this.#host.resources.close();
  }

  #takeTurn(task: Task, turn: Turn, signal: AbortSignal, tell: RunListener): Promise<RunEnd | undefined> {
    const work = async (): ReturnType<typeof runTask> => {
      tell({ type: 'started' });
      return runTask(task, this.#host, signal, {
        progress: (fraction) => tell({ type: 'progress', fraction }),
        notice: (notice) => tell({ type: 'notice', notice }),
      });
    };
    return this.#queue.add(() => turn(work), { slots: task.slots, priority: task.priority, signal });
  }
}
