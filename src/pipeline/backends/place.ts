import type { TaskResult } from '../../artifacts/task-results.js';
import type { WorkOrder } from '../work-order.js';
import type { Slots } from './backend.js';
import type { RunListener } from './shared-run.js';

/**
 * Whose fault it is that a task did not end well. Only `host` and `network` speak against a place; `capacity` (disk, memory) against this
 * task on this place; what the task itself threw is thrown as it is.
 */
export type Blame = 'host' | 'network' | 'capacity';

/** A task did not end because of where it ran: it may be run again elsewhere. */
export class PlaceFault extends Error {
  override readonly name = 'PlaceFault';
  readonly blame: Blame;
  /** One sentence: what a person can do. */
  readonly remedy: string;

  constructor(blame: Blame, message: string, remedy: string, options?: { cause?: unknown }) {
    super(message, options);
    this.blame = blame;
    this.remedy = remedy;
  }
}

/** This place will not do it as it is (another version of snvg, another build of a tool), now or later: no failure, nobody's fault. */
export class Incompatible extends PlaceFault {
  constructor(message: string, remedy: string) {
    super('host', message, remedy);
  }
}

/** `refused`: it never will do as it is (another version of snvg); `lost`: it did, and may again. */
export type PlaceState = 'connecting' | 'ready' | 'lost' | 'refused';

/** One machine that tasks can be given to, whatever leads there. */
export interface Place {
  /** For people and logs; unique among the places of a run. */
  readonly name: string;
  readonly state: PlaceState;
  /** Why it is not ready, for people. */
  readonly problem: { message: string; remedy: string } | undefined;
  /** Half cores, all and free now. */
  capacity(): Slots;
  /** Of all that runs there at once; Infinity where nobody has said. */
  readonly memoryBytes: number;
  /** Bytes of inputs sent there, and of artifacts received, since it was first connected. */
  readonly traffic: Readonly<{ sentBytes: number; receivedBytes: number }>;
  /** Undefined: it has what the task needs. Otherwise what it lacks, for people. */
  lacks(order: WorkOrder): string | undefined;
  /** Bytes that would have to be sent for it now. */
  missingBytes(order: WorkOrder): number;
  /**
   * Runs a task to its end. When this resolves, its artifacts are in this machine's store, verified; its result is for the caller to keep.
   * Aborting stops what runs there.
   * @throws {PlaceFault}; whatever the task itself throws, as it would here
   */
  run(order: WorkOrder, options: { signal: AbortSignal; listener: RunListener }): Promise<TaskResult>;
  /** Connects, or connects anew. Resolves when it is `ready`. @throws {PlaceFault} */
  connect(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
