import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { openExchange } from '../../artifacts/open-exchange.js';
import type { Settings } from '../../config/options.js';
import type { Paths } from '../../config/paths.js';
import { createLogger } from '../../logger.js';
import { openQueue, type QueueConnection } from '../../pipeline/backends/queue/connection.js';
import { Consumer } from '../../pipeline/backends/queue/consumer.js';
import type { Offer } from '../../pipeline/backends/queue/lanes.js';
import { PieceSupply } from '../../pipeline/backends/queue/pieces.js';
import { forgetWorker, heartbeatMs, rateWindowMs, reportWorker, type WorkerReport } from '../../pipeline/backends/queue/workers.js';
import { PlaceFault } from '../../pipeline/backends/place.js';
import { SnvgError } from '../../errors.js';
import { Scratch } from '../scratch.js';
import { AgentKeeper } from './agent-keeper.js';
import { type Health, type HealthEndpoint, serveHealth } from './health.js';

/** An agent that is not back after so long is not coming back by itself. */
const agentPatienceMs = 60_000;

export interface QueueWorkerRequest {
  settings: Pick<Settings, 'queue' | 'store' | 's3Endpoint' | 'concurrency' | 'ffmpeg' | 'ffprobe' | 'models' | 'logLevel'>;
  paths: Paths;
  version: string;
  cwd: string;
  queue: string;
  store: string;
  /** Half cores to give. */
  slots: number;
  tags: readonly string[];
  cacheDir: string | undefined;
  health: { host: string; port: number } | undefined;
  /** How long running tasks may take to end once it is to stop. */
  drainMs: number;
  leaseMs: number;
  diskFloorBytes: number;
  /** Aborted when it is to stop. */
  signal: AbortSignal;
  /** Called once it takes tasks. */
  ready(of: { id: string; healthPort: number | undefined; shown: string; place: string; missing: readonly { code: string; message: string; remedy: string }[] }): void;
  stopped(handedBack: number): void;
}

/**
 * Takes tasks of a queue until the signal, then lets running ones end and gives the rest back.
 * @throws {SnvgError} QUEUE_UNAVAILABLE, QUEUE_UNSAFE, STORE_…; what keeps the agent from starting
 */
export async function runQueueWorker(request: QueueWorkerRequest): Promise<void> {
  const { settings, paths, version, slots, tags, signal } = request;
  const log = createLogger(settings.logLevel);
  const id = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  const closing: (() => Promise<unknown>)[] = [];
  try {
    const connection = await openQueue(request.queue, log);
    closing.unshift(() => connection.close());
    for (const { code, message, remedy } of connection.warnings) log.warn({ code, remedy }, message);
    const exchange = await openExchange(request.store, { cacheDir: join(paths.cacheDir, 'worker'), s3Endpoint: settings.s3Endpoint });
    closing.unshift(() => exchange.close());
    const scratch = new Scratch(paths);
    await scratch.make();
    closing.unshift(() => scratch.remove());
    const supply = new PieceSupply(exchange);
    const agent = new AgentKeeper({ slots, tags, cacheDir: request.cacheDir, version, store: exchange.artifacts, supply, incomingDir: join(scratch.root, 'incoming'), flags: flagsOf(settings), cwd: request.cwd, log });
    const { welcome } = await agent.start(new AbortController().signal).catch((error: unknown) => {
      throw error instanceof PlaceFault ? new SnvgError('TOOL_FAILED', error.message, error.remedy, { cause: error }) : error;
    });
    closing.unshift(() => agent.close());
    const offer = { version, identities: welcome.identities, tags, slots, memoryBytes: welcome.memoryBytes };
    const consumer = new Consumer({ connection, exchange, supply, link: () => agent.link, id, offer, leaseMs: request.leaseMs, diskFloorBytes: request.diskFloorBytes, log });
    const state = { draining: false };
    const health = (): Health => healthOf(connection, agent, consumer, state);
    const endpoint: HealthEndpoint | undefined = request.health && (await serveHealth(request.health, health));
    if (endpoint) closing.unshift(() => endpoint.close());
    await consumer.start();
    const startedMs = performance.now();
    const tell = (): Promise<void> => reportWorker(connection.redis, reportOf({ id, offer, consumer, agent, startedMs, draining: state.draining })).catch(() => {});
    await tell();
    const heartbeat = setInterval(() => void tell(), heartbeatMs);
    closing.unshift(() => {
      clearInterval(heartbeat);
      // A Redis that is away forgets it by itself.
      return connection.awayMs > 0 ? Promise.resolve() : forgetWorker(connection.redis, id);
    });
    request.ready({ id, healthPort: endpoint?.port, shown: connection.shown, place: exchange.place, missing: welcome.missing });
    await aborted(signal);
    state.draining = true;
    log.info({ running: consumer.running.length }, 'takes no more tasks, and lets running ones end');
    await tell();
    const handedBack = await consumer.drain(request.drainMs);
    request.stopped(handedBack);
  } finally {
    for (const close of closing) await close().catch((error: unknown) => log.debug({ error: (error as Error).message }, 'could not be closed'));
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** What the agent has to know beyond its own configuration. */
function flagsOf({ ffmpeg, ffprobe, models, logLevel }: QueueWorkerRequest['settings']): string[] {
  return [...Object.entries({ ffmpeg, ffprobe, models }).flatMap(([name, value]) => (value === null ? [] : [`--${name}`, value])), '--log-level', logLevel];
}

function healthOf(connection: QueueConnection, agent: AgentKeeper, consumer: Consumer, { draining }: { draining: boolean }): Health {
  const problems = [
    ...(connection.awayMs > 0 ? [`the queue has been away for ${Math.round(connection.awayMs / 1_000)} s`] : []),
    ...(agent.link ? [] : [`the agent has been away for ${Math.round(agent.lostMs / 1_000)} s`]),
    ...(consumer.hasDisk ? [] : ['the disk is nearly full']),
    ...(draining ? ['it is being stopped'] : []),
  ];
  return {
    alive: agent.lostMs < agentPatienceMs,
    ready: problems.length === 0,
    problems,
    running: consumer.running.map((claim) => ({ task: claim.key, op: claim.job.name, label: claim.job.data.label, runningMs: Math.round(performance.now() - claim.startedMs) })),
  };
}

function reportOf(of: { id: string; offer: Offer; consumer: Consumer; agent: AgentKeeper; startedMs: number; draining: boolean }): WorkerReport {
  const { consumer, agent, startedMs } = of;
  const now = performance.now();
  const { tally } = consumer;
  while ((tally.doneAtMs[0] ?? Infinity) < now - rateWindowMs) tally.doneAtMs.shift();
  return {
    ...of.offer,
    identities: { ...of.offer.identities },
    tags: [...of.offer.tags],
    id: of.id,
    hostname: hostname(),
    pid: process.pid,
    state: of.draining ? 'draining' : !agent.link ? 'agent-lost' : consumer.hasDisk ? 'working' : 'disk-full',
    running: consumer.running.map((claim) => ({ key: claim.key, op: claim.job.name, label: claim.job.data.label, runningMs: Math.round(now - claim.startedMs) })),
    done: tally.done,
    failed: tally.failed,
    cpuSeconds: Math.round(tally.cpuSeconds * 10) / 10,
    recentDone: tally.doneAtMs.length,
    upMs: Math.round(now - startedMs),
  };
}
