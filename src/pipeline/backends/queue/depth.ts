import type { Redis } from 'ioredis';
import { keyPrefix } from './connection.js';

/** How many tasks of a lane nobody has taken yet; those that wait for another try do not count. */
export async function waitingIn(redis: Redis, laneName: string): Promise<number> {
  const [waiting, prioritized] = await Promise.all([redis.llen(`${keyPrefix}:${laneName}:wait`), redis.zcard(`${keyPrefix}:${laneName}:prioritized`)]);
  return waiting + prioritized;
}
