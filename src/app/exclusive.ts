import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskClaims } from '../pipeline/run-task.js';

/** How often it is looked whether another process has let go. */
const pollMs = 200;

/** Sections that only one job at a time may be in: of this process by waiting in line, of others by a claim that dies with its process. */
export class Exclusive {
  readonly #claims: TaskClaims;
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(claims: TaskClaims) {
    this.#claims = claims;
  }

  /** Runs `work` when nobody else is at `name`. @throws the signal's reason when it aborts before its turn */
  async run<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name) ?? Promise.resolve();
    const turn = before.then(() => this.#claimed(name, signal, work));
    // Whoever is next waits for the end of this one, however it ends.
    const settled = turn.catch(() => {});
    this.#last.set(name, settled);
    try {
      return await turn;
    } finally {
      if (this.#last.get(name) === settled) this.#last.delete(name);
    }
  }

  async #claimed<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    while (!this.#claims.take(name)) await sleep(pollMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      this.#claims.release(name);
    }
  }
}
