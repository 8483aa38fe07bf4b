import type { FaultScript } from './faults.js';

const serverErrors = [500, 502, 503, 504] as const;
const statuses = [401, 403, 409, 429, ...serverErrors] as const;

const kinds = ['drop-before', 'drop-after', 'half-body', 'status', 'error-after', 'duplicate', 'slow'] as const;

/** The name of every kind of fault, for flags and reports. */
export type FaultKindName = (typeof kinds)[number];
export const faultKinds: readonly FaultKindName[] = kinds;

export interface RandomFaultOptions {
  /** The same seed gives the same faults for the same order of requests. */
  seed: number;
  /** Which part of all requests goes wrong, 0…1. */
  rate: number;
  /** Default: all. */
  kinds?: readonly FaultKindName[];
}

/** Faults at random requests, of random kinds, repeatable by their seed. */
export function randomFaults({ seed, rate, kinds: some = kinds }: RandomFaultOptions): FaultScript {
  const random = randomNumbers(seed);
  return () => {
    if (random() >= rate) return undefined;
    const kind = pick(some, random);
    if (kind === 'status') return { kind, status: pick(statuses, random) };
    if (kind === 'error-after') return { kind, status: pick(serverErrors, random) };
    return { kind };
  };
}

function pick<T>(items: readonly T[], random: () => number): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError('nothing to pick from');
  return item;
}

/** Numbers from 0 to 1 that a seed decides (mulberry32: 32 bits of state, enough to choose faults by). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
