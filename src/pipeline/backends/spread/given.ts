import type { TaskResult } from '../../../artifacts/task-results.js';
import type { Task } from '../../task.js';
import type { WorkOrder } from '../../work-order.js';
import type { RunListener } from '../shared-run.js';

interface Deferred<T> {
  promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** One task while it is with the backend, whichever places have it. It ends once. */
export class Given {
  readonly id: string;
  readonly task: Task;
  readonly tell: RunListener;
  /** What another machine needs for it, once that is known. */
  order: WorkOrder | undefined;
  readonly #chosen = deferred<void>();
  readonly #begun = deferred<void>();
  readonly #result = deferred<TaskResult>();
  readonly #attempts = new Set<Promise<void>>();
  #hasEnded = false;

  constructor(id: string, task: Task, tell: RunListener) {
    this.id = id;
    this.task = task;
    this.tell = tell;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Resolves when the first place was chosen for it. @throws what it failed with before */
  get chosen(): Promise<void> {
    return this.#chosen.promise;
  }

  /** Resolves when it is this process that is to do it. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  choose(): void {
    this.#chosen.resolve();
  }

  /** Lets the places begin. @returns the result, once it is kept */
  go(): Promise<TaskResult> {
    this.#begun.resolve();
    return this.#result.promise;
  }

  /** True for the first who brings a result; then `resolve` or `reject` follows. */
  end(): boolean {
    const isFirst = !this.#hasEnded;
    this.#hasEnded = true;
    return isFirst;
  }

  resolve(result: TaskResult): void {
    this.#result.resolve(result);
  }

  reject(error: unknown): void {
    for (const { reject } of [this.#chosen, this.#begun, this.#result]) reject(error);
  }

  /** Ends it with an error, unless it has ended. */
  fail(error: unknown): void {
    if (this.end()) this.reject(error);
  }

  follow(attempt: Promise<void>): void {
    this.#attempts.add(attempt);
    void attempt.finally(() => this.#attempts.delete(attempt));
  }

  /** Resolves when no place has it any more. */
  async over(): Promise<void> {
    while (this.#attempts.size > 0) await Promise.all(this.#attempts);
  }
}

function deferred<T>(): Deferred<T> {
  let settle: Omit<Deferred<T>, 'promise'> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Not everybody waits for each of them.
  promise.catch(() => undefined);
  return { promise, ...(settle as Omit<Deferred<T>, 'promise'>) };
}
