/** Time as the engine sees it, so that hours can pass in a test. */
export interface Timing {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
  /** @throws the signal's reason when it aborts first */
  sleep(durationMs: number, signal: AbortSignal): Promise<void>;
  /** 0 (inclusive) to 1, for jitter. */
  random(): number;
}

/** How long trouble is put up with before a publication is left for a later run. */
export interface Patience {
  /** Failures in a row of one publication without any progress between. */
  attempts: number;
  /** Failures of one publication in one run, whatever the progress. */
  failures: number;
  /** From the first of a row of failures to the next attempt, and the longest wait that a platform may ask for. */
  troubleMs: number;
  /** First backoff; doubled with each failure up to `maxBackoffMs`, then cut by full jitter. */
  backoffMs: number;
  maxBackoffMs: number;
  /** After a lost reply, before the platform is asked whether the request took effect: it may still be at it. */
  settleMs: number;
  /** How long the request of another process can still be on its way: the transport's time-out (60 s) and some. */
  horizonMs: number;
  /** After `committing` was written, the time in which its request may begin without it being written once more: a process that was asleep must not send. */
  freshMs: number;
}

export const usualPatience: Patience = {
  attempts: 8,
  failures: 40,
  troubleMs: 15 * 60_000,
  backoffMs: 1000,
  maxBackoffMs: 60_000,
  settleMs: 15_000,
  horizonMs: 75_000,
  freshMs: 10_000,
};

/** Milliseconds to wait after the `failures`th failure in a row: exponential with full jitter. */
export function backoffMs(failures: number, { backoffMs: base, maxBackoffMs }: Patience, random: () => number): number {
  return Math.round(random() * Math.min(maxBackoffMs, base * 2 ** Math.min(failures - 1, 20)));
}
