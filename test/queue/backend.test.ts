import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { FileArtifactStore } from '../../src/artifacts/file-store.js';
import { TaskResults } from '../../src/artifacts/task-results.js';
import type { Exchange } from '../../src/artifacts/exchange.js';
import { createLogger } from '../../src/logger.js';
import type { TaskEvent } from '../../src/pipeline/backends/backend.js';
import { cut, PieceSender, PiecesMissing, PieceSupply } from '../../src/pipeline/backends/queue/pieces.js';
import { QueueBackend, type QueueBackendOptions } from '../../src/pipeline/backends/queue/queue-backend.js';
import { bytesIn, joined } from '../../src/artifacts/byte-range.js';
import { Resources } from '../../src/pipeline/resources.js';
import type { Task } from '../../src/pipeline/task.js';
import { noRedis, type RedisServer, startRedis } from '../support/redis.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { taskOf } from '../support/wire-orders.js';
import { testToolchain } from '../support/real-planner.js';
import { connect, exchangeOf, folder, keyOf, offer, startWorker, type Work } from './world.js';
import * as fc from 'fast-check';

const log = createLogger('silent');
const identities = testToolchain.identities;
/** A worker that has what the tasks here need. */
const able = { identities, slots: 4 };

interface Coordinator {
  backend: QueueBackend;
  store: FileArtifactStore;
  submit(task: Task, signal?: AbortSignal): Promise<{ events: TaskEvent[]; text: string }>;
}

async function coordinate(redis: RedisServer, exchange: Exchange, more: Partial<QueueBackendOptions> = {}): Promise<Coordinator> {
  const dir = temporaryFolder();
  const store = new FileArtifactStore(join(dir, 'store'));
  const backend = new QueueBackend({
    host: { store, results: new TaskResults(join(dir, 'results')), toolchain: testToolchain, resources: new Resources(), scratchRoot: join(dir, 'scratch'), log },
    slots: 2,
    here: false,
    connection: await connect(redis),
    exchange,
    keep: () => Promise.resolve(),
    version: offer.version,
    needs: [],
    films: { bytesOf: (file) => Promise.resolve([{ startByte: 0, endByte: file.sizeBytes }]) },
    closing: () => Promise.resolve(),
    ...more,
  });
  onTestFinished(() => backend.close());
  return {
    backend,
    store,
    submit: async (task, signal = new AbortController().signal) => {
      const events: TaskEvent[] = [];
      for await (const event of backend.submit(task, { signal })) events.push(event);
      const last = events.at(-1);
      const hash = last?.type === 'finished' ? last.result.outputs['part']?.hash : undefined;
      return { events, text: hash === undefined ? '' : await readFile(await store.materialize(hash), 'utf8') };
    },
  };
}

/** A task that may move, over a second of sound that lies in a coordinator's store. What is done for it is up to the test. */
async function soundTask({ store }: Coordinator, name: string): Promise<Task> {
  const pcm = await store.put('speech.pcm', { bytes: Buffer.alloc(32_000, name) });
  return taskOf(testToolchain, 'transcribe.chunk', { language: 'en', chunk: { startUs: 0, endUs: 1_000_000 }, islands: [{ startUs: 0, endUs: 1_000_000 }] }, { pcm }, { label: name });
}

const part: Work = async ({ task }, { exchange }) => {
  const made = await exchange.artifacts.put('captions.srt', { bytes: new TextEncoder().encode(task.label) });
  return { key: task.key, op: task.op, outputs: { part: made }, notices: [{ code: 'HEARD_LITTLE', stage: 'transcribe', message: 'm', remedy: 'r', severity: 'info' }], cpuSeconds: 1, wallMs: 1 };
};

describe('files in pieces', () => {
  it('are cut so that pieces of overlapping parts are the same', () => {
    const ranges = fc.array(fc.tuple(fc.nat(60_000_000), fc.nat(30_000_000)).map(([startByte, length]) => ({ startByte, endByte: startByte + length })), { maxLength: 5 });
    fc.assert(
      fc.property(ranges, (wanted) => {
        const pieces = cut(wanted);
        expect(joined(pieces)).toEqual(joined(wanted));
        expect(bytesIn(pieces)).toBe(bytesIn(joined(wanted)));
        for (const { startByte, endByte } of pieces) expect(Math.floor(startByte / 8_388_608)).toBe(Math.floor((endByte - 1) / 8_388_608));
      }),
    );
  });

  it('come out as they went in, each piece sent once, and what is damaged is never given on', async () => {
    const exchange = await exchangeOf(folder());
    const path = join(temporaryFolder(), 'film');
    const bytes = Buffer.alloc(9_000_000, 'every piece is another one, for this is no divisor of it');
    await writeFile(path, bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const sender = new PieceSender(exchange);
    const ranges = [{ startByte: 100, endByte: 5_000 }, { startByte: 8_000_000, endByte: 9_000_000 }];
    const signal = new AbortController().signal;
    const send = () => sender.send([{ sha256, sizeBytes: bytes.length, ranges }], () => Promise.resolve(path), signal);
    const files = await send();
    await send();
    expect(sender.sentBytes).toBe(bytesIn(ranges));
    const supply = new PieceSupply(exchange);
    const read = async (startByte: number, endByte: number): Promise<Buffer> => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of supply.read(sha256, { startByte, endByte }, signal)) chunks.push(chunk);
      return Buffer.concat(chunks);
    };
    const takeBack = supply.offer(files);
    expect((await read(8_200_000, 8_900_000)).equals(bytes.subarray(8_200_000, 8_900_000))).toBe(true);
    await expect(read(0, 200)).rejects.toThrow(PiecesMissing);
    const hash = files[0]?.pieces[0]?.hash ?? '';
    await spoil(exchange.place, hash);
    await expect(read(100, 5_000)).rejects.toThrow(PiecesMissing);
    // It is gone, so that it can be sent again.
    expect(await exchange.artifacts.has(hash)).toBe(false);
    await send();
    expect((await read(100, 5_000)).equals(bytes.subarray(100, 5_000))).toBe(true);
    takeBack();
    await expect(read(100, 200)).rejects.toThrow(PiecesMissing);
  });
});

/** Turns bytes of an artifact in the folder of an exchange, as a faulty disk does. */
async function spoil(place: string, hash: string): Promise<void> {
  for (const name of await readdir(place, { recursive: true })) {
    if (name.endsWith(hash)) await writeFile(join(place, name), 'spoilt');
  }
}

describe.skipIf(noRedis)('a coordinator at a queue', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.close());
  beforeEach(async () => {
    await redis.client.flushall();
  });

  it('brings home what workers made, with what they noticed, and says where it was made', async () => {
    const exchange = await exchangeOf(folder());
    const here = await coordinate(redis, exchange);
    await startWorker(redis, exchange, part, { offer: able });
    const { events, text } = await here.submit(await soundTask(here, 'words'));
    expect(text).toBe('words');
    expect(events.map(({ type }) => type)).toEqual(['started', 'notice', 'finished']);
    expect(events[0]).toMatchObject({ host: expect.any(String) as string });
    expect(events.at(-1)).toMatchObject({ shared: false });
  });

  it('adopts what is finished before it hands anything over', async () => {
    const exchange = await exchangeOf(folder());
    const first = await coordinate(redis, exchange);
    const worker = await startWorker(redis, exchange, part, { offer: able });
    await first.submit(await soundTask(first, 'words'));
    // Another machine, or the same after it was killed: it has nothing of its own.
    const second = await coordinate(redis, exchange);
    const { events, text } = await second.submit(await soundTask(second, 'words'));
    expect(text).toBe('words');
    expect(events.at(-1)).toMatchObject({ shared: true });
    expect(worker.took).toEqual(['words']);
  });

  it('has made anew what lies damaged in the exchange, and never takes it', async () => {
    const exchange = await exchangeOf(folder());
    const first = await coordinate(redis, exchange);
    const worker = await startWorker(redis, exchange, part, { offer: able });
    await first.submit(await soundTask(first, 'words'));
    await spoil(exchange.place, keyOf('words'));
    const second = await coordinate(redis, exchange);
    const { events, text } = await second.submit(await soundTask(second, 'words'));
    expect(text).toBe('words');
    expect(events.at(-1)).toMatchObject({ shared: false });
    expect(worker.took).toEqual(['words', 'words']);
  });

  it('does here what no worker has taken while it has nothing else to do, unless it is told not to', async () => {
    const exchange = await exchangeOf(folder());
    const away = await coordinate(redis, exchange);
    const leaving = new AbortController();
    const waiting = away.submit(await soundTask(away, 'for workers'), leaving.signal);
    const here = await coordinate(redis, exchange, { here: true });
    // The first fills this machine; the second is handed over, and comes back when the first has ended.
    const both = await Promise.all([here.submit(await soundTask(here, 'first')), here.submit(await soundTask(here, 'second'))]);
    for (const { events } of both) {
      expect(events.filter(({ type }) => type === 'started')).toEqual([{ type: 'started' }]);
      expect(events.at(-1)).toMatchObject({ type: 'finished', shared: false });
    }
    expect(await redis.client.keys('snvg:lane-*:?*[0-9a-f]')).toContainEqual(expect.stringMatching(new RegExp(`:${(await soundTask(away, 'for workers')).key}$`)));
    leaving.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });
});
