/** Of more tasks one after the other nobody knows when they will end. */
const mostHeld = 256;

interface Held {
  endMs: number;
  slots: number;
}

/** When a place will have slots free, given what runs and waits there. Later tasks start no earlier than those before them. */
export class Timetable {
  readonly #nowMs: number;
  readonly #slots: number;
  readonly #held: Held[] = [];
  #startedMs: number;

  constructor(nowMs: number, slots: number) {
    this.#nowMs = nowMs;
    this.#slots = slots;
    this.#startedMs = nowMs;
  }

  /** Takes in what runs now. */
  runs(slots: number, endMs: number): void {
    this.#held.push({ slots, endMs });
  }

  /** The earliest start of one more task, when its inputs are there at `readyMs`. */
  startMs(slots: number, readyMs: number): number {
    const wanted = Math.min(slots, this.#slots);
    const earliestMs = Math.max(this.#startedMs, readyMs, this.#nowMs);
    let free = this.#slots - this.#held.reduce((sum, held) => sum + (held.endMs > earliestMs ? held.slots : 0), 0);
    if (free >= wanted) return earliestMs;
    for (const { endMs, slots: given } of this.#held.filter((held) => held.endMs > earliestMs).toSorted((a, b) => a.endMs - b.endMs)) {
      free += given;
      if (free >= wanted) return endMs;
    }
    return earliestMs;
  }

  /** Takes in one more task. @returns when it is likely to end */
  add(slots: number, readyMs: number, durationMs: number): number {
    const startMs = this.startMs(slots, readyMs);
    this.#startedMs = startMs;
    const endMs = startMs + durationMs;
    if (this.#held.length < mostHeld) this.#held.push({ slots: Math.min(slots, this.#slots), endMs });
    return endMs;
  }
}
