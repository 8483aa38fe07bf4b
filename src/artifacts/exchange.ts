import type { ListedStore } from './store.js';
import type { TaskResult } from './task-results.js';

/**
 * What machines leave for each other: artifacts, results of tasks, and pins that say what a live job still needs. All times are the
 * exchange's own: the clocks of the machines may differ.
 * All of it throws {SnvgError} STORE_UNAVAILABLE for what may be better later, STORE_REFUSED, DISK_FULL.
 */
export interface Exchange {
  /** For people: the folder, or s3://bucket/prefix. */
  readonly place: string;
  readonly artifacts: ExchangeArtifacts;
  readonly results: ExchangeResults;
  readonly pins: Pins;
  /** What the exchange's own clock says. */
  nowMs(): Promise<number>;
  /** Removes what is neither pinned nor young, and what was begun and left. May run beside everything else, on any machine. */
  collect(options: CollectOptions): Promise<Collected>;
  close(): Promise<void>;
}

export interface ExchangeArtifacts extends ListedStore {
  /** Keeps bytes that are no artifact of a kind: a part of a source. They are read, kept and collected like one. */
  keep(source: { bytes: Uint8Array } | { path: string }): Promise<{ hash: string; sizeBytes: number }>;
  /**
   * Writes an artifact to a new file, once more from the beginning when its bytes were not right.
   * @throws {ArtifactMissing}; {ArtifactDamaged} when they were not right again; nothing is left at `path` then
   */
  fetch(hash: string, path: string, signal?: AbortSignal): Promise<void>;
}

/** Task key → result. A key is written once. */
export interface ExchangeResults {
  /** Undefined: no such result, or its record cannot be read. Asking is a promise, as with artifacts. */
  get(key: string): Promise<TaskResult | undefined>;
  /**
   * Its artifacts must be in the exchange already.
   * @returns `there`: somebody else's was first, and all it names is there; a record that names what is gone, or that cannot be read, is replaced
   */
  putIfAbsent(result: TaskResult): Promise<'written' | 'there'>;
  /** So that the task is done again: for a result whose artifacts turned out to be missing or damaged. */
  delete(key: string): Promise<void>;
  all(): AsyncIterable<{ result: TaskResult; sizeBytes: number; writtenMs: number }>;
}

export interface Pins {
  /**
   * Keeps what a job may still need: nothing that is added to the pin is collected while it lives. It renews itself until it is released or
   * its process ends; then it counts for `ttlMs` more, so that a restarted coordinator finds everything. Pin before you ask `has` or `get`.
   * @param ttlMs default: a day
   */
  open(options: { jobId: string; host: string; ttlMs?: number }): Promise<Pin>;
  /** Pins that count now. */
  list(): AsyncIterable<PinInfo>;
}

export interface Pin {
  /** Durable when this resolves. Artifacts by hash; tasks by key: their results and all artifacts these name, whenever they come to be. */
  add(needed: { hashes?: Iterable<string>; keys?: Iterable<string> }): Promise<void>;
  /** The job is over: nothing is kept for it any more. */
  release(): Promise<void>;
  /** Stops renewing, and leaves the pin to last for its `ttlMs`: the job goes on later, perhaps elsewhere. */
  leave(): Promise<void>;
}

export interface PinInfo {
  jobId: string;
  host: string;
  renewedMs: number;
  ttlMs: number;
}

export interface CollectOptions {
  /** What is younger stays; at least two hours. */
  olderThanMs: number;
  /** Changes nothing: says what would be removed. */
  dryRun?: boolean;
  signal?: AbortSignal;
  progress?(looked: number): void;
}

export interface Collected {
  artifacts: number;
  results: number;
  /** Uploads and temporary files that were begun a day ago and never finished. */
  unfinished: number;
  freedBytes: number;
  /** Artifacts and results that are old and that a live job needs. */
  pinned: number;
}
