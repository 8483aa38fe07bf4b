import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PlaceFault } from '../../src/pipeline/backends/place.js';
import { Runs } from '../../src/pipeline/backends/queue/runs.js';
import { readFailure } from '../../src/pipeline/backends/queue/orders.js';
import { keyPrefix } from '../../src/pipeline/backends/queue/connection.js';
import { SnvgError } from '../../src/errors.js';
import { noRedis, type RedisServer, startRedis } from '../support/redis.js';
import { deferred, exchangeOf, folder, keyOf, orderOf, soon, startCoordinator, startWorker, untilAborted, type Work, writeName } from './world.js';

function hung(): never {
  throw new SnvgError('TOOL_STALLED', 'ffmpeg made no progress and was stopped', 'Run again.');
}

const dyingOfPoison: Work = (order, run) => {
  if (order.task.label === 'poison') throw new PlaceFault('host', 'the runner was ended by SIGSEGV', 'See its log.');
  return writeName(order, run);
};

/** A real Redis and real BullMQ; what an agent does is stood in for by a few lines. Agents are in workers.test.ts. */
describe.skipIf(noRedis)('the queue', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.close());
  beforeEach(async () => {
    await redis.client.flushall();
  });
  afterEach(() => redis.unfill());

  it('brings tasks to workers, and their results into the exchange before it calls them done', async () => {
    const exchange = await exchangeOf(folder());
    const coordinator = await startCoordinator(redis, exchange);
    const seen: (string | undefined)[] = [];
    await startWorker(redis, exchange, async (order, run) => {
      const result = await writeName(order, run);
      seen.push((await exchange.results.get(order.task.key))?.key);
      return result;
    });
    const names = ['a', 'b', 'c', 'd', 'e'];
    const outcomes = await Promise.all(names.map((name) => coordinator.submit(orderOf(name))));
    expect(outcomes).toEqual(names.map(() => ({ type: 'completed' })));
    expect(seen).toEqual(names.map(() => undefined));
    for (const name of names) expect((await exchange.results.get(keyOf(name)))?.key).toBe(keyOf(name));
    // Nothing stays behind in the Redis of what is over.
    expect(await redis.client.keys(`${keyPrefix}:*:${keyOf('a')}*`)).toEqual([]);
  });

  it('runs the same task of two coordinators once, for both', async () => {
    const exchange = await exchangeOf(folder());
    const [one, other] = [await startCoordinator(redis, exchange), await startCoordinator(redis, exchange)];
    const go = deferred();
    const worker = await startWorker(redis, exchange, async (order, run) => {
      await go.promise;
      return writeName(order, run);
    });
    const both = [one.submit(orderOf('film')), other.submit(orderOf('film'))];
    await soon(() => worker.took).toEqual(['film']);
    go.resolve();
    expect(await Promise.all(both)).toEqual([{ type: 'completed' }, { type: 'completed' }]);
    expect(worker.took).toEqual(['film']);
  });

  it('takes over a result that is there when a task is delivered twice, so that there is one artifact', async () => {
    const exchange = await exchangeOf(folder());
    const coordinator = await startCoordinator(redis, exchange);
    const worker = await startWorker(redis, exchange, writeName);
    await coordinator.submit(orderOf('film'));
    expect(await coordinator.submit(orderOf('film'))).toEqual({ type: 'completed' });
    expect(worker.took).toEqual(['film']);
    const artifacts: string[] = [];
    for await (const { hash } of exchange.artifacts.list()) artifacts.push(hash);
    expect(artifacts).toEqual([keyOf('film')]);
  });

  it('stops a run that nobody waits for any more, and one for which somebody does goes on', async () => {
    const exchange = await exchangeOf(folder());
    const [one, other] = [await startCoordinator(redis, exchange), await startCoordinator(redis, exchange)];
    const stopped: string[] = [];
    const go = deferred();
    const worker = await startWorker(redis, exchange, async (order, run) => {
      await Promise.race([go.promise, untilAborted(run.signal)]).catch((error: unknown) => {
        stopped.push(order.task.label);
        throw error;
      });
      return writeName(order, run);
    });
    const [leaving, staying] = [new AbortController(), new AbortController()];
    const alone = one.submit(orderOf('alone'), leaving.signal);
    const shared = one.submit(orderOf('shared'), leaving.signal);
    const others = other.submit(orderOf('shared'), staying.signal);
    await soon(() => worker.took.toSorted()).toEqual(['alone', 'shared']);
    const left = Promise.allSettled([alone, shared]);
    leaving.abort(new Error('the person left'));
    expect(await left).toEqual([alone, shared].map(() => ({ status: 'rejected', reason: new Error('the person left') })));
    await soon(() => stopped).toEqual(['alone']);
    go.resolve();
    expect(await others).toEqual({ type: 'completed' });
    expect(stopped).toEqual(['alone']);
  });

  it('takes a task out that no worker has when its only coordinator leaves', async () => {
    const exchange = await exchangeOf(folder());
    const coordinator = await startCoordinator(redis, exchange);
    const leaving = new AbortController();
    const asked = coordinator.submit(orderOf('film'), leaving.signal);
    await soon(() => redis.client.keys(`${keyPrefix}:lane-*:${keyOf('film')}`)).toHaveLength(1);
    leaving.abort(new Error('the person left'));
    await expect(asked).rejects.toThrow('the person left');
    await soon(() => redis.client.keys(`${keyPrefix}:lane-*:${keyOf('film')}`)).toEqual([]);
  });

  // supoclip#2: one user's batch kept everybody else waiting until all of it was done.
  it('serves coordinators in turn, whoever came first with however many (supoclip#2)', async () => {
    const exchange = await exchangeOf(folder());
    const [first, second] = [await startCoordinator(redis, exchange), await startCoordinator(redis, exchange)];
    const many = Array.from({ length: 12 }, (_, i) => first.submit(orderOf(`first ${i}`)));
    await soon(() => first.dispatch.untaken.length).toBe(12);
    await soon(async () => (await redis.client.keys(`${keyPrefix}:lane-*:prioritized`)).length).toBe(1);
    const [line = ''] = await redis.client.keys(`${keyPrefix}:lane-*:prioritized`);
    await soon(() => redis.client.zcard(line)).toBe(12);
    const few = Array.from({ length: 3 }, (_, i) => second.submit(orderOf(`second ${i}`)));
    await soon(() => redis.client.zcard(line)).toBe(15);
    const worker = await startWorker(redis, exchange, writeName, { offer: { slots: 1 } });
    await Promise.all([...many, ...few]);
    const places = worker.took.flatMap((name, place) => (name.startsWith('second') ? [place] : []));
    expect(places).toHaveLength(3);
    // Beside the first three of the others, not behind all twelve.
    expect(Math.max(...places)).toBeLessThanOrEqual(7);
  });

  it('takes the more urgent of a coordinator’s tasks before the others it has there', async () => {
    const exchange = await exchangeOf(folder());
    const coordinator = await startCoordinator(redis, exchange);
    const asked: Promise<unknown>[] = [];
    for (const [name, priority] of [['a', 0], ['b', 0], ['c', 0], ['d', 0], ['e', 0], ['urgent', 9]] as const) {
      asked.push(coordinator.submit(orderOf(name, { priority })));
      await soon(() => redis.client.keys(`${keyPrefix}:lane-*:${keyOf(name)}`)).toHaveLength(1);
    }
    const worker = await startWorker(redis, exchange, writeName, { offer: { slots: 1 } });
    await Promise.all(asked);
    expect(worker.took.indexOf('urgent')).toBeLessThanOrEqual(2);
    expect(worker.took.filter((name) => name !== 'urgent')).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('gives a task only to a worker that can do it exactly, and says when there is none', async () => {
    const exchange = await exchangeOf(folder());
    const coordinator = await startCoordinator(redis, exchange, { patience: { noticeMs: 500 }, needs: ['gpu'] });
    const other = await startWorker(redis, exchange, writeName, { offer: { identities: { ffmpeg: 'another build' }, tags: ['gpu'] } });
    const untagged = await startWorker(redis, exchange, writeName);
    const asked = coordinator.submit(orderOf('film'));
    await soon(() => coordinator.notices).toEqual(['QUEUE_NO_WORKER']);
    const right = await startWorker(redis, exchange, writeName, { offer: { tags: ['gpu', 'big'] } });
    expect(await asked).toEqual({ type: 'completed' });
    expect([other.took, untagged.took, right.took]).toEqual([[], [], ['film']]);
  });

  it('takes nothing while the disk is nearly full', async () => {
    const exchange = await exchangeOf(folder());
    const coordinator = await startCoordinator(redis, exchange);
    let freeDiskBytes = 1e6;
    const worker = await startWorker(redis, exchange, writeName, { freeDiskBytes: () => freeDiskBytes });
    const asked = coordinator.submit(orderOf('film'));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(worker.took).toEqual([]);
    freeDiskBytes = 1e12;
    expect(await asked).toEqual({ type: 'completed' });
  });

  it('throws what the task itself threw at once, and tries again elsewhere what its surroundings kept from ending', async () => {
    const exchange = await exchangeOf(folder());
    const coordinator = await startCoordinator(redis, exchange);
    let failures = 0;
    const worker = await startWorker(redis, exchange, (order, run) => {
      if (order.task.label === 'broken film') throw new SnvgError('MEDIA_UNREADABLE', 'it is no film', 'Give another.');
      failures += 1;
      if (failures <= 2) throw new PlaceFault('network', 'the exchange did not answer', 'Wait.');
      return writeName(order, run);
    });
    const broken = await coordinator.submit(orderOf('broken film'));
    expect(broken.type === 'failed' && readFailure(broken.reason)).toMatchObject({ class: 'task', code: 'MEDIA_UNREADABLE', message: 'it is no film', remedy: 'Give another.' });
    expect(await coordinator.submit(orderOf('film'))).toEqual({ type: 'completed' });
    expect(worker.took.filter((name) => name === 'broken film')).toHaveLength(1);
    expect(await new Runs(redis.client).failures()).toEqual({ task: 1, network: 2 });
    // Asked for again, it is tried again: the reason may be gone.
    expect((await coordinator.submit(orderOf('broken film'))).type).toBe('failed');
    expect(worker.took.filter((name) => name === 'broken film')).toHaveLength(2);
  });

  // bullmq#631, #651: a job whose worker dies each time comes back for ever, or blocks those behind it.
  it('quarantines a task that takes down whatever runs it, while the others go on (bullmq#631, #651)', async () => {
    const exchange = await exchangeOf(folder());
    const coordinator = await startCoordinator(redis, exchange);
    const workers = [await startWorker(redis, exchange, dyingOfPoison), await startWorker(redis, exchange, dyingOfPoison)];
    const [poison, ...others] = await Promise.all(['poison', 'a', 'b', 'c'].map((name) => coordinator.submit(orderOf(name))));
    expect(others).toEqual([{ type: 'completed' }, { type: 'completed' }, { type: 'completed' }]);
    expect(poison?.type === 'failed' && readFailure(poison.reason)).toMatchObject({ class: 'quarantined', code: 'TASK_QUARANTINED', message: expect.stringContaining('SIGSEGV') as string });
    expect(workers.flatMap(({ took }) => took).filter((name) => name === 'poison')).toHaveLength(3);
    expect(await new Runs(redis.client).quarantined(keyOf('poison'))).toMatchObject({ op: 'render.clip', label: 'poison' });
  });

  it('waits while the memory of the Redis is full, and goes on when there is room', async () => {
    const exchange = await exchangeOf(folder());
    const coordinator = await startCoordinator(redis, exchange, { patience: { noticeMs: 300, fullMs: 60_000 } });
    await startWorker(redis, exchange, writeName);
    expect(await coordinator.submit(orderOf('before'))).toEqual({ type: 'completed' });
    await redis.fill();
    const asked = Promise.all(['a', 'b', 'c'].map((name) => coordinator.submit(orderOf(name))));
    await soon(() => coordinator.notices).toContain('QUEUE_FULL');
    await redis.unfill();
    expect(await asked).toEqual([{ type: 'completed' }, { type: 'completed' }, { type: 'completed' }]);
  });

  it('gives up a Redis that stays full with a clear word', async () => {
    const exchange = await exchangeOf(folder());
    const coordinator = await startCoordinator(redis, exchange, { patience: { fullMs: 300 } });
    await redis.fill();
    await expect(coordinator.submit(orderOf('film'))).rejects.toMatchObject({ code: 'QUEUE_FULL', exitCode: 5 });
  });

  it('goes on after the Redis was killed and started again, with running tasks and waiting ones', async () => {
    const exchange = await exchangeOf(folder());
    const coordinator = await startCoordinator(redis, exchange);
    const go = deferred();
    const worker = await startWorker(
      redis,
      exchange,
      async (order, run) => {
        await Promise.race([go.promise, untilAborted(run.signal)]);
        return writeName(order, run);
      },
      { leaseMs: 20_000, offer: { slots: 1 } },
    );
    const asked = Promise.all(['running', 'waiting'].map((name) => coordinator.submit(orderOf(name))));
    await soon(() => worker.took.length).toBe(1);
    // What was acknowledged a second ago is on disk.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    await redis.kill();
    go.resolve();
    await soon(() => coordinator.connection.awayMs).toBeGreaterThan(0);
    await redis.start();
    expect(await asked).toEqual([{ type: 'completed' }, { type: 'completed' }]);
    expect(worker.took.toSorted()).toEqual(['running', 'waiting']);
  });

  it('gives up a Redis that stays away, and says that nothing is lost', async () => {
    const exchange = await exchangeOf(folder());
    const coordinator = await startCoordinator(redis, exchange, { patience: { noticeMs: 200, awayMs: 1_500 } });
    const asked = coordinator.submit(orderOf('film'));
    await soon(() => redis.client.keys(`${keyPrefix}:lane-*:${keyOf('film')}`)).toHaveLength(1);
    await redis.kill();
    await expect(asked).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE', exitCode: 5 });
    expect(coordinator.notices).toContain('QUEUE_AWAY');
    await redis.start();
  });

  it('lets running tasks end when a worker is to stop, and gives back those that do not within the time', async () => {
    const exchange = await exchangeOf(folder());
    const coordinator = await startCoordinator(redis, exchange);
    const go = deferred();
    const stopping = await startWorker(redis, exchange, async (order, run) => {
      await (order.task.label === 'short' ? go.promise : untilAborted(run.signal));
      return writeName(order, run);
    });
    const asked = Promise.all(['short', 'long', 'next'].map((name) => coordinator.submit(orderOf(name))));
    await soon(() => stopping.took.toSorted()).toHaveLength(2);
    const drained = stopping.consumer.drain(1_000);
    go.resolve();
    expect(await drained).toBe(stopping.took.filter((name) => name !== 'short').length);
    const other = await startWorker(redis, exchange, writeName);
    expect(await asked).toEqual([{ type: 'completed' }, { type: 'completed' }, { type: 'completed' }]);
    expect([...stopping.took.filter((name) => name === 'short'), ...other.took].toSorted()).toEqual(['long', 'next', 'short']);
    // To be given back is no fault.
    expect(await new Runs(redis.client).failures()).toEqual({});
  });

  it('throws away what a run makes that lost its lease, and its late result meets the other’s harmlessly', async () => {
    const exchange = await exchangeOf(folder());
    const coordinator = await startCoordinator(redis, exchange);
    const stopped: string[] = [];
    const late = deferred();
    const first = await startWorker(
      redis,
      exchange,
      async (order, run) => {
        await untilAborted(run.signal).catch(() => stopped.push(order.task.label));
        // It does not stop when it is told to, and comes with a result when all is over.
        await late.promise;
        return writeName(order, run);
      },
      // One at a time: it does not take again what it still runs.
      { leaseMs: 1_000, offer: { slots: 1 } },
    );
    const asked = coordinator.submit(orderOf('film'));
    await soon(() => first.took).toEqual(['film']);
    const [lock = ''] = await redis.client.keys(`${keyPrefix}:lane-*:${keyOf('film')}:lock`);
    // As when it was cut off, or stopped, for longer than its lease.
    await redis.client.del(lock);
    const second = await startWorker(redis, exchange, writeName, { leaseMs: 1_000 });
    expect(await asked).toEqual({ type: 'completed' });
    expect([first.took, second.took]).toEqual([['film'], ['film']]);
    await soon(() => stopped).toEqual(['film']);
    const before = await exchange.results.get(keyOf('film'));
    late.resolve();
    await soon(() => first.consumer.running.length).toBe(0);
    expect(await exchange.results.get(keyOf('film'))).toEqual(before);
    expect(first.consumer.tally).toMatchObject({ done: 0, failed: 1 });
  });

  it('tries once more a task whose program hung and was stopped, and then says so', async () => {
    const exchange = await exchangeOf(folder());
    const coordinator = await startCoordinator(redis, exchange);
    let runs = 0;
    const worker = await startWorker(redis, exchange, (order, run) => {
      runs += 1;
      return runs === 1 || order.task.label === 'always' ? hung() : writeName(order, run);
    });
    expect(await coordinator.submit(orderOf('once'))).toEqual({ type: 'completed' });
    const always = await coordinator.submit(orderOf('always'));
    expect(always.type === 'failed' && readFailure(always.reason)).toMatchObject({ class: 'stalled', code: 'TOOL_STALLED' });
    expect(worker.took).toEqual(['once', 'once', 'always', 'always']);
  });
});
