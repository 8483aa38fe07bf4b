import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { Exchange } from '../../src/artifacts/exchange.js';
import { openExchange } from '../../src/artifacts/open-exchange.js';
import type { TaskResult } from '../../src/artifacts/task-results.js';
import { createLogger } from '../../src/logger.js';
import { openQueue, type QueueConnection } from '../../src/pipeline/backends/queue/connection.js';
import { Consumer } from '../../src/pipeline/backends/queue/consumer.js';
import { Dispatch, type Patience } from '../../src/pipeline/backends/queue/dispatch.js';
import type { Outcome } from '../../src/pipeline/backends/queue/lane-client.js';
import { laneOf, type Offer } from '../../src/pipeline/backends/queue/lanes.js';
import { packOrder } from '../../src/pipeline/backends/queue/orders.js';
import { PieceSupply } from '../../src/pipeline/backends/queue/pieces.js';
import type { RunListener } from '../../src/pipeline/backends/shared-run.js';
import type { Welcome, WorkerLink } from '../../src/pipeline/backends/wire/worker-link.js';
import type { WorkOrder } from '../../src/pipeline/work-order.js';
import type { RedisServer } from '../support/redis.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const log = createLogger('silent');
const identities = { ffmpeg: 'one-build' };
export const offer: Offer = { version: '1', identities, tags: [], slots: 2, memoryBytes: 4e9 };

export const keyOf = (name: string): string => createHash('sha256').update(name).digest('hex');

/** An order whose work is named by its label; nothing of a file is needed for it. */
export function orderOf(name: string, more: { priority?: number; slots?: number } = {}): WorkOrder {
  return {
    task: { key: keyOf(name), op: 'render.clip', stage: 'render', params: {}, inputs: {}, label: name, priority: more.priority ?? 0, slots: more.slots ?? 1 },
    parts: [],
    cpuSeconds: 1,
    memoryBytes: 1e6,
    tools: ['ffmpeg'],
  };
}

/** What a stand-in for an agent does with an order, in place of running it: the queue does not see the difference. */
export type Work = (order: WorkOrder, run: { signal: AbortSignal; listener: RunListener; exchange: Exchange }) => Promise<TaskResult>;

/** Leaves the order's name as an artifact. */
export const writeName: Work = async ({ task }, { exchange }) => {
  const made = await exchange.artifacts.put('captions.srt', { bytes: new TextEncoder().encode(task.label) });
  return { key: task.key, op: task.op, outputs: { made }, notices: [], cpuSeconds: 0.1, wallMs: 1 };
};

export async function exchangeOf(folder: string): Promise<Exchange> {
  mkdirSync(folder, { recursive: true });
  const exchange = await openExchange(folder, { cacheDir: temporaryFolder(), s3Endpoint: null });
  onTestFinished(() => exchange.close());
  return exchange;
}

export async function connect(redis: RedisServer): Promise<QueueConnection> {
  const connection = await openQueue(redis.url, log);
  onTestFinished(() => connection.close());
  return connection;
}

export interface TestWorker {
  id: string;
  consumer: Consumer;
  connection: QueueConnection;
  /** Labels of the orders it was given, in order. */
  took: string[];
}

/** A worker of this process, without an agent: `work` stands in for that. */
export async function startWorker(redis: RedisServer, exchange: Exchange, work: Work, more: { leaseMs?: number; offer?: Partial<Offer>; freeDiskBytes?: () => number } = {}): Promise<TestWorker> {
  const connection = await connect(redis);
  const id = `worker-${randomUUID().slice(0, 8)}`;
  const took: string[] = [];
  const offered = { ...offer, ...more.offer };
  const link: WorkerLink = {
    welcome: { slots: offered.slots } as Welcome,
    get load() {
      return { freeSlots: offered.slots, freeDiskBytes: more.freeDiskBytes?.() ?? 1e12 };
    },
    traffic: { sentBytes: 0, receivedBytes: 0 },
    run: (order, options) => {
      took.push(order.task.label);
      return work(order, { ...options, exchange });
    },
    lost: new Promise(() => {}),
    close: () => Promise.resolve(),
  };
  const consumer = new Consumer({ connection, exchange, supply: new PieceSupply(exchange), link: () => link, id, offer: offered, leaseMs: more.leaseMs ?? 2_000, diskFloorBytes: 1e9, log });
  await consumer.start();
  onTestFinished(async () => {
    await consumer.drain(0);
  });
  return { id, consumer, connection, took };
}

export interface TestCoordinator {
  dispatch: Dispatch;
  connection: QueueConnection;
  notices: string[];
  /** Hands an order over and waits. */
  submit(order: WorkOrder, signal?: AbortSignal): Promise<Outcome>;
}

export async function startCoordinator(redis: RedisServer, exchange: Exchange, more: { patience?: Partial<Patience>; needs?: readonly string[] } = {}): Promise<TestCoordinator> {
  const connection = await connect(redis);
  const dispatch = new Dispatch(connection, { onTick: () => {}, ...(more.patience === undefined ? {} : { patience: more.patience }) });
  onTestFinished(() => dispatch.close());
  const notices: string[] = [];
  return {
    dispatch,
    connection,
    notices,
    submit: async (order, signal = new AbortController().signal) =>
      dispatch.through(order, await packOrder(exchange, order, []), {
        lane: laneOf(order, { version: offer.version, identities, needs: more.needs ?? [] }),
        signal,
        tell: (event) => {
          if (event.type === 'notice') notices.push(event.notice.code);
        },
      }),
  };
}

export function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** Waits for an abort as a run does that is being stopped. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
}

export const folder = (): string => join(temporaryFolder(), 'exchange');

/** Polls as long as a machine under load may need. */
export function soon<T>(look: () => T): ReturnType<typeof expect.poll<T>> {
  return expect.poll(look, { timeout: 20_000 });
}
