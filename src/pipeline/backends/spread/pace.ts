/** Weight of the newest measurement, once there are several. */
const newest = 0.25;
/** Nothing measured counts for more than this, or for less than its inverse. */
const most = 50;

/** A mean of ratios that follows what is measured. */
class Ratio {
  #log = 0;
  #count = 0;

  get value(): number {
    return Math.exp(this.#log);
  }

  measure(ratio: number): void {
    this.#count += 1;
    // A mean of logarithms: half as fast and twice as fast cancel out.
    const weight = Math.max(newest, 1 / this.#count);
    this.#log += weight * (Math.log(Math.min(most, Math.max(1 / most, ratio))) - this.#log);
  }
}

/**
 * How long tasks take where. Two things are learnt from each task that ends: how fast the place is, and how much longer or shorter tasks of the
 * operation take than they were estimated; so what a place did of one kind says what it will do of another.
 */
export class Pace {
  readonly #speeds = new Map<string, Ratio>();
  readonly #weights = new Map<string, Ratio>();

  /** Estimated CPU seconds that one task is worked off in one second; of a place never measured the mean of the others, at first one. */
  speedOf(place: string): number {
    const own = this.#speeds.get(place);
    if (own) return own.value;
    const all = [...this.#speeds.values()];
    return all.length === 0 ? 1 : Math.exp(all.reduce((sum, { value }) => sum + Math.log(value), 0) / all.length);
  }

  isMeasured(place: string): boolean {
    return this.#speeds.has(place);
  }

  /** Milliseconds that a task is likely to run there. `cpuSeconds`: as its operation estimates. */
  durationMs(place: string, op: string, cpuSeconds: number): number {
    return ((cpuSeconds * (this.#weights.get(op)?.value ?? 1)) / this.speedOf(place)) * 1_000;
  }

  /** Takes in that a task ran for so long. */
  measure(place: string, op: string, cpuSeconds: number, ranMs: number): void {
    if (cpuSeconds <= 0 || ranMs <= 0) return;
    const seen = cpuSeconds / (ranMs / 1_000);
    const speed = this.#speeds.get(place);
    const weight = this.#weights.get(op);
    if (speed && weight) {
      const speedBefore = speed.value;
      speed.measure(seen * weight.value);
      weight.measure(speedBefore / seen);
    } else if (speed) {
      measured(this.#weights, op, speed.value / seen);
    } else {
      // Whether the place is slow or the estimate low, one measurement cannot tell: it is the place, which the next ones compare with others.
      measured(this.#speeds, place, seen * (weight?.value ?? 1));
      if (!weight) measured(this.#weights, op, 1);
    }
  }
}

function measured(ratios: Map<string, Ratio>, name: string, value: number): void {
  const ratio = new Ratio();
  ratio.measure(value);
  ratios.set(name, ratio);
}
