import type { ArtifactKind, ArtifactRef, ArtifactValue, FileKind } from '../artifacts/kinds.js';
import type { ArtifactStore } from '../artifacts/store.js';
import type { TaskResult, TaskResults } from '../artifacts/task-results.js';
import { reportError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { Backend } from './backends/backend.js';
import { knownResult } from './known-result.js';
import type { Notice } from './notice.js';
import type { RunEventBody } from './run-event.js';
import { readArtifact } from './run-task.js';
import { type FileRef, type Operation, type OutputKinds, type Outputs, type Planner, type StageId, stageIds, type TaskInputs, type Toolchain } from './stage.js';
import { type Task, taskKey } from './task.js';

export interface RunnerOptions {
  backend: Backend;
  store: ArtifactStore;
  results: TaskResults;
  toolchain: Toolchain;
  signal: AbortSignal;
  emit(event: RunEventBody): void;
  fingerprint(path: string, options?: { signal?: AbortSignal }): Promise<FileRef>;
  /** Added to the priority of every task: which of several jobs goes first. */
  priority?: number;
  /** Bears the job's id; tasks are told to it with theirs. */
  log?: Logger;
}

/** What one stage of a job amounted to. */
export interface StageTally {
  id: StageId;
  state: 'done' | 'cached' | 'failed' | 'skipped';
  tasks: number;
  cachedTasks: number;
  cpuSeconds: number;
}

/** Hands the tasks a plan asks for to a backend, answering from the store what is already known. */
export class Runner implements Planner {
  readonly signal: AbortSignal;
  readonly toolchain: Toolchain;
  readonly notices: Notice[] = [];
  readonly #options: RunnerOptions;
  readonly #asked = new Map<string, Promise<TaskResult>>();
  readonly #tallies = new Map<StageId, StageTally>();

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.signal = options.signal;
    this.toolchain = options.toolchain;
  }

  async task<P, I extends TaskInputs, O extends OutputKinds>(operation: Operation<P, I, O>, params: P, inputs: I, options: { label?: string; priority?: number } = {}): Promise<Outputs<O>> {
    this.signal.throwIfAborted();
    const parsed = operation.params.parse(params);
    const task: Task = {
      key: taskKey(operation, parsed, inputs, this.toolchain),
      op: operation.id,
      stage: operation.stage,
      params: parsed,
      inputs,
      label: options.label ?? operation.id,
      priority: (options.priority ?? 0) + (this.#options.priority ?? 0),
      slots: operation.slots,
    };
    let asked = this.#asked.get(task.key);
    if (!asked) {
      asked = this.#answer(task);
      this.#asked.set(task.key, asked);
    }
    const result = await asked;
    // The result was stored under this operation's key, so its outputs are this operation's.
    return result.outputs as Outputs<O>;
  }

  read<K extends ArtifactKind>(ref: ArtifactRef<K>): Promise<ArtifactValue<K>> {
    return readArtifact(this.#options.store, ref);
  }

  fingerprint(path: string, options?: { signal?: AbortSignal }): Promise<FileRef> {
    return this.#options.fingerprint(path, options);
  }

  async locate({ hash, sizeBytes }: ArtifactRef<FileKind>): Promise<FileRef> {
    return { path: await this.#options.store.materialize(hash), sha256: hash, sizeBytes };
  }

  notice(notice: Notice): void {
    // The same fact met on several ways (a chunk retried, two formats of one clip) is said once.
    if (this.notices.some((known) => known.code === notice.code && known.message === notice.message)) return;
    this.notices.push(notice);
    this.#options.emit({ type: 'notice', notice });
  }

  /** Waits until nothing asked for is still running, whatever became of it. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#asked.values());
  }

  /** States that the plan will ask this stage for nothing more. */
  finishStage(id: StageId): void {
    const tally = this.#tallies.get(id);
    if (!tally) return;
    const { tasks, cachedTasks, cpuSeconds } = tally;
    const state = tally.state === 'failed' ? 'failed' : tasks === cachedTasks ? 'cached' : 'done';
    tally.state = state;
    this.#options.emit({ type: 'stage-finished', stage: id, state, tasks, cachedTasks, cpuSeconds: round(cpuSeconds) });
  }

  tallies(): StageTally[] {
    return stageIds.map((id) => {
      const tally = this.#tallies.get(id) ?? { id, state: 'skipped' as const, tasks: 0, cachedTasks: 0, cpuSeconds: 0 };
      return { ...tally, cpuSeconds: round(tally.cpuSeconds) };
    });
  }

  async #answer(task: Task): Promise<TaskResult> {
    const tally = this.#tallyOf(task.stage);
    tally.tasks += 1;
    const { key: taskKeyText, stage, op, label } = task;
    const of = { taskKey: taskKeyText, stage, op, label };
    const answered = (known: TaskResult): TaskResult => {
      tally.cachedTasks += 1;
      for (const notice of known.notices) this.notice(notice);
      this.#options.emit({ type: 'task-finished', ...of, cached: true, cpuSeconds: 0, wallMs: 0 });
      return known;
    };
    const known = await knownResult(task.key, this.#options);
    if (known) return answered(known);
    this.#options.emit({ type: 'task-queued', ...of });
    try {
      for await (const event of this.#options.backend.submit(task, { signal: this.signal })) {
        if (event.type === 'started') {
          const where = event.host === undefined ? {} : { host: event.host };
          this.#options.log?.debug({ task: taskKeyText.slice(0, 12), op, ...where }, 'task started');
          this.#options.emit({ type: 'task-started', ...of, ...where });
        } else if (event.type === 'progress') this.#options.emit({ type: 'task-progress', taskKey: task.key, stage, fraction: event.fraction });
        else if (event.type === 'notice') this.notice(event.notice);
        else if (event.shared) return answered(event.result);
        else {
          const { result } = event;
          tally.cpuSeconds += result.cpuSeconds;
          this.#options.log?.debug({ task: taskKeyText.slice(0, 12), op, cpuSeconds: result.cpuSeconds, wallMs: result.wallMs }, 'task finished');
          this.#options.emit({ type: 'task-finished', ...of, cached: false, cpuSeconds: result.cpuSeconds, wallMs: result.wallMs });
          return result;
        }
      }
      throw new Error(`backend ${this.#options.backend.id} ended ${task.op} without a result`);
    } catch (error) {
      if (!this.signal.aborted) {
        tally.state = 'failed';
        const report = reportError(error);
        this.#options.log?.info({ task: taskKeyText.slice(0, 12), op, code: report.code }, report.message);
        this.#options.emit({ type: 'task-failed', ...of, error: report });
      }
      throw error;
    }
  }

  #tallyOf(id: StageId): StageTally {
    let tally = this.#tallies.get(id);
    if (!tally) {
      tally = { id, state: 'done', tasks: 0, cachedTasks: 0, cpuSeconds: 0 };
      this.#tallies.set(id, tally);
      this.#options.emit({ type: 'stage-started', stage: id });
    }
    return tally;
  }
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
