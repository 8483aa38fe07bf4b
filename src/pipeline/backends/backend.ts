import type { TaskResult } from '../../artifacts/task-results.js';
import type { Notice } from '../notice.js';
import type { Task } from '../task.js';

/** What a backend says about one task while it has it. The last event is `finished`; a failure is thrown. */
export type TaskEvent =
  | {
      type: 'started';
      /** Name of the machine, when it is not this one. */
      host?: string;
    }
  | { type: 'progress'; fraction: number }
  | { type: 'notice'; notice: Notice }
  | {
      type: 'finished';
      result: TaskResult;
      /** Somebody else's run gave the result: another job of this process, or another process. */
      shared: boolean;
    };

/** CPU slots of a backend, all and free now. */
export interface Slots {
  total: number;
  free: number;
}

/** Somewhere tasks run. A task never knows which. */
export interface Backend {
  readonly id: string;
  /** Runs one task. Leaving the iteration early or aborting stops it and everything it started. */
  submit(task: Task, options: { signal: AbortSignal }): AsyncIterable<TaskEvent>;
  capacity(): Slots;
  /** Ends what is kept between tasks. */
  close(): Promise<void>;
}

