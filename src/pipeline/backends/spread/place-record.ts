import type { PlaceState } from '../place.js';
import { Breaker } from './breaker.js';
import type { Pace } from './pace.js';
import type { Attempt, TaskRecord } from './task-record.js';
import { Timetable } from './timetable.js';

/** Bytes a second of a link nobody has measured: a tenth of a gigabit network. */
const firstBytesPerSecond = 12_500_000;
/** What went in less time, or was less, says nothing of the link. */
const leastMeasured = { bytes: 256 * 1024, ms: 20 };
const newest = 0.3;
/** An order's way there and the first answer. */
const messageMs = 50;
/** A task that runs so much longer than expected is thought to need as long again; at once at a place that was never measured. */
const overdue = { measured: 1.3, unmeasured: 1 };
/** What a task says of its progress counts from here on. */
const leastFraction = 0.2;

/** What the scheduler knows of one place. */
export class PlaceRecord {
  readonly name: string;
  /** This machine. */
  readonly isHere: boolean;
  state: PlaceState;
  /** Why it is not ready, for people. */
  problem: string | undefined;
  slots = 0;
  memoryBytes = Number.POSITIVE_INFINITY;
  bytesPerSecond = firstBytesPerSecond;
  /** Against faults of host and network. */
  readonly breaker: Breaker;
  /** Against a full disk or memory. */
  readonly capacityBreaker: Breaker;
  /** When a lost place is to be connected anew. */
  connectAtMs: number | undefined;
  /** Since when it takes no work; undefined while it does. */
  idleSinceMs: number | undefined;
  readonly attempts = new Set<Attempt>();

  constructor(name: string, isHere: boolean, random: () => number) {
    this.name = name;
    this.isHere = isHere;
    this.state = isHere ? 'ready' : 'connecting';
    this.breaker = new Breaker(random);
    this.capacityBreaker = new Breaker(random);
  }

  /** Whether it may be given work: all it has room for, one task to see whether it works again, or none. */
  trust(nowMs: number): 'full' | 'trial' | 'none' {
    if (this.state !== 'ready') return 'none';
    const states = [this.breaker.state(nowMs), this.capacityBreaker.state(nowMs)];
    if (states.includes('open')) return 'none';
    return states.includes('half-open') ? 'trial' : 'full';
  }

  get usedSlots(): number {
    return this.#sum((attempt) => this.slotsOf(attempt.task));
  }

  /** A task larger than the place has it alone. */
  slotsOf({ slots }: TaskRecord): number {
    return Math.min(slots, this.slots);
  }

  hasFreeSlots(task: TaskRecord): boolean {
    return this.usedSlots + this.slotsOf(task) <= this.slots && this.#hasMemory(task, false);
  }

  /** Whether it may have the task now: in free slots, or, elsewhere than here, as the one that waits while its inputs travel. */
  hasRoom(task: TaskRecord, nowMs: number): boolean {
    if (this.attempts.size === 0) return true;
    if (this.trust(nowMs) !== 'full') return false;
    const used = this.usedSlots;
    const waits = !this.isHere && used <= this.slots && used + this.slotsOf(task) > this.slots;
    return waits ? this.#hasMemory(task, true) : this.hasFreeSlots(task);
  }

  /** Whether it might have room for some task. */
  mayHaveRoom(nowMs: number): boolean {
    if (this.attempts.size === 0) return true;
    return this.trust(nowMs) === 'full' && (this.isHere ? this.usedSlots < this.slots : this.usedSlots <= this.slots);
  }

  /** Milliseconds until so many bytes are there, after those that are on their way. */
  transferMs(missingBytes: number, nowMs: number): number {
    if (this.isHere) return 0;
    const before = this.#sum((attempt) => (attempt.startedMs === undefined ? attempt.missingBytes : 0));
    let bytesPerSecond = this.bytesPerSecond;
    for (const attempt of this.attempts) {
      const { missingBytes: late, givenMs } = attempt;
      if (late >= leastMeasured.bytes && this.#isLate(attempt, nowMs)) bytesPerSecond = Math.min(bytesPerSecond, (late / (2 * (nowMs - givenMs))) * 1_000);
    }
    return messageMs + ((before + missingBytes) / bytesPerSecond) * 1_000;
  }

  /** Takes in that an attempt was taken away before its inputs had arrived: the link is no faster than that. */
  noteUnarrived(attempt: Attempt, nowMs: number): void {
    const { missingBytes, givenMs, hadSlot, startedMs } = attempt;
    if (this.isHere || !hadSlot || startedMs !== undefined || nowMs <= givenMs + leastMeasured.ms) return;
    if (missingBytes >= leastMeasured.bytes) this.bytesPerSecond = Math.min(this.bytesPerSecond, (missingBytes / (nowMs - givenMs)) * 1_000);
  }

  /** Takes in that the attempt's inputs have arrived. */
  measureLink(attempt: Attempt, nowMs: number): void {
    const tookMs = nowMs - attempt.givenMs - messageMs;
    if (this.isHere || !attempt.hadSlot || attempt.missingBytes < leastMeasured.bytes) return;
    this.bytesPerSecond += newest * ((attempt.missingBytes / Math.max(leastMeasured.ms, tookMs)) * 1_000 - this.bytesPerSecond);
  }

  /** When the attempts here are likely to end, and the timetable that follows. */
  timetable(pace: Pace, nowMs: number): { table: Timetable; endsMs: ReadonlyMap<Attempt, number> } {
    const table = new Timetable(nowMs, this.slots);
    const endsMs = new Map<Attempt, number>();
    for (const attempt of this.attempts) {
      if (attempt.startedMs === undefined) continue;
      const endMs = this.#endMs(attempt, attempt.startedMs, pace, nowMs);
      endsMs.set(attempt, endMs);
      table.runs(this.slotsOf(attempt.task), endMs);
    }
    for (const attempt of this.attempts) {
      if (attempt.startedMs !== undefined) continue;
      endsMs.set(attempt, table.add(attempt.task.slots, this.#readyMs(attempt, nowMs), pace.durationMs(this.name, attempt.task.op, attempt.task.cpuSeconds)));
    }
    return { table, endsMs };
  }

  /** When the inputs of an attempt are likely to be there; of late ones it is thought that they need as long again. */
  #readyMs(attempt: Attempt, nowMs: number): number {
    if (this.isHere) return attempt.givenMs;
    if (this.#isLate(attempt, nowMs)) return nowMs + (nowMs - attempt.givenMs);
    return attempt.givenMs + this.#expectedWayMs(attempt);
  }

  #isLate(attempt: Attempt, nowMs: number): boolean {
    return !this.isHere && attempt.startedMs === undefined && attempt.hadSlot && nowMs - attempt.givenMs > this.#expectedWayMs(attempt) * overdue.measured + messageMs;
  }

  #expectedWayMs({ missingBytes }: Attempt): number {
    return messageMs + (missingBytes / this.bytesPerSecond) * 1_000;
  }

  #endMs({ task, fraction }: Attempt, startedMs: number, pace: Pace, nowMs: number): number {
    const elapsedMs = nowMs - startedMs;
    if (fraction >= leastFraction) return startedMs + elapsedMs / fraction;
    const expectedMs = pace.durationMs(this.name, task.op, task.cpuSeconds);
    const limit = pace.isMeasured(this.name) ? overdue.measured : overdue.unmeasured;
    return elapsedMs < expectedMs * limit ? Math.max(nowMs, startedMs + expectedMs) : nowMs + elapsedMs;
  }

  /** `takesTurn`: it would start only when another has ended. */
  #hasMemory(task: TaskRecord, takesTurn: boolean): boolean {
    const given = [...this.attempts].map((attempt) => memoryOf(attempt.task));
    const together = given.reduce((sum, bytes) => sum + bytes, memoryOf(task));
    return together - (takesTurn ? Math.min(...given, memoryOf(task)) : 0) <= this.memoryBytes;
  }

  #sum(of: (attempt: Attempt) => number): number {
    let sum = 0;
    for (const attempt of this.attempts) sum += of(attempt);
    return sum;
  }
}

export function memoryOf({ need }: TaskRecord): number {
  return typeof need === 'string' ? 0 : need.memoryBytes;
}
