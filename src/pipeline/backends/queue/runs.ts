import type { Redis } from 'ioredis';
import { z } from 'zod';
import { keyPrefix } from './connection.js';
import { parseJson } from './lanes.js';

/** How long it is remembered how runs of a task ended badly, and that it is quarantined. */
const rememberMs = 7 * 24 * 3_600_000;

/**
 * Whose fault a bad end was: `host` (what ran it crashed) and `died` (the worker went without a word) speak against task and worker alike;
 * `network` and `capacity` against the circumstances; `lost`: the worker was away for longer than its lease; `task`: what the task itself threw.
 */
export const failureClasses = ['task', 'stalled', 'host', 'died', 'network', 'capacity', 'lost'] as const;
export type FailureClass = (typeof failureClasses)[number];

const run = z.object({ worker: z.string(), end: z.enum(failureClasses).optional(), message: z.string().optional() });
/** A run of a task that has not ended well. Without an end it goes on, or its worker died. */
export type Run = z.infer<typeof run>;

const quarantined = z.object({ key: z.string(), lane: z.string(), op: z.string(), label: z.string(), why: z.string(), workers: z.array(z.string()), atMs: z.number() });
export type Quarantined = z.infer<typeof quarantined>;

/** So many runs that took a worker or its runner with them are enough: a fourth would do the same. */
export const mostDeaths = 3;

const keyOf = (taskKey: string): string => `${keyPrefix}:runs:${taskKey}`;
const quarantine = `${keyPrefix}:quarantine`;
const failuresOf = (day: number): string => `${keyPrefix}:failures:${day}`;
const dayMs = 24 * 3_600_000;

/** Runs of tasks as workers write them down, by their fences: what is known of a task that ends badly again and again. */
export class Runs {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** Writes down that a run begins. @returns those before it */
  async begin(taskKey: string, fence: string, worker: string): Promise<Run[]> {
    const key = keyOf(taskKey);
    const answers = await this.#redis.multi().hgetall(key).hset(key, fence, JSON.stringify({ worker })).pexpire(key, rememberMs).exec();
    const before = (answers?.[0]?.[1] ?? {}) as Record<string, string>;
    return Object.entries(before).flatMap(([of, text]) => (of === fence ? [] : readRun(text)));
  }

  async end(taskKey: string, fence: string, ended: Run & { end: FailureClass }): Promise<void> {
    const day = Math.floor(Date.now() / dayMs);
    await this.#redis
      .multi()
      .hset(keyOf(taskKey), fence, JSON.stringify({ ...ended, ...(ended.message === undefined ? {} : { message: ended.message.slice(0, 500) }) }))
      .hincrby(failuresOf(day), ended.end, 1)
      .pexpire(failuresOf(day), 3 * dayMs)
      .exec();
  }

  /** Forgets one run, as when it was handed back. */
  async forget(taskKey: string, fence: string): Promise<void> {
    await this.#redis.hdel(keyOf(taskKey), fence);
  }

  /** Forgets all runs of a task: it has ended well, or is to start anew. */
  async forgetAll(taskKey: string): Promise<void> {
    await this.#redis.del(keyOf(taskKey));
  }

  /** Bad ends by class, since yesterday's beginning (UTC). */
  async failures(): Promise<Partial<Record<FailureClass, number>>> {
    const day = Math.floor(Date.now() / dayMs);
    const sums: Partial<Record<FailureClass, number>> = {};
    for (const of of [day - 1, day]) {
      const counts = await this.#redis.hgetall(failuresOf(of));
      for (const name of failureClasses) if (counts[name] !== undefined) sums[name] = (sums[name] ?? 0) + Number(counts[name]);
    }
    return sums;
  }

  async quarantine(of: Quarantined): Promise<void> {
    await this.#redis.hset(quarantine, of.key, JSON.stringify(of));
  }

  async quarantined(taskKey: string): Promise<Quarantined | undefined> {
    const text = await this.#redis.hget(quarantine, taskKey);
    const found = text === null ? undefined : quarantined.safeParse(parseJson(text)).data;
    if (found && found.atMs < Date.now() - rememberMs) {
      await this.lift(taskKey);
      return undefined;
    }
    return found;
  }

  async allQuarantined(): Promise<Quarantined[]> {
    return Object.values(await this.#redis.hgetall(quarantine)).flatMap((text) => quarantined.safeParse(parseJson(text)).data ?? []);
  }

  /** Lets a task be tried anew. */
  async lift(taskKey: string): Promise<void> {
    await this.#redis.multi().hdel(quarantine, taskKey).del(keyOf(taskKey)).exec();
  }
}

/** Those of the runs that ended with the worker, or with what ran the task on it. */
export function deaths(runs: readonly Run[]): Run[] {
  return runs.filter(({ end }) => end === undefined || end === 'died' || end === 'host');
}

function readRun(text: string): Run[] {
  const parsed = run.safeParse(parseJson(text));
  return parsed.success ? [parsed.data] : [];
}
