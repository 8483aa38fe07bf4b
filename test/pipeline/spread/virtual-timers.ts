import type { Timers } from '../../../src/pipeline/backends/spread/timers.js';

interface Alarm {
  atMs: number;
  turn: number;
  call: () => void;
}

/** Time that passes only when nothing else is left to happen: hours in milliseconds, and the same every time. */
export class VirtualTimers implements Timers {
  #nowMs = 0;
  #turn = 0;
  readonly #alarms = new Set<Alarm>();

  nowMs(): number {
    return this.#nowMs;
  }

  at(timeMs: number, call: () => void): () => void {
    const alarm = { atMs: Math.max(timeMs, this.#nowMs), turn: this.#turn++, call };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  /** Rejects with the signal's reason when it is aborted meanwhile. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const stop = (): void => {
        cancel();
        reject(signal?.reason);
      };
      const cancel = this.at(this.#nowMs + ms, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  /** Lets time pass until `done` has settled. @throws when nothing is left that could settle it, or it takes longer than `limitMs` */
  async until<T>(done: Promise<T>, limitMs = 86_400_000): Promise<T> {
    const state = { isSettled: false };
    const settle = (): void => {
      state.isSettled = true;
    };
    done.then(settle, settle);
    for (;;) {
      // Everything that follows from what has happened, before time goes on.
      for (let round = 0; round < 2; round += 1) await new Promise((resolve) => setImmediate(resolve));
      if (state.isSettled) return done;
      let next: Alarm | undefined;
      for (const alarm of this.#alarms) if (!next || alarm.atMs < next.atMs || (alarm.atMs === next.atMs && alarm.turn < next.turn)) next = alarm;
      if (!next) throw new Error(`at ${this.#nowMs} ms nothing is left to happen`);
      this.#alarms.delete(next);
      this.#nowMs = next.atMs;
      if (this.#nowMs > limitMs) throw new Error(`not done after ${limitMs} ms`);
      next.call();
    }
  }
}
