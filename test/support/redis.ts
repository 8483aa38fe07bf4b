import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

/** Why tests with a real Redis cannot run here, or undefined. In CI it is there (script/test installs it). */
export const noRedis = hasRedis() ? undefined : 'no redis-server on PATH';
if (noRedis && process.env['CI'] === 'true') throw new Error('the queue is tested with a real redis-server, which is not installed here');

export interface RedisServer {
  /** `redis://127.0.0.1:<port>`, with the password when one was given. */
  readonly url: string;
  readonly port: number;
  /** A connection of the test's own. */
  readonly client: Redis;
  /** Ends it as a power cut would. What was acknowledged a second ago is on disk. */
  kill(): Promise<void>;
  /** Starts it again on the same port with what is on its disk. */
  start(): Promise<void>;
  /** Fills its memory up to its limit: whoever wants to write is refused. */
  fill(): Promise<void>;
  /** Gives back what `fill` took. */
  unfill(): Promise<void>;
  close(): Promise<void>;
}

/** A real redis-server on a free port of loopback, with an append-only file in a folder of its own. */
export async function startRedis(options: { password?: string; config?: readonly string[] } = {}): Promise<RedisServer> {
  const dir = mkdtempSync(join(tmpdir(), 'snvg-redis-'));
  const port = await freePort();
  const own = options.password === undefined ? {} : { password: options.password };
  const client = new Redis({ port, host: '127.0.0.1', lazyConnect: true, maxRetriesPerRequest: null, retryStrategy: () => 50, ...own });
  client.on('error', () => {});
  let server: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const memory = ['--maxmemory', '64mb', '--maxmemory-policy', 'noeviction'];
    const durable = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''];
    const secret = options.password === undefined ? [] : ['--requirepass', options.password];
    server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, ...durable, ...memory, ...secret, ...(options.config ?? [])], { stdio: 'ignore' });
    for (let tries = 0; tries < 200 && !(await answers(port, options.password)); tries += 1) await new Promise((resolve) => setTimeout(resolve, 25));
  };
  const kill = async (): Promise<void> => {
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  };
  await start();
  await client.connect();
  return {
    url: `redis://${options.password === undefined ? '' : `:${encodeURIComponent(options.password)}@`}127.0.0.1:${port}`,
    port,
    client,
    kill,
    start,
    fill: async () => {
      const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
      await client.set('filler', Buffer.alloc(2 * 2 ** 20));
      await client.config('SET', 'maxmemory', String(used));
    },
    unfill: async () => {
      await client.config('SET', 'maxmemory', '64mb');
      await client.del('filler');
    },
    close: async () => {
      client.disconnect();
      await kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function answers(port: number, password: string | undefined): Promise<boolean> {
  const probe = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: () => null, ...(password === undefined ? {} : { password }) });
  probe.on('error', () => {});
  try {
    await probe.connect();
    return (await probe.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    probe.disconnect();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function hasRedis(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
