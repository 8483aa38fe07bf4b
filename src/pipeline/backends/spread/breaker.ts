/** So many faults in a row stop the giving of work. */
const faultsToOpen = 2;
/** The first pause, doubled with every one that follows, up to the longest. */
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

/**
 * Stops what fails several times in a row, and lets one try through from time to time, ever more rarely. Pauses vary by half, so that many
 * who were stopped together do not come back together. Holds no timer: the time is given.
 */
export class Breaker {
  readonly #random: () => number;
  #inRow = 0;
  #pauses = 0;
  #retryAtMs: number | undefined;

  /** `random`: evenly from 0 up to 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** `half-open`: one try may be made. */
  state(nowMs: number): 'closed' | 'open' | 'half-open' {
    if (this.#retryAtMs === undefined) return 'closed';
    return nowMs < this.#retryAtMs ? 'open' : 'half-open';
  }

  /** When it will be half-open; undefined while it is closed. */
  get retryAtMs(): number | undefined {
    return this.#retryAtMs;
  }

  fault(nowMs: number): void {
    this.#inRow += 1;
    if (this.#inRow < faultsToOpen) return;
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** this.#pauses);
    this.#pauses += 1;
    this.#retryAtMs = nowMs + pauseMs * (0.5 + this.#random() / 2);
  }

  success(): void {
    this.#inRow = 0;
    this.#pauses = 0;
    this.#retryAtMs = undefined;
  }
}
