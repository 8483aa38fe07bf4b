import { runTask, type TaskHost } from '../run-task.js';
import type { Task } from '../task.js';
import type { Backend, Slots, TaskEvent } from './backend.js';
import { Channel } from './channel.js';
import { SlotQueue } from './slot-queue.js';

/** Runs tasks on this machine, as many at once as its CPU slots allow. */
export class LocalBackend implements Backend {
  readonly id = 'local';
  readonly #host: TaskHost;
  readonly #queue: SlotQueue;

  constructor(host: TaskHost, slots: number) {
    this.#host = host;
    this.#queue = new SlotQueue(slots);
  }

  async *submit(task: Task, options: { signal: AbortSignal }): AsyncIterable<TaskEvent> {
    const events = new Channel<TaskEvent>();
    const work = async (): Promise<void> => {
      events.push({ type: 'started' });
      const result = await runTask(task, this.#host, options.signal, {
        progress: (fraction) => events.push({ type: 'progress', fraction }),
        notice: (notice) => events.push({ type: 'notice', notice }),
      });
      events.push({ type: 'finished', result });
    };
    this.#queue.add(work, { slots: task.slots, priority: task.priority, signal: options.signal }).then(
      () => events.end(),
      (error: unknown) => events.end(error),
    );
    yield* events;
  }

  capacity(): Slots {
    return { total: this.#queue.total, free: this.#queue.free };
  }

  close(): Promise<void> {
    return this.#host.resources.close();
  }
}
