import type { Blame, PlaceState } from '../place.js';

/** One place of a run at one moment. */
export interface PlaceStatus {
  name: string;
  /** This machine. */
  isHere: boolean;
  /** `resting`: it is connected, and gets no work for a while because it failed. */
  state: PlaceState | 'resting';
  /** Why it takes no work, for people. */
  problem: { message: string; remedy: string } | undefined;
  /** Half cores. */
  slots: { total: number; free: number };
  /** What it was given: `startedMs` is undefined while inputs travel or it waits for a slot. On the clock of `SpreadStatus.nowMs`. */
  tasks: { key: string; op: string; label: string; givenMs: number; startedMs: number | undefined; fraction: number }[];
  done: number;
  failures: Readonly<Record<Blame, number>>;
  /** Of the tasks it finished. */
  cpuSeconds: number;
  sentBytes: number;
  receivedBytes: number;
  /** CPU seconds, as estimated for an ordinary core, that one task is worked off in one second. */
  speed: number;
  bytesPerSecond: number;
  /** Tasks a minute since the first was given to it. */
  tasksPerMinute: number;
}

/** Where the work of a run is and went: plain data for views. */
export interface SpreadStatus {
  /** Monotonic milliseconds. */
  nowMs: number;
  /** Given to no place yet. */
  waiting: number;
  /** This machine first. */
  places: PlaceStatus[];
}
