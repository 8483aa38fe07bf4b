/** X's ids: milliseconds since its own epoch, then 22 bits that tell ids of the same millisecond apart. */
export class Snowflakes {
  readonly #nowMs: () => number;
  #last = 0n;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  next(): string {
    const first = BigInt(Math.max(0, Math.floor(this.#nowMs()) - 1_288_834_974_657)) << 22n;
    this.#last = first > this.#last ? first : this.#last + 1n;
    return String(this.#last);
  }
}
