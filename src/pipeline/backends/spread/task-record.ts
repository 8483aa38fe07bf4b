import type { Blame } from '../place.js';

/** What running a task elsewhere takes, as its order states it. */
export interface Need {
  cpuSeconds: number;
  memoryBytes: number;
}

export interface Fault {
  place: string;
  blame: Blame;
  message: string;
}

/** One giving of a task to a place. */
export interface Attempt {
  readonly id: number;
  readonly task: TaskRecord;
  readonly place: string;
  readonly givenMs: number;
  /** Bytes of its inputs that were not there when it was given. */
  readonly missingBytes: number;
  /** A slot was free for it: what passed until it started was its inputs' way. */
  readonly hadSlot: boolean;
  startedMs: number | undefined;
  /** 0…1, as the task says. */
  fraction: number;
  /** It was cancelled, and has not ended yet. */
  leaving: boolean;
}

/** A place that failed a task so often gets it no more. */
const chancesPerPlace = 3;
/** A task that failed at so many places is what is wrong. */
const placesToQuarantine = 3;

/** A task that has not ended. */
export class TaskRecord {
  readonly id: string;
  readonly op: string;
  readonly priority: number;
  readonly turn: number;
  readonly slots: number;
  /** `unknown` until its order is made; `here` when it cannot leave. */
  need: Need | 'here' | 'unknown';
  readonly attempts = new Set<Attempt>();
  readonly faults: Fault[] = [];
  /** Places that cannot do it as they are, which is nobody's fault. */
  readonly unfit = new Set<string>();

  constructor(given: Pick<TaskRecord, 'id' | 'op' | 'priority' | 'turn' | 'slots' | 'need'>) {
    this.id = given.id;
    this.op = given.op;
    this.priority = given.priority;
    this.turn = given.turn;
    this.slots = given.slots;
    this.need = given.need;
  }

  /** Estimated CPU seconds; of one whose need is not known, an ordinary task's. */
  get cpuSeconds(): number {
    return typeof this.need === 'string' ? 1 : this.need.cpuSeconds;
  }

  /** Whether some place works at it, or has it waiting. */
  get isHeld(): boolean {
    for (const { leaving } of this.attempts) if (!leaving) return true;
    return false;
  }

  get isQuarantined(): boolean {
    return new Set(this.faults.map(({ place }) => place)).size >= placesToQuarantine;
  }

  /** Whether the place is not to get it again: it cannot do it, had not enough disk or memory, or failed too often. */
  isBarredFrom(place: string): boolean {
    if (this.unfit.has(place)) return true;
    const there = this.faults.filter((fault) => fault.place === place);
    return there.length >= chancesPerPlace || there.some(({ blame }) => blame === 'capacity');
  }

  hasFailedAt(place: string): boolean {
    return this.faults.some((fault) => fault.place === place);
  }
}
