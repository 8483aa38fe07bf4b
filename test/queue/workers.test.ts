import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Exchange } from '../../src/artifacts/exchange.js';
import { FileArtifactStore } from '../../src/artifacts/file-store.js';
import { openExchange } from '../../src/artifacts/open-exchange.js';
import { TaskResults } from '../../src/artifacts/task-results.js';
import { createLogger } from '../../src/logger.js';
import { openQueue, type QueueConnection } from '../../src/pipeline/backends/queue/connection.js';
import { Dispatch } from '../../src/pipeline/backends/queue/dispatch.js';
import type { Outcome } from '../../src/pipeline/backends/queue/lane-client.js';
import { laneOf } from '../../src/pipeline/backends/queue/lanes.js';
import { packOrder, readFailure } from '../../src/pipeline/backends/queue/orders.js';
import { inputPaths, PieceSender } from '../../src/pipeline/backends/queue/pieces.js';
import { fetchArtifacts } from '../../src/pipeline/backends/queue/results.js';
import { Resources } from '../../src/pipeline/resources.js';
import { runTask } from '../../src/pipeline/run-task.js';
import type { Task } from '../../src/pipeline/task.js';
import { nothingLives, pidIn, processesOf } from '../support/local-agent.js';
import { type QueueWorker, startQueueWorker } from '../support/queue-worker.js';
import { noRedis, type RedisServer, startRedis } from '../support/redis.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { fileRef, type Greeter, greeterIn, taskOf, wholeOrder } from '../support/wire-orders.js';
import { soon } from './world.js';

const log = createLogger('silent');
const { version } = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string };
const program = resolve(import.meta.dirname, '../../bin/snvg.js');
const never = new AbortController().signal;
const leaseSeconds = 3;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Real workers with real agents, a real Redis, and real tasks: films whose clock is put right. */
describe.skipIf(noRedis)('workers at a queue', () => {
  let redis: RedisServer;
  let connection: QueueConnection;
  let exchange: Exchange;
  let here: Greeter;
  let dispatch: Dispatch;
  let root: string;
  let workers: QueueWorker[] = [];
  let made = 0;

  const start = async (): Promise<QueueWorker> => {
    const worker = await startQueueWorker({ queue: redis.url, store: join(root, 'exchange'), memoFile: here.memoFile, args: ['--lease-seconds', String(leaseSeconds), '--drain-seconds', '1'] });
    workers.push(worker);
    return worker;
  };
  const end = async (worker: QueueWorker): Promise<void> => {
    workers = workers.filter((other) => other !== worker);
    await worker.remove();
  };

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'snvg-queue-'));
    mkdirSync(join(root, 'exchange'));
    redis = await startRedis({ password: 'pass-word-of-the-queue' });
    connection = await openQueue(redis.url, log);
    exchange = await openExchange(join(root, 'exchange'), { cacheDir: join(root, 'copies'), s3Endpoint: null });
    here = await greeterIn(join(root, 'here'));
    dispatch = new Dispatch(connection, { onTick: () => {} });
    for (let count = 0; count < 3; count += 1) await start();
  });
  afterAll(async () => {
    for (const worker of workers) await worker.remove();
    await dispatch.close();
    await exchange.close();
    await connection.close();
    await redis.close();
    rmSync(root, { recursive: true, force: true });
  });
  afterEach(() => {
    for (const { ffmpeg } of workers) ffmpeg.set('work');
  });

  /** Each another one, for it pretends another length. */
  const nextTask = async (): Promise<Task> => {
    made += 1;
    return taskOf(here.toolchain, 'ingest.conform', { streams: [0, 1], hasPicture: true, durationUs: 10_000_000 + made }, { file: await fileRef('fixtures/beep-flash.mp4') });
  };
  const submit = async (task: Task, signal = never): Promise<Outcome> => {
    const order = { ...wholeOrder(task), tools: ['ffmpeg'] };
    const files = await new PieceSender(exchange).send(order.parts, inputPaths(task.inputs, () => Promise.reject(new Error('no artifact'))), never);
    return dispatch.through(order, await packOrder(exchange, order, files), { lane: laneOf(order, { version, identities: here.toolchain.identities, needs: [] }), signal, tell: () => {} });
  };
  /** The worker at which a task hangs. */
  const hangingAt = async (): Promise<QueueWorker> => {
    let at: QueueWorker | undefined;
    await soon(() => (at = workers.find(({ ffmpeg }) => existsSync(ffmpeg.pidFile)))).toBeDefined();
    if (!at) throw new Error('it hangs nowhere');
    return at;
  };
  /** Artifacts in the exchange that are not what their names say. */
  const broken = async (): Promise<string[]> => {
    const found: string[] = [];
    for await (const { hash } of exchange.artifacts.list()) {
      await exchange.artifacts.materialize(hash).catch(() => found.push(hash));
    }
    return found;
  };

  it('make what one machine makes', async () => {
    const tasks = await Promise.all(Array.from({ length: 6 }, nextTask));
    expect(await Promise.all(tasks.map((task) => submit(task)))).toEqual(tasks.map(() => ({ type: 'completed' })));
    const dir = temporaryFolder();
    const own = new FileArtifactStore(join(dir, 'own'));
    const fetched = new FileArtifactStore(join(dir, 'fetched'));
    const [first] = tasks;
    const alone = await runTask(first!, { store: own, results: new TaskResults(join(dir, 'results')), toolchain: here.toolchain, resources: new Resources(), scratchRoot: join(dir, 'scratch'), log }, never, { progress: () => {}, notice: () => {} });
    const result = await exchange.results.get(first!.key);
    expect(result?.outputs).toEqual(alone.outputs);
    await fetchArtifacts(exchange, fetched, result!, join(dir, 'scratch'), never);
    const { hash } = alone.outputs['media']!;
    expect(await readFile(await fetched.materialize(hash))).toEqual(await readFile(await own.materialize(hash)));
    const health = (await (await fetch(`http://127.0.0.1:${workers[0]!.healthPort}/readyz`)).json()) as { ready: boolean };
    expect(health).toMatchObject({ alive: true, ready: true, problems: [], running: [] });
  });

  it('take over the task of one that was killed, and nothing half made of it is ever seen', async () => {
    for (const { ffmpeg } of workers) ffmpeg.set('hang');
    const task = await nextTask();
    const asked = submit(task);
    const victim = await hangingAt();
    for (const other of workers) if (other !== victim) other.ffmpeg.set('work');
    victim.process.kill('SIGKILL');
    expect(await asked).toEqual({ type: 'completed' });
    await nothingLives(victim.home);
    expect(await broken()).toEqual([]);
    await end(victim);
    await start();
  });

  it('throw away what one makes that was stopped for longer than its lease', async () => {
    for (const { ffmpeg } of workers) ffmpeg.set('hang');
    const task = await nextTask();
    const asked = submit(task);
    const stopped = await hangingAt();
    const pid = await pidIn(stopped.ffmpeg.pidFile);
    for (const other of workers) if (other !== stopped) other.ffmpeg.set('work');
    stopped.process.kill('SIGSTOP');
    expect(await asked).toEqual({ type: 'completed' });
    const before = await exchange.results.get(task.key);
    stopped.process.kill('SIGCONT');
    await soon(() => isAlive(pid)).toBe(false);
    await soon(() => stopped.output()).toContain('the lease was lost');
    expect(await exchange.results.get(task.key)).toEqual(before);
    // It works on.
    await soon(async () => (await fetch(`http://127.0.0.1:${stopped.healthPort}/readyz`)).status).toBe(200);
  });

  it('end the program that works on a task nobody waits for any more', async () => {
    for (const { ffmpeg } of workers) ffmpeg.set('hang');
    const leaving = new AbortController();
    const asked = submit(await nextTask(), leaving.signal);
    const pid = await pidIn((await hangingAt()).ffmpeg.pidFile);
    leaving.abort(new Error('the person left'));
    await expect(asked).rejects.toThrow('the person left');
    await soon(() => isAlive(pid)).toBe(false);
  });

  it('end when they are asked to, give back what does not end in time, and leave nothing alive', async () => {
    for (const { ffmpeg } of workers) ffmpeg.set('hang');
    const asked = submit(await nextTask());
    const draining = await hangingAt();
    for (const other of workers) if (other !== draining) other.ffmpeg.set('work');
    draining.process.kill('SIGTERM');
    expect(await draining.exited).toBe(0);
    expect(processesOf(draining.home)).toEqual([]);
    expect(await asked).toEqual({ type: 'completed' });
    await end(draining);
  });

  it('are kept from a task that takes its runner along, until a person has it tried again', async () => {
    for (const { ffmpeg } of workers) ffmpeg.set('kill');
    const poison = await nextTask();
    const outcome = await submit(poison);
    expect(outcome.type === 'failed' && readFailure(outcome.reason)).toMatchObject({ class: 'quarantined', code: 'TASK_QUARANTINED' });
    for (const { ffmpeg } of workers) ffmpeg.set('work');
    expect(await submit(await nextTask())).toEqual({ type: 'completed' });

    const home = temporaryFolder();
    const snvg = async (...args: string[]): Promise<string> => (await promisify(execFile)(process.execPath, [program, ...args], { env: { ...process.env, SNVG_HOME: home, SNVG_QUEUE: redis.url } })).stdout;
    const seen = async (): Promise<{ queue: string; quarantined: { key: string }[]; workers: unknown[]; failures: Record<string, number> }> => JSON.parse(await snvg('queue', '--json'));
    // One that was killed is counted until its lease is over.
    await soon(async () => (await seen()).workers).toHaveLength(workers.length);
    const state = await seen();
    expect(state.queue).toBe(`redis://127.0.0.1:${redis.port}`);
    expect(state.quarantined.map(({ key }) => key)).toEqual([poison.key]);
    expect((state.failures['host'] ?? 0) + (state.failures['died'] ?? 0)).toBeGreaterThanOrEqual(3);
    expect(await snvg('queue')).toContain('1 task in quarantine');

    expect(await snvg('queue', 'retry', poison.key.slice(0, 12))).toContain('is tried once more');
    await soon(async () => (await exchange.results.get(poison.key))?.key).toBe(poison.key);
    expect((await seen()).quarantined).toEqual([]);
  });

  it('print the password of their queue nowhere', () => {
    for (const worker of workers) {
      expect(worker.output()).toContain('redis://127.0.0.1');
      expect(worker.output()).not.toContain('pass-word-of-the-queue');
      // Nor does what works for them know it.
      const inTheKnow = processesOf(worker.home).filter(({ pid }) => readFileSync(`/proc/${pid}/environ`, 'latin1').includes('pass-word-of-the-queue'));
      expect(inTheKnow.map(({ pid }) => pid)).toEqual([worker.process.pid]);
    }
  });
});
