import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportError } from '../../src/errors.js';
import { createLogger } from '../../src/logger.js';
import { redisAddress } from '../../src/pipeline/backends/queue/address.js';
import { openQueue } from '../../src/pipeline/backends/queue/connection.js';
import { redacted } from '../../src/secrets.js';
import { noRedis, type RedisServer, startRedis } from '../support/redis.js';

const log = createLogger('silent');

const refusalOf = async (url: string): Promise<ReturnType<typeof reportError>> =>
  openQueue(url, log).then(
    async (connection) => {
      await connection.close();
      throw new Error('it was not refused');
    },
    (error: unknown) => reportError(error),
  );

describe('the address of a queue', () => {
  it('is shown without its password, which is kept out of everything that is printed', () => {
    const address = redisAddress('rediss://worker:s3cr%40t-word@redis.example:6380/3');
    expect(address).toMatchObject({ host: 'redis.example', port: 6380, db: 3, tls: true, username: 'worker', password: 's3cr@t-word', shown: 'rediss://redis.example:6380/3' });
    expect(redacted('it said s3cr@t-word, or s3cr%40t-word')).toBe('it said [redacted], or [redacted]');
  });

  it.each(['http://host', 'redis://', 'redis://host/books', 'redis'])('%s is none', (text) => {
    expect(() => redisAddress(text)).toThrow(expect.objectContaining({ code: 'USAGE' }) as Error);
  });

  it('may be that of a host with an IPv6 address', () => {
    expect(redisAddress('redis://[::1]:7000')).toMatchObject({ host: '::1', port: 7000, db: 0, tls: false });
  });
});

describe.skipIf(noRedis)('a connection with a real Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis({ password: 'pass-word-of-the-queue' });
  });
  afterAll(() => redis.close());

  it('is made where tasks are safe', async () => {
    const connection = await openQueue(redis.url, log);
    expect(await connection.redis.ping()).toBe('PONG');
    expect(connection.warnings).toEqual([]);
    expect(connection.shown).not.toContain('pass-word');
    await connection.close();
  });

  it.each(['allkeys-lru', 'volatile-ttl'])('is refused where %s would throw tasks away, with what to set', async (policy) => {
    await redis.client.config('SET', 'maxmemory-policy', policy);
    const report = await refusalOf(redis.url);
    await redis.client.config('SET', 'maxmemory-policy', 'noeviction');
    expect(report).toMatchObject({ code: 'QUEUE_UNSAFE', exitCode: 4 });
    expect(report.remedy).toContain('CONFIG SET maxmemory-policy noeviction');
  });

  it('says so when nothing is written to disk', async () => {
    await redis.client.config('SET', 'appendonly', 'no');
    const connection = await openQueue(redis.url, log);
    await connection.close();
    await redis.client.config('SET', 'appendonly', 'yes');
    expect(connection.warnings).toEqual([expect.objectContaining({ code: 'QUEUE_NOT_DURABLE' })]);
  });

  it('is refused with a wrong password, which is not repeated', async () => {
    const report = await refusalOf(`redis://:another-pass-word@127.0.0.1:${redis.port}`);
    expect(report).toMatchObject({ code: 'QUEUE_UNAVAILABLE', exitCode: 5 });
    expect(report.message + report.remedy).not.toContain('another-pass-word');
  });

  it('fails fast when nobody listens, and when whoever listens says nothing', async () => {
    const silent = createServer(() => {});
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : 0;
    expect(await refusalOf(`redis://127.0.0.1:${port}`)).toMatchObject({ code: 'QUEUE_UNAVAILABLE', exitCode: 5 });
    silent.close();
    expect(await refusalOf('redis://127.0.0.1:1')).toMatchObject({ code: 'QUEUE_UNAVAILABLE', exitCode: 5, remedy: expect.stringContaining('nothing was handed over') as string });
  });

  it('comes back by itself after the Redis was killed, with what was in it', async () => {
    const connection = await openQueue(redis.url, log);
    await connection.redis.set('kept', 'yes');
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await redis.kill();
    await expect.poll(() => connection.awayMs, { timeout: 10_000 }).toBeGreaterThan(0);
    const asked = connection.redis.get('kept');
    await redis.start();
    expect(await asked).toBe('yes');
    expect(connection.awayMs).toBe(0);
    await connection.close();
  });
});
