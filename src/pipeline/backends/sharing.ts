import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { canonicalJson } from '../../artifacts/canonical-json.js';
import type { ArtifactStore } from '../../artifacts/store.js';
import type { TaskResult, TaskResults } from '../../artifacts/task-results.js';
import { knownResult } from '../known-result.js';
import type { TaskClaims } from '../run-task.js';
import type { Task } from '../task.js';
import type { TaskEvent } from './backend.js';
import { type RunEnd, type RunListener, SharedRun } from './shared-run.js';

/** How often a task that another process works on is looked after. */
const claimPollMs = 200;

/** What those who ask for tasks share. */
export interface Shared {
  store: Pick<ArtifactStore, 'has' | 'materialize'>;
  results: Pick<TaskResults, 'get'>;
  /** Absent where no other process shares the results. */
  claims?: TaskClaims;
}

/** Does the work unless it is known or another process is at it: then undefined. To be called once the task has its slots. */
export type Turn = (work: () => Promise<TaskResult>) => Promise<RunEnd | undefined>;

/** Waits for slots and takes the turn in them. Resolves when the slots are free again, with what the turn gave. */
export type TakeTurn = (turn: Turn, signal: AbortSignal, tell: RunListener) => Promise<RunEnd | undefined>;

/**
 * The same task asked for by several jobs runs once: within this process its run is shared, between processes it is claimed. Waiting for
 * another's run takes no slot.
 */
export class Sharing {
  readonly #shared: Shared;
  readonly #running = new Map<string, SharedRun>();

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  async *submit(task: Task, signal: AbortSignal, takeTurn: TakeTurn): AsyncGenerator<TaskEvent, void, undefined> {
    for (;;) {
      const running = this.#running.get(task.key);
      if (running?.abandoned) {
        await running.over;
        continue;
      }
      const run = running ?? this.#start(task, takeTurn);
      try {
        yield* run.join(signal);
        return;
      } catch (error) {
        // The same content under another name: what failed there (a file that was removed) may work here.
        const mayDiffer = running !== undefined && canonicalJson(running.task.inputs) !== canonicalJson(task.inputs);
        if (signal.aborted || !mayDiffer) throw error;
      }
    }
  }

  #start(task: Task, takeTurn: TakeTurn): SharedRun {
    const run = new SharedRun(task, (signal, tell) => this.#work(task, takeTurn, signal, tell).finally(() => this.#running.delete(task.key)));
    this.#running.set(task.key, run);
    return run;
  }

  async #work(task: Task, takeTurn: TakeTurn, signal: AbortSignal, tell: RunListener): Promise<RunEnd> {
    setMaxListeners(0, signal);
    for (;;) {
      const end = await takeTurn((work) => this.#turn(task.key, work), signal, tell);
      if (end) return end;
      while (this.#shared.claims?.heldByOthers(task.key)) {
        await sleep(claimPollMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
      const result = await knownResult(task.key, this.#shared);
      if (result) return { result, elsewhere: true };
    }
  }

  async #turn(key: string, work: () => Promise<TaskResult>): Promise<RunEnd | undefined> {
    const { claims } = this.#shared;
    if (claims && !claims.take(key)) return undefined;
    try {
      // While it waited for its turn, somebody else may have done it.
      const known = await knownResult(key, this.#shared);
      if (known) return { result: known, elsewhere: true };
      return { result: await work(), elsewhere: false };
    } finally {
      claims?.release(key);
    }
  }
}
