import type * as Bull from 'bullmq';
import type { Redis, RedisOptions } from 'ioredis';
import { reportError, SnvgError } from '../../../errors.js';
import type { Logger } from '../../../logger.js';
import { redisAddress, type RedisAddress } from './address.js';

/** Keys of the queue in Redis all begin with this; what BullMQ keeps is below it too. */
export const keyPrefix = 'snvg';
/** BullMQ 6 asks for 6.2: older servers lack commands of its scripts. */
const oldestRedis = [6, 2] as const;
const connectTimeoutMs = 5_000;
/** Pauses between attempts to connect again grow up to this. */
const longestPauseMs = 3_000;

/** Something about the Redis that is no fault, but worth knowing. */
export interface QueueWarning {
  code: string;
  message: string;
  remedy: string;
}

export interface QueueConnection {
  readonly bull: typeof Bull;
  readonly redis: Redis;
  /** For people, without a password. */
  readonly shown: string;
  readonly warnings: readonly QueueWarning[];
  /** Milliseconds since it was last connected; 0 while it is. */
  readonly awayMs: number;
  /** A connection of its own, for what blocks or subscribes. */
  duplicate(): Redis;
  close(): Promise<void>;
}

/**
 * Connects and looks whether this Redis can be trusted with tasks. Once connected it is connected again for ever, with growing pauses, and
 * commands wait for that; the first time fails fast.
 *
 * @throws {SnvgError} QUEUE_UNAVAILABLE, QUEUE_UNSAFE, USAGE
 */
export async function openQueue(url: string, log: Logger): Promise<QueueConnection> {
  const address = redisAddress(url);
  const [bull, { Redis: Client }] = await Promise.all([import('bullmq'), import('ioredis')]);
  let connected = false;
  const redis = new Client(
    optionsOf(address, (times) => {
      // Nobody has been promised anything yet: say at once that it is not there.
      if (!connected) return null;
      return Math.min(longestPauseMs, 50 * 2 ** Math.min(times, 10));
    }),
  );
  let lastError: Error | undefined;
  let lostAtMs: number | undefined;
  redis.on('error', (error: Error) => {
    lastError = error;
    log.debug({ error: reportError(error).message }, 'the connection to the queue failed');
  });
  redis.on('close', () => {
    lostAtMs ??= performance.now();
  });
  redis.on('ready', () => {
    lostAtMs = undefined;
  });
  try {
    const warnings = await inTime(redis.connect().then(() => inspect(redis, address.shown)));
    connected = true;
    const others: Redis[] = [];
    return {
      bull,
      redis,
      shown: address.shown,
      warnings,
      get awayMs() {
        return lostAtMs === undefined ? 0 : performance.now() - lostAtMs;
      },
      duplicate: () => {
        const other = redis.duplicate();
        other.on('error', () => {});
        others.push(other);
        // It connects by its first command.
        return other;
      },
      close: async () => {
        for (const other of others) other.disconnect();
        if (redis.status === 'ready') await redis.quit().catch(() => {});
        redis.disconnect();
        await Promise.resolve();
      },
    };
  } catch (error) {
    redis.disconnect();
    throw error instanceof SnvgError ? error : unavailable(address.shown, lastError ?? error);
  }
}

/** Whoever listens at a port may be no Redis, and never answer. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no answer')), connectTimeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    // Its end comes too late for anybody.
    work.catch(() => {});
  }
}

/** The Redis cannot be reached, or not used, now. */
export function unavailable(shown: string, error: unknown): SnvgError {
  const said = error instanceof Error ? error.message : String(error);
  const why = (error as NodeJS.ErrnoException | undefined)?.code ?? said;
  if (/WRONGPASS|NOAUTH|NOPERM|invalid password/i.test(said)) {
    return new SnvgError('QUEUE_UNAVAILABLE', `The queue at ${shown} does not let snvg in (${said})`, 'Put user and password into the address, as in rediss://user:password@host:6380, best as SNVG_QUEUE.', { cause: error });
  }
  return new SnvgError('QUEUE_UNAVAILABLE', `The queue at ${shown} cannot be reached (${why})`, 'Start the Redis there or correct --queue, then run again: nothing was handed over, and finished work is kept.', { cause: error });
}

/** Whether a command failed because the Redis has no memory left: it may go through later. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && /\bOOM\b/.test(error.message);
}

function optionsOf(address: RedisAddress, retryStrategy: (times: number) => number | null): RedisOptions {
  const { host, port, db, tls, username, password } = address;
  return {
    host,
    port,
    db,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: { servername: host } } : {}),
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    // A half-open connection, as after a cut, is noticed by the system's own probes.
    keepAlive: 5_000,
    maxRetriesPerRequest: null,
    enableReadyCheck: true,
    retryStrategy,
  };
}

/** @throws {SnvgError} QUEUE_UNSAFE */
async function inspect(redis: Redis, shown: string): Promise<QueueWarning[]> {
  const info = fieldsOf(await redis.info());
  const version = info.get('redis_version') ?? '0.0';
  if (!isRecent(version)) throw new SnvgError('QUEUE_UNSAFE', `The Redis at ${shown} is version ${version}; the queue needs ${oldestRedis.join('.')} or later`, 'Update Redis, or use another one with --queue.');
  const policy = info.get('maxmemory_policy') ?? 'noeviction';
  if (policy !== 'noeviction') {
    throw new SnvgError('QUEUE_UNSAFE', `The Redis at ${shown} may throw away tasks when its memory is full (maxmemory-policy ${policy})`, 'Run there: redis-cli CONFIG SET maxmemory-policy noeviction, and write the same into redis.conf.');
  }
  if (info.get('redis_mode') === 'cluster') throw new SnvgError('QUEUE_UNSAFE', `The Redis at ${shown} is a cluster, over which the queue cannot spread its keys`, 'Use a Redis that stands alone or behind a sentinel.');
  if (await keepsNothing(redis, info)) {
    return [{ code: 'QUEUE_NOT_DURABLE', message: `The Redis at ${shown} writes nothing to disk: tasks are handed over anew when it restarts`, remedy: 'Run there: redis-cli CONFIG SET appendonly yes, and write the same into redis.conf.' }];
  }
  return [];
}

/** Neither an append-only file nor snapshots. Where CONFIG is forbidden, as at hosting companies, snapshots are taken for granted. */
async function keepsNothing(redis: Redis, info: ReadonlyMap<string, string>): Promise<boolean> {
  if (info.get('aof_enabled') !== '0') return false;
  try {
    const answer = (await redis.config('GET', 'save')) as string[];
    return answer[1] === '';
  } catch {
    return false;
  }
}

function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > oldestRedis[0] || (major === oldestRedis[0] && minor >= oldestRedis[1]);
}

function fieldsOf(info: string): Map<string, string> {
  return new Map(info.split(/\r?\n/).flatMap((line) => (line.includes(':') ? [[line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const] : [])));
}

/** Memory in use and its limit, in bytes; a limit of 0 is none. */
export async function memoryOf(redis: Redis): Promise<{ usedBytes: number; limitBytes: number }> {
  const info = fieldsOf(await redis.info('memory'));
  return { usedBytes: Number(info.get('used_memory') ?? 0), limitBytes: Number(info.get('maxmemory') ?? 0) };
}
