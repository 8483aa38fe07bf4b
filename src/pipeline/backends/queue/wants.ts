import type { Redis } from 'ioredis';
import { keyPrefix } from './connection.js';

/**
 * How long a coordinator's wish for a task lasts unless it is renewed: one that is restarted within this time finds its tasks still queued or
 * done, and those of one that never comes back are not worked on for ever.
 */
const wishMs = 10 * 60_000;
/** How often wishes are to be renewed. */
export const renewWishesMs = 60_000;

/** Where it is said that nobody wants a task any more; the message is its key. Only a hint: the wishes are the truth. */
export const unwantedChannel = `${keyPrefix}:unwanted`;

const keyOf = (taskKey: string): string => `${keyPrefix}:wants:${taskKey}`;

// All times are those of the Redis: clocks of machines differ.
const nowMs = "local t = redis.call('TIME') local now = t[1] * 1000 + math.floor(t[2] / 1000)";
const wish = `${nowMs} for i, key in ipairs(KEYS) do redis.call('ZADD', key, now + ARGV[2], ARGV[1]) redis.call('PEXPIRE', key, ARGV[2]) end return 1`;
const count = `${nowMs} redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now) return redis.call('ZCARD', KEYS[1])`;
const drop = `redis.call('ZREM', KEYS[1], ARGV[1]) ${count}`;

/** Who waits for which task: a run goes on while anybody does, whoever asked first. */
export class Wants {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** States, or states again, that `who` waits for these tasks. */
  async add(taskKeys: readonly string[], who: string): Promise<void> {
    if (taskKeys.length === 0) return;
    await this.#redis.eval(wish, taskKeys.length, ...taskKeys.map(keyOf), who, wishMs);
  }

  /** @returns how many others still wait for it; with nobody left, whoever works on it is told */
  async remove(taskKey: string, who: string): Promise<number> {
    const left = Number(await this.#redis.eval(drop, 1, keyOf(taskKey), who));
    if (left === 0) await this.#redis.publish(unwantedChannel, taskKey);
    return left;
  }

  async count(taskKey: string): Promise<number> {
    return Number(await this.#redis.eval(count, 1, keyOf(taskKey)));
  }
}
