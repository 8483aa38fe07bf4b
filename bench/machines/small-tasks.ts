import { silentOperation } from '../../src/pipeline/transcribe/silent-operation.js';
import { HerePlace } from '../../src/pipeline/backends/spread/here-place.js';
import { SpreadBackend } from '../../src/pipeline/backends/spread/spread-backend.js';
import { type Task, taskKey } from '../../src/pipeline/task.js';
import { benchWorld } from './bench-world.js';

/** What the coordinator spent on tasks that take nearly nothing. */
export interface SmallTasks {
  tasks: number;
  hosts: number;
  /** Of this process alone, user and system. */
  cpuMsPerTask: number;
  wallSeconds: number;
}

/** Has two agents do tasks that read nothing and make two small artifacts, over real links; before that a few, until everything is loaded. */
export async function smallTasks(count: number, dir: string): Promise<SmallTasks> {
  const world = await benchWorld(dir);
  const hosts = world.agents(2);
  const backend = new SpreadBackend({
    here: new HerePlace({ name: 'here', host: world.host, slots: 2, memoryBytes: Number.POSITIVE_INFINITY }),
    hosts,
    takesShare: false,
    store: world.host.store,
    results: world.host.results,
    // The operation stays here in earnest: it takes less time than its way. Here its way is what is measured.
    orderOf: (task) => Promise.resolve({ task, parts: [], cpuSeconds: 0.01, memoryBytes: 0, tools: [] }),
    log: world.host.log,
  });
  const done = async (from: number, to: number): Promise<void> => {
    await Promise.all(
      Array.from({ length: to - from }, async (_, i) => {
        const params = { durationUs: from + i + 1 };
        const task: Task = { key: taskKey(silentOperation, params, {}, world.toolchain), op: silentOperation.id, stage: 'transcribe', params, inputs: {}, label: 'small', priority: 0, slots: 1 };
        for await (const event of backend.submit(task, { signal: new AbortController().signal })) void event;
      }),
    );
  };
  try {
    await done(0, 40);
    const startedMs = performance.now();
    const before = process.cpuUsage();
    await done(40, 40 + count);
    const { user, system } = process.cpuUsage(before);
    return { tasks: count, hosts: hosts.length, cpuMsPerTask: (user + system) / 1_000 / count, wallSeconds: (performance.now() - startedMs) / 1_000 };
  } finally {
    await backend.close();
  }
}
