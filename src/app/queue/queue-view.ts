import { SnvgError } from '../../errors.js';
import type { Settings } from '../../config/options.js';
import { createLogger } from '../../logger.js';
import { openQueue } from '../../pipeline/backends/queue/connection.js';
import type { Quarantined } from '../../pipeline/backends/queue/runs.js';
import { decideOn, queueState, type QueueState } from '../../pipeline/backends/queue/view.js';

/** How the queue stands. @throws {SnvgError} QUEUE_UNAVAILABLE, QUEUE_UNSAFE */
export async function lookAtQueue(url: string, logLevel: Settings['logLevel']): Promise<QueueState & { shown: string }> {
  const connection = await openQueue(url, createLogger(logLevel));
  try {
    return { shown: connection.shown, ...(await queueState(connection)) };
  } finally {
    await connection.close();
  }
}

/** @throws {SnvgError} QUEUE_UNAVAILABLE, QUEUE_UNSAFE, USAGE */
export async function decideOnTask(url: string, task: string, decision: 'retry' | 'drop', logLevel: Settings['logLevel']): Promise<Quarantined> {
  const connection = await openQueue(url, createLogger(logLevel));
  try {
    return await decideOn(connection, task, decision);
  } finally {
    await connection.close();
  }
}

/** The address in the settings. @throws {SnvgError} USAGE when there is none */
export function requireQueue(queue: string | null): string {
  if (queue !== null) return queue;
  throw new SnvgError('USAGE', 'No queue is named', 'Give the Redis with --queue redis://host:6379, or as SNVG_QUEUE.');
}
