import PQueue, { type QueueAddOptions } from 'p-queue';

type Run = () => Promise<unknown>;
interface SlotOptions extends QueueAddOptions {
  slots?: number;
}
interface Waiting {
  run: Run;
  priority: number;
  slots: number;
}

/**
 * A waiting line for p-queue in which a task takes several slots: it offers its head only while that fits.
 * Small tasks never overtake a large one at the head, so nothing starves.
 */
class SlotLine {
  readonly #waiting: Waiting[] = [];
  readonly #budget: { free: number };

  constructor(budget: { free: number }) {
    this.#budget = budget;
  }

  /** p-queue asks this before it dequeues; 0 makes it wait for the next task to end. */
  get size(): number {
    const head = this.#waiting[0];
    return head !== undefined && head.slots <= this.#budget.free ? this.#waiting.length : 0;
  }

  enqueue(run: Run, options?: Partial<SlotOptions>): void {
    const waiting = { run, priority: options?.priority ?? 0, slots: options?.slots ?? 1 };
    const before = this.#waiting.findIndex((other) => other.priority < waiting.priority);
    this.#waiting.splice(before === -1 ? this.#waiting.length : before, 0, waiting);
  }

  dequeue(): Run | undefined {
    const head = this.#waiting.shift();
    if (head) this.#budget.free -= head.slots;
    return head?.run;
  }

  filter(options: Readonly<Partial<SlotOptions>>): Run[] {
    return this.#waiting.filter((waiting) => waiting.priority === options.priority).map((waiting) => waiting.run);
  }

  setPriority(): void {
    throw new Error('priorities are fixed when a task is queued');
  }
}

/** Runs functions by priority within a number of CPU slots. */
export class SlotQueue {
  readonly total: number;
  readonly #budget: { free: number };
  readonly #queue: PQueue<SlotLine, SlotOptions>;

  constructor(total: number) {
    this.total = total;
    const budget = { free: total };
    this.#budget = budget;
    this.#queue = new PQueue<SlotLine, SlotOptions>({
      queueClass: class extends SlotLine {
        constructor() {
          super(budget);
        }
      },
    });
  }

  get free(): number {
    return this.#budget.free;
  }

  /** A task larger than the machine runs alone rather than never. An abort before its turn rejects it. */
  add<T>(run: () => Promise<T>, options: { slots: number; priority: number; signal: AbortSignal }): Promise<T> {
    const slots = Math.min(options.slots, this.total);
    const held = async (): Promise<T> => {
      try {
        options.signal.throwIfAborted();
        return await run();
      } finally {
        this.#budget.free += slots;
      }
    };
    return this.#queue.add(held, { slots, priority: options.priority });
  }
}
