import { systemClock, type Clock } from '../clock.js';

/** How long a look at another clock is trusted: clocks drift by far less than a second in this time. */
const lookMs = 300_000;
/** Wall and monotonic time of this machine that drift apart by more than this: it slept, or its clock was set. */
const jumpMs = 2_000;

/**
 * What a place's own clock says, asked once in a while and counted on by this machine's monotonic clock. However wrong the wall clock of
 * this machine is, and however it jumps, ages in the place are right.
 */
export class StoreClock {
  readonly #probe: () => Promise<number>;
  readonly #clock: Clock;
  #look: Promise<{ theirsMs: number; wallMs: number; monotonicMs: number }> | undefined;

  /** @param probe what the place says now */
  constructor(probe: () => Promise<number>, clock: Clock = systemClock) {
    this.#probe = probe;
    this.#clock = clock;
  }

  async nowMs(): Promise<number> {
    for (;;) {
      const known = this.#look;
      if (known) {
        const { theirsMs, wallMs, monotonicMs } = await known;
        const passedMs = this.#clock.monotonicMs() - monotonicMs;
        if (passedMs < lookMs && Math.abs(this.#clock.nowMs() - wallMs - passedMs) < jumpMs) return theirsMs + passedMs;
      }
      if (this.#look === known) this.#look = this.#ask();
    }
  }

  #ask(): Promise<{ theirsMs: number; wallMs: number; monotonicMs: number }> {
    const look = this.#probe().then((theirsMs) => ({ theirsMs, wallMs: this.#clock.nowMs(), monotonicMs: this.#clock.monotonicMs() }));
    look.catch(() => {
      this.#look = undefined;
    });
    return look;
  }
}
