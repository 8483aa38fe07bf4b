import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { SshConnection } from '../../pipeline/backends/ssh/ssh-connection.js';
import { reached } from './look-at-host.js';

const echoes = 5;
/** Enough for a gigabit network to come up to speed, little enough for a slow one to end by the time below. */
const mostBytes = 32 * 2 ** 20;
const longestMs = 3_000;

/**
 * How fast the way to a host is: the median time of one byte there and back, and the bytes a second that arrive there.
 * @throws {SnvgError} REMOTE_UNAVAILABLE, REMOTE_REFUSED
 */
export function measureNetwork(connection: SshConnection, signal: AbortSignal): Promise<{ latencyMs: number; bytesPerSecond: number }> {
  return reached(connection, async () => ({ latencyMs: await measureLatency(connection, signal), bytesPerSecond: await measureBandwidth(connection, signal) }));
}

async function measureLatency(connection: SshConnection, signal: AbortSignal): Promise<number> {
  const session = await connection.open('exec cat', { signal });
  try {
    const times: number[] = [];
    for (let count = 0; count < echoes; count += 1) {
      const startedMs = performance.now();
      session.write.write('.');
      if ((await Promise.race([once(session.read, 'data').then(() => 'back'), session.ended.then(() => 'ended')])) === 'ended') throw new Error('the connection broke off while it was measured');
      times.push(performance.now() - startedMs);
    }
    return times.toSorted((a, b) => a - b)[Math.floor(echoes / 2)] ?? 0;
  } finally {
    session.write.end();
    await session.ended;
  }
}

async function measureBandwidth(connection: SshConnection, signal: AbortSignal): Promise<number> {
  // What can be compressed on the way would look faster than films are.
  const block = randomBytes(256 * 1024);
  const session = await connection.open('exec cat > /dev/null', { signal });
  const startedMs = performance.now();
  let sentBytes = 0;
  const ended = session.ended.then(() => 'ended' as const);
  while (sentBytes < mostBytes && performance.now() - startedMs < longestMs) {
    if (!session.write.write(block) && (await Promise.race([once(session.write, 'drain'), ended])) === 'ended') break;
    sentBytes += block.length;
  }
  session.write.end();
  // Its end says that all has arrived.
  await session.ended;
  return Math.max(1, Math.round((sentBytes / Math.max(1, performance.now() - startedMs)) * 1000));
}
