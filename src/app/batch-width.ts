import { availableParallelism, totalmem } from 'node:os';
import type { Settings } from '../config/options.js';

/** A job holds its words and candidates, and the tasks it keeps busy an encoder or two (0.5 GB each at most, measured). */
const memoryPerJobBytes = 1_500_000_000;
const mostByDefault = 8;

/**
 * How many inputs are worked on at once. All share the machine's slots, so a second input costs no more than it gives: it fills
 * the moments in which the first has nothing to do in parallel (probing, choosing, joining). More than one per four cores
 * only makes every input later.
 */
export function inputsAtOnce(settings: Pick<Settings, 'jobs' | 'concurrency'>, inputs: number, machine = { cores: availableParallelism(), memoryBytes: totalmem() }): number {
  if (settings.jobs !== null) return Math.min(settings.jobs, Math.max(1, inputs));
  const cores = settings.concurrency ?? machine.cores;
  const byCores = cores < 2 ? 1 : Math.max(2, Math.ceil(cores / 4));
  const byMemory = Math.max(1, Math.floor(machine.memoryBytes / memoryPerJobBytes));
  return Math.max(1, Math.min(inputs, byCores, byMemory, mostByDefault));
}
