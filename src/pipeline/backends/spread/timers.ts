/** A clock that never goes back, and calls at its times. */
export interface Timers {
  nowMs(): number;
  /** @returns what takes the call back */
  at(timeMs: number, call: () => void): () => void;
}

export const systemTimers: Timers = {
  nowMs: () => performance.now(),
  at: (timeMs, call) => {
    const timer = setTimeout(call, Math.max(0, timeMs - performance.now()));
    return () => clearTimeout(timer);
  },
};
