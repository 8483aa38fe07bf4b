import type { Task } from '../../src/pipeline/task.js';
import type { Done } from './recorded-place.js';

/** Bytes a second of every link: a hundred megabits. */
const bytesPerSecond = 12_500_000;

/** What the plan reads before it asks for tasks of an operation, beyond their inputs (pipeline/plan.ts). */
const waitsFor: Readonly<Record<string, readonly string[]>> = {
  'transcribe.chunk': ['transcribe.language'],
  'segment.choose': ['transcribe.join', 'analyze.coarse'],
  'analyze.fine': ['segment.choose', 'segment.see'],
  'render.cues': ['segment.choose', 'segment.see'],
};

/**
 * Seconds that a recorded schedule takes when each host has a core of its own and this machine, which does what cannot leave, its `coresHere`: every
 * place does its tasks in the order in which it did them, each takes its CPU seconds and begins when its inputs are made and sent.
 */
export function replayed(done: readonly Done[], here: string, coresHere: number): number {
  const endOf = new Map<Done, number>();
  const free = new Map<string, number[]>();
  // In the order in which they began: none waits for one that began later.
  for (const one of done.toSorted((a, b) => a.startedMs - b.startedMs)) {
    const cores = free.get(one.place) ?? Array.from({ length: one.place === here ? coresHere : 1 }, () => 0);
    free.set(one.place, cores);
    const readyAt = Math.max(0, ...done.filter((other) => other !== one && mustEndBefore(other, one)).map((other) => endOf.get(other) ?? 0));
    const core = cores.indexOf(Math.min(...cores));
    const startAt = Math.max(cores[core] ?? 0, readyAt + one.missingBytes / bytesPerSecond);
    const endAt = startAt + one.result.cpuSeconds;
    endOf.set(one, endAt);
    cores[core] = endAt;
  }
  return Math.max(...endOf.values());
}

function mustEndBefore(first: Done, then: Done): boolean {
  if (waitsFor[then.order.task.op]?.includes(first.order.task.op)) return true;
  const made = new Set(Object.values(first.result.outputs).map(({ hash }) => hash));
  return hashesOf(then.order.task).some((hash) => made.has(hash));
}

function hashesOf({ inputs }: Task): string[] {
  return Object.values(inputs).flatMap((input) => (input === undefined ? [] : Array.isArray(input) ? input.map((ref: { hash: string }) => ref.hash) : ['hash' in input ? input.hash : (input as { sha256: string }).sha256]));
}
