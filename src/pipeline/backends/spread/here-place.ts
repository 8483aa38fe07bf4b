import type { TaskResult } from '../../../artifacts/task-results.js';
import { computeTask, type TaskHost } from '../../run-task.js';
import type { WorkOrder } from '../../work-order.js';
import type { Slots } from '../backend.js';
import type { Place } from '../place.js';
import type { RunListener } from '../shared-run.js';

/** This machine as one place among others. Its orders keep the paths of their files: nothing has to be sent. */
export class HerePlace implements Place {
  readonly name: string;
  readonly state = 'ready';
  readonly problem = undefined;
  readonly memoryBytes: number;
  readonly traffic = { sentBytes: 0, receivedBytes: 0 };
  readonly #host: TaskHost;
  readonly #slots: number;
  #used = 0;

  constructor(options: { name: string; host: TaskHost; /** Half cores. */ slots: number; memoryBytes: number }) {
    this.name = options.name;
    this.#host = options.host;
    this.#slots = options.slots;
    this.memoryBytes = options.memoryBytes;
  }

  capacity(): Slots {
    return { total: this.#slots, free: Math.max(0, this.#slots - this.#used) };
  }

  lacks(): undefined {
    return undefined;
  }

  missingBytes(): number {
    return 0;
  }

  async run({ task }: Pick<WorkOrder, 'task'>, { signal, listener }: { signal: AbortSignal; listener: RunListener }): Promise<TaskResult> {
    const slots = Math.min(task.slots, this.#slots);
    this.#used += slots;
    listener({ type: 'started' });
    try {
      return await computeTask(task, this.#host, signal, {
        progress: (fraction) => listener({ type: 'progress', fraction }),
        notice: (notice) => listener({ type: 'notice', notice }),
      });
    } finally {
      this.#used -= slots;
    }
  }

  connect(): Promise<void> {
    return Promise.resolve();
  }

  /** Ends what tasks share. */
  close(): Promise<void> {
    return this.#host.resources.close();
  }
}
