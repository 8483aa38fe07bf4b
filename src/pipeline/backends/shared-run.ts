import type { TaskResult } from '../../artifacts/task-results.js';
import type { Task } from '../task.js';
import type { TaskEvent } from './backend.js';
import { Channel } from './channel.js';

/** How a run ended: `elsewhere` when another process did the work. */
export interface RunEnd {
  result: TaskResult;
  elsewhere: boolean;
}

/** What the run has to say while it goes on. */
export type RunListener = (event: Exclude<TaskEvent, { type: 'finished' }>) => void;

/**
 * One run of a task that several jobs wait for: the same content under two names, or listed in two jobs, is worked on once.
 * It stops when nobody waits for it any more.
 */
export class SharedRun {
  readonly task: Task;
  /** Settles without error when the work has ended, however it ended. */
  readonly over: Promise<void>;
  readonly #waiting = new Set<Channel<TaskEvent>>();
  readonly #stop = new AbortController();
  #started = false;
  #settled = false;

  constructor(task: Task, work: (signal: AbortSignal, tell: RunListener) => Promise<RunEnd>) {
    this.task = task;
    this.over = work(this.#stop.signal, (event) => this.#tell(event)).then(
      (end) => this.#finish(end),
      (error: unknown) => this.#fail(error),
    );
  }

  /** Whether nobody waits for it any more, so that it is being stopped. */
  get abandoned(): boolean {
    return this.#stop.signal.aborted;
  }

  /** The run's events for one of those who wait. Leaving or aborting stops the run only for the last of them. */
  async *join(signal: AbortSignal): AsyncGenerator<TaskEvent, void, undefined> {
    const channel = new Channel<TaskEvent>();
    this.#waiting.add(channel);
    const leave = (): void => {
      if (this.#waiting.size > 1 || !this.#waiting.has(channel)) {
        this.#waiting.delete(channel);
        channel.end(signal.reason);
        return;
      }
      // The last one stays until what was started has ended.
      this.#stop.abort(signal.reason);
    };
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    try {
      yield* channel;
    } finally {
      signal.removeEventListener('abort', leave);
      this.#waiting.delete(channel);
      if (this.#waiting.size === 0 && !this.#settled) {
        this.#stop.abort(new Error('nobody waits for this task any more'));
        await this.over;
      }
    }
  }

  #tell(event: Parameters<RunListener>[0]): void {
    if (event.type === 'started') {
      // One start is one start: only the job that asked first has it in its log.
      if (this.#started) return;
      this.#started = true;
      const [first] = this.#waiting;
      first?.push(event);
      return;
    }
    for (const channel of this.#waiting) channel.push(event);
  }

  #finish({ result, elsewhere }: RunEnd): void {
    this.#settled = true;
    let shared = elsewhere;
    for (const channel of this.#waiting) {
      channel.push({ type: 'finished', result, shared });
      channel.end();
      shared = true;
    }
  }

  #fail(error: unknown): void {
    this.#settled = true;
    for (const channel of this.#waiting) channel.end(error);
  }
}
