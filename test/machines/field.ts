import type { Random } from '../fuzz/random.js';

/** Machines that work for one coordinator, and what can go wrong with them. */
export interface Field {
  readonly name: string;
  /** Whether each of its machines has a name of its own: workers on one machine share its name. */
  readonly namesApart: boolean;
  /** What the coordinator is started with to use them. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** In the environment of every process that was started for the field's work. */
  readonly marks: readonly string[];
  /** Folders in which nothing half made may be left. */
  readonly folders: readonly string[];
  /** Each does its harm and undoes it: when it resolves, the field is whole again but for what it lost. */
  readonly faults: Readonly<Record<string, (random: Random) => Promise<void>>>;
  /** Forgets what earlier jobs left, so that the next one is worked on from its beginning. */
  reset(): Promise<void>;
  /** Processes that belong to the field itself and stay between jobs. */
  residents(): ReadonlySet<number>;
  close(): Promise<void>;
}
