import type { Redis } from 'ioredis';
import { z } from 'zod';
import { keyPrefix } from './connection.js';
import { parseJson } from './lanes.js';

/** How often a worker says that it is there, and after how long without a word it is taken for gone. */
export const heartbeatMs = 5_000;
const goneMs = 20_000;
/** What a worker's rate is counted over. */
export const rateWindowMs = 10 * 60_000;

const report = z.object({
  id: z.string(),
  hostname: z.string(),
  pid: z.number(),
  version: z.string(),
  tags: z.array(z.string()),
  slots: z.number(),
  memoryBytes: z.number(),
  identities: z.record(z.string(), z.string()),
  state: z.enum(['working', 'draining', 'disk-full', 'agent-lost']),
  running: z.array(z.object({ key: z.string(), op: z.string(), label: z.string(), runningMs: z.number() })),
  done: z.number(),
  failed: z.number(),
  cpuSeconds: z.number(),
  /** Tasks that ended well within the last `rateWindowMs`, or since it was started when that is less. */
  recentDone: z.number(),
  upMs: z.number(),
});
/** What a worker says of itself. Durations are the worker's, times nobody's: clocks differ. */
export type WorkerReport = z.infer<typeof report>;

const reports = `${keyPrefix}:workers`;
const seen = `${keyPrefix}:workers:seen`;

const now = "local t = redis.call('TIME') local now = t[1] * 1000 + math.floor(t[2] / 1000)";
const say = `${now} redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) redis.call('ZADD', KEYS[2], now, ARGV[1]) return 1`;
const list = `${now} local gone = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[1])
for i, id in ipairs(gone) do redis.call('HDEL', KEYS[1], id) redis.call('ZREM', KEYS[2], id) end
return redis.call('HVALS', KEYS[1])`;

export async function reportWorker(redis: Redis, of: WorkerReport): Promise<void> {
  await redis.eval(say, 2, reports, seen, of.id, JSON.stringify(of));
}

export async function forgetWorker(redis: Redis, id: string): Promise<void> {
  await redis.multi().hdel(reports, id).zrem(seen, id).exec();
}

/** Workers that said a word within the last seconds. */
export async function livingWorkers(redis: Redis): Promise<WorkerReport[]> {
  const texts = (await redis.eval(list, 2, reports, seen, goneMs)) as string[];
  return texts.flatMap((text) => report.safeParse(parseJson(text)).data ?? []);
}
