import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../fuzz/random.js';
import { processesOf, program } from './whole-job.js';
import { startRedis } from '../support/redis.js';
import type { Field } from './field.js';

/** Longer than a lock lasts that is not renewed. */
const longSleepMs = 40_000;

interface Worker {
  readonly home: string;
  child: ChildProcess | undefined;
}

/** Three workers at a real Redis, with a folder that all of them see. */
export async function queueField(): Promise<Field> {
  const dir = mkdtempSync(join(tmpdir(), 'snvg-chaos-queue-'));
  const redis = await startRedis();
  const store = join(dir, 'store');
  const workers: Worker[] = ['w1', 'w2', 'w3'].map((name) => ({ home: join(dir, name), child: undefined }));
  const start = (worker: Worker): void => {
    mkdirSync(worker.home, { recursive: true });
    const env = { PATH: process.env['PATH'] ?? '', HOME: worker.home, SNVG_HOME: worker.home };
    worker.child = spawn(process.execPath, [program, 'worker', '--queue', redis.url, '--store', store, '--concurrency', '1'], { cwd: worker.home, env, stdio: 'ignore' });
  };
  const end = async (worker: Worker): Promise<void> => {
    for (let round = 0; round < 20; round += 1) {
      const pids = [...processesOf(worker.home).keys()];
      if (pids.length === 0) return;
      for (const pid of pids) signal(pid, 'SIGKILL');
      await pause(50);
    }
  };
  const restart = async (worker: Worker): Promise<void> => {
    await end(worker);
    start(worker);
  };
  const some = (random: Random): Worker => random.pick(workers);
  const agents = (worker: Worker): number[] => [...processesOf(worker.home)].filter(([, command]) => command.includes('--stdio')).map(([pid]) => pid);
  for (const worker of workers) start(worker);
  return {
    name: 'queue',
    namesApart: false,
    args: ['--backend', 'queue', '--queue', redis.url, '--store', store],
    env: {},
    marks: workers.map(({ home }) => home),
    folders: [store, ...workers.map(({ home }) => home)],
    faults: {
      'worker killed, started again': async (random) => {
        const worker = some(random);
        signal(worker.child?.pid, 'SIGKILL');
        await pause(500);
        await restart(worker);
      },
      'worker killed with all it started': async (random) => {
        const worker = some(random);
        await end(worker);
        await pause(2_000);
        start(worker);
      },
      'agent killed': async (random) => agents(some(random)).forEach((pid) => signal(pid, 'SIGKILL')),
      'ffmpeg killed': async (random) => {
        for (const [pid, command] of processesOf(some(random).home)) if (command.includes('ffmpeg')) signal(pid, 'SIGKILL');
      },
      'worker told to end, started again': async (random) => {
        const worker = some(random);
        signal(worker.child?.pid, 'SIGTERM');
        await pause(1_000);
        await restart(worker);
      },
      'worker asleep for a moment': (random) => asleep(some(random), 2_000),
      'worker asleep past its lock': (random) => asleep(some(random), longSleepMs),
      'Redis killed, started again': async () => {
        await redis.kill();
        await pause(1_000);
        await redis.start();
      },
      'Redis full for a while': async () => {
        await redis.fill();
        await pause(1_500);
        await redis.unfill();
      },
    },
    reset: async () => {
      for (const worker of workers) await end(worker);
      await redis.client.flushall();
      rmSync(store, { recursive: true, force: true });
      mkdirSync(store);
      for (const worker of workers) {
        rmSync(worker.home, { recursive: true, force: true });
        start(worker);
      }
    },
    // An agent keeps its loaded models between tasks; what tasks start beside them is to be gone.
    residents: () => new Set(workers.flatMap(({ home }) => [...processesOf(home)].filter(([, command]) => command.startsWith(process.execPath)).map(([pid]) => pid))),
    close: async () => {
      for (const worker of workers) await end(worker);
      await redis.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function asleep(worker: Worker, durationMs: number): Promise<void> {
  const pid = worker.child?.pid;
  signal(pid, 'SIGSTOP');
  await pause(durationMs);
  signal(pid, 'SIGCONT');
}

function signal(pid: number | undefined, kind: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(pid, kind);
  } catch {
    // It ended by itself in between.
  }
}
