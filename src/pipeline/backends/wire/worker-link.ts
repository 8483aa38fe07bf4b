import type { Readable, Writable } from 'node:stream';
import type { ByteRange } from '../../../artifacts/byte-range.js';
import type { TaskResult } from '../../../artifacts/task-results.js';
import type { PlaceFault } from '../place.js';
import type { RunListener } from '../shared-run.js';
import type { WorkOrder } from '../../work-order.js';

/** What an agent says of its machine when it is greeted. */
export interface Welcome {
  protocol: number;
  /** Of snvg. */
  version: string;
  hostname: string;
  /** `process.platform`, `process.arch` and Node's version. */
  platform: string;
  arch: string;
  node: string;
  cpuModel: string;
  cores: number;
  /** Half cores it gives. */
  slots: number;
  memoryBytes: number;
  freeDiskBytes: number;
  /** Of its toolchain, as far as it has one: `ffmpeg`, `fonts`, `model:<id>` → what enters task keys. */
  identities: Readonly<Record<string, string>>;
  /** What it lacks, and what to do about it. */
  missing: readonly { code: string; message: string; remedy: string }[];
  tags: readonly string[];
}

/** Whence an agent gets the bytes it misses. */
export interface ByteSupply {
  /** @throws when the file is not there any more or was changed */
  read(sha256: string, range: ByteRange, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** The two ends of an agent's stdio, wherever it runs. */
export interface LinkStreams {
  read: Readable;
  write: Writable;
  /** Resolves when the process at this end has gone, with its last words. */
  ended: Promise<{ exitCode: number | undefined; stderrTail: readonly string[] }>;
  /** Ends the process at this end at once. */
  kill(): void;
}

/** A connection with one agent. */
export interface WorkerLink {
  readonly welcome: Welcome;
  /** As the agent last said: free half cores, free bytes on its disk. */
  readonly load: { freeSlots: number; freeDiskBytes: number };
  /** Bytes of inputs sent, and of artifacts received. */
  readonly traffic: { sentBytes: number; receivedBytes: number };
  /**
   * Runs one task there: sends what the agent says it misses, takes over what was made. When this resolves, its artifacts are in the store
   * of this machine, verified by their hashes.
   * @throws {PlaceFault}; what the task threw, as an error of the same code
   */
  run(order: WorkOrder, options: { signal: AbortSignal; listener: RunListener }): Promise<TaskResult>;
  /** Resolves when the connection is of no more use. */
  readonly lost: Promise<PlaceFault>;
  /** Lets running tasks end within `drainMs` (default: none), then ends the agent. */
  close(drainMs?: number): Promise<void>;
}
