import { FileArtifactStore } from '../artifacts/file-store.js';
import { createLogger, type Logger } from '../logger.js';
import { SlotQueue } from '../pipeline/backends/slot-queue.js';
import { Resources } from '../pipeline/resources.js';
import { runTask } from '../pipeline/run-task.js';
import type { FileRef, TaskInputs } from '../pipeline/stage.js';
import { loadOperation } from '../pipeline/stages.js';
import { type Task, taskKey } from '../pipeline/task.js';
import { failureOf } from './failure.js';
import { FinishedTasks } from './finished-tasks.js';
import { MemoryKills } from './memory-kills.js';
import type { FromRunner, RunnerSettings } from './runner-protocol.js';
import { TaskStore } from './task-store.js';

/** The tasks of one runner, as many at once as its slots allow. */
export class TaskRuns {
  readonly #settings: RunnerSettings;
  readonly #tell: (message: FromRunner) => void;
  readonly #log: Logger;
  readonly #store: FileArtifactStore;
  readonly #finished: FinishedTasks;
  readonly #resources = new Resources();
  readonly #queue: SlotQueue;
  readonly #memoryKills = new MemoryKills();
  readonly #running = new Map<number, () => void>();

  constructor(settings: RunnerSettings, tell: (message: FromRunner) => void) {
    this.#settings = settings;
    this.#tell = tell;
    this.#log = createLogger(settings.logLevel);
    this.#store = new FileArtifactStore(settings.artifactsDir);
    this.#finished = new FinishedTasks(settings.finishedDir, this.#store);
    this.#queue = new SlotQueue(settings.slots);
  }

  /** Runs a task and tells how it went. */
  async run(id: number, task: Task, paths: Readonly<Record<string, string>>): Promise<void> {
    const stop = new AbortController();
    let started = false;
    // One that still waits for its slots is answered at once: it has nothing to end.
    const cancelled = new Promise<FromRunner>((resolve) => {
      this.#running.set(id, () => {
        stop.abort(new Error('cancelled'));
        if (!started) resolve(cancellation(id));
      });
    });
    const outcome = this.#queue.add(
      async () => {
        started = true;
        return this.#work(id, task, paths, stop.signal);
      },
      { slots: task.slots, priority: task.priority, signal: stop.signal },
    );
    const ended = outcome.catch((error: unknown): FromRunner => (stop.signal.aborted ? cancellation(id) : { type: 'failed', id, ...failureOf(error, this.#memoryKills) }));
    const message = await Promise.race([ended, cancelled]);
    this.#running.delete(id);
    if (message.type === 'failed') this.#log.info({ task: task.key.slice(0, 12), op: task.op, class: message.class, code: message.report.code }, message.report.message);
    this.#tell(message);
  }

  cancel(id: number): void {
    this.#running.get(id)?.();
  }

  cancelAll(): void {
    for (const cancel of this.#running.values()) cancel();
  }

  async #work(id: number, task: Task, paths: Readonly<Record<string, string>>, signal: AbortSignal): Promise<FromRunner> {
    const mismatch = await this.#mismatch(task);
    if (mismatch !== undefined) return { type: 'failed', id, class: 'incompatible', report: { code: 'TASK_KEY', message: mismatch, remedy: 'Have the same snvg, ffmpeg and models on every machine: snvg hosts test compares them.' } };
    this.#tell({ type: 'started', id });
    const store = new TaskStore(this.#store, paths);
    const host = {
      store,
      results: { get: async () => undefined, put: async (result) => this.#finished.put({ result, artifacts: store.artifacts }) } satisfies Parameters<typeof runTask>[1]['results'],
      toolchain: this.#settings.toolchain,
      resources: this.#resources,
      scratchRoot: this.#settings.scratchRoot,
      log: this.#log,
    };
    const result = await runTask({ ...task, inputs: withPaths(task.inputs, paths) }, host, signal, {
      progress: (fraction) => this.#tell({ type: 'progress', id, fraction }),
      notice: (notice) => this.#tell({ type: 'notice', id, notice }),
    });
    return { type: 'finished', id, result, artifacts: store.artifacts };
  }

  /** Why this machine would not make what the key stands for; undefined when it would. */
  async #mismatch(task: Task): Promise<string | undefined> {
    try {
      const operation = await loadOperation(task.op);
      // The operation's own schema says whether the parameters are its.
      const params = operation.params.parse(task.params);
      const own = taskKey(operation as never, params, task.inputs, this.#settings.toolchain);
      return own === task.key ? undefined : `${task.op} has the key ${own.slice(0, 12)} here, not ${task.key.slice(0, 12)}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}

function cancellation(id: number): FromRunner {
  return { type: 'failed', id, class: 'cancelled', report: { code: 'CANCELLED', message: 'it was cancelled', remedy: 'Nothing is needed.' } };
}

/** Files outside the store, where their bytes lie on this machine. */
function withPaths(inputs: TaskInputs, paths: Readonly<Record<string, string>>): TaskInputs {
  const located = (input: FileRef): FileRef => ({ ...input, path: paths[input.sha256] ?? input.path });
  return Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input !== undefined && 'sha256' in input ? located(input) : input]));
}
