import type { Redis } from 'ioredis';
import { SnvgError } from '../../../errors.js';
import { keyPrefix, memoryOf, type QueueConnection } from './connection.js';
import { knownLanes, lackedBy, type Lane } from './lanes.js';
import type { JobData } from './orders.js';
import { type FailureClass, type Quarantined, Runs } from './runs.js';
import { Wants } from './wants.js';
import { livingWorkers, type WorkerReport } from './workers.js';

/** So many of a lane's waiting tasks are asked for their age. */
const mostAsked = 1_000;

export interface LaneState {
  name: string;
  /** What a worker must have: parts of the toolchain, and tags. */
  tools: readonly string[];
  needs: readonly string[];
  version: string;
  waiting: number;
  running: number;
  /** Waiting for another try. */
  delayed: number;
  /** Since the one that has waited longest was handed over; null when none waits. */
  oldestWaitingMs: number | null;
  /** Workers that can do its tasks. */
  workers: number;
}

export interface QueueState {
  /** Sums over all lanes. */
  tasks: { waiting: number; running: number; delayed: number; oldestWaitingMs: number | null };
  /** Those in which there is something, or for which there are workers. */
  lanes: readonly LaneState[];
  workers: readonly WorkerReport[];
  /** Runs that ended badly since yesterday's beginning (UTC), by whose fault it was. */
  failures: Partial<Record<FailureClass, number>>;
  quarantined: readonly Quarantined[];
  /** A limit of 0 is none. */
  memory: { usedBytes: number; limitBytes: number };
}

export async function queueState({ redis }: QueueConnection): Promise<QueueState> {
  const runs = new Runs(redis);
  const [known, workers, failures, quarantined, memory, time] = await Promise.all([knownLanes(redis), livingWorkers(redis), runs.failures(), runs.allQuarantined(), memoryOf(redis), redis.time()]);
  const nowMs = Number(time[0]) * 1_000 + Math.floor(Number(time[1]) / 1_000);
  const all = await Promise.all([...known].map(([name, lane]) => laneState(redis, name, { lane, workers, nowMs })));
  const lanes = all.filter((lane) => lane.waiting + lane.running + lane.delayed + lane.workers > 0);
  const sum = (count: (lane: LaneState) => number): number => lanes.reduce((total, lane) => total + count(lane), 0);
  const ages = lanes.flatMap(({ oldestWaitingMs }) => oldestWaitingMs ?? []);
  return {
    tasks: { waiting: sum((lane) => lane.waiting), running: sum((lane) => lane.running), delayed: sum((lane) => lane.delayed), oldestWaitingMs: ages.length === 0 ? null : Math.max(...ages) },
    lanes,
    workers,
    failures,
    quarantined,
    memory,
  };
}

async function laneState(redis: Redis, name: string, context: { lane: Lane; workers: readonly WorkerReport[]; nowMs: number }): Promise<LaneState> {
  const { lane, workers, nowMs } = context;
  const key = (part: string): string => `${keyPrefix}:${name}:${part}`;
  const [prioritized, wait, running, delayed] = await Promise.all([redis.zcard(key('prioritized')), redis.llen(key('wait')), redis.llen(key('active')), redis.zcard(key('delayed'))]);
  const ids = [...(await redis.zrange(key('prioritized'), '0', String(mostAsked - 1))), ...(await redis.lrange(key('wait'), 0, mostAsked - 1))];
  const asked = redis.pipeline();
  for (const id of ids) asked.hget(key(id), 'timestamp');
  const times = ((await asked.exec()) ?? []).map(([, at]) => Number(at)).filter((at) => at > 0);
  return {
    name,
    tools: Object.keys(lane.tools),
    needs: lane.needs,
    version: lane.version,
    waiting: prioritized + wait,
    running,
    delayed,
    oldestWaitingMs: times.length === 0 ? null : Math.max(0, nowMs - times.reduce((first, at) => Math.min(first, at), Infinity)),
    workers: workers.filter((worker) => lackedBy(worker, lane) === undefined).length,
  };
}

/**
 * Has a quarantined task tried once more, or forgets it: then it is tried when somebody asks for it again.
 * @param start the first characters of its key
 * @throws {SnvgError} USAGE when none, or several, begin so
 */
export async function decideOn(connection: QueueConnection, start: string, decision: 'retry' | 'drop'): Promise<Quarantined> {
  const { bull, redis } = connection;
  const runs = new Runs(redis);
  const found = (await runs.allQuarantined()).filter(({ key }) => start.length >= 4 && key.startsWith(start));
  const [task] = found;
  if (!task) throw new SnvgError('USAGE', `No quarantined task has a key that begins with ${start}`, 'See them with: snvg queue');
  if (found.length > 1) throw new SnvgError('USAGE', `${found.length} quarantined tasks have keys that begin with ${start}`, 'Give more characters of the key.');
  const queue = new bull.Queue<JobData, null>(task.lane, { connection: redis, prefix: keyPrefix });
  queue.on('error', () => {});
  const job = await queue.getJob(task.key);
  await runs.lift(task.key);
  if (decision === 'drop') await job?.remove();
  else if (job && (await job.isFailed())) {
    // Whoever wants it hears nothing of this: without a wish of its own it would not be begun.
    await new Wants(redis).add([task.key], 'snvg queue retry');
    await job.retry('failed');
  }
  return task;
}
