import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { spreadOver } from '../../src/app/spread-over.js';
import { planJob } from '../../src/pipeline/plan.js';
import { readArtifact } from '../../src/pipeline/run-task.js';
import { Runner } from '../../src/pipeline/runner.js';
import { benchWorld } from './bench-world.js';
import { neededBytes } from './needed-bytes.js';
import { type Done, recorded } from './recorded-place.js';
import { replayed } from './replay.js';

export interface Film {
  path: string;
  clips: number | null;
  minLengthUs: number;
  maxLengthUs: number;
}

/** What a job on so many hosts came to. */
export interface JobOnHosts {
  hosts: number;
  tasks: number;
  movedTasks: number;
  /** Of all tasks, and of those that hosts did. */
  cpuSeconds: number;
  movedCpuSeconds: number;
  /** As it took on this machine, whose cores the hosts share. */
  wallSeconds: number;
  /** As the schedule would take with a core for each host. */
  ownCoresSeconds: number;
  sentBytes: number;
  neededBytes: number;
  /** Seconds that tasks spent on the way and in line at hosts before they started, together. */
  waitedSeconds: number;
}

const style = { captions: true, captionColor: '#FFFFFF', captionHighlight: '#FFE500', captionSizePx: 84, captionUppercase: false, crf: 20, preset: 'veryfast', loudnessLufs: -14 } as const;
/** This machine has two cores for what cannot leave. */
const coresHere = 2;

/** Does a whole job with the real backend on so many agents, with nothing known before. */
export async function jobOn(hosts: number, film: Film, dir: string): Promise<JobOnHosts> {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const world = await benchWorld(dir);
  const done: Done[] = [];
  const agents = world.agents(hosts);
  const backend = spreadOver({ host: world.host, slots: 2 * coresHere, takesShare: false, hosts: agents.map((agent) => recorded(agent, done)), supply: world.supply, memo: world.memo });
  const stayed: Done[] = [];
  const tasks = new Map<string, Parameters<typeof backend.submit>[0]>();
  const runner = new Runner({
    backend: {
      id: backend.id,
      // What stays is recorded where it is asked for.
      async *submit(task, options) {
        tasks.set(task.key, task);
        let startedMs = performance.now();
        for await (const event of backend.submit(task, options)) {
          if (event.type === 'started') startedMs = performance.now();
          if (event.type === 'finished' && !done.some(({ result }) => result.key === task.key)) stayed.push({ place: 'here', order: { task }, result: event.result, missingBytes: 0, givenMs: startedMs, startedMs, endedMs: performance.now() });
          yield event;
        }
      },
      capacity: () => backend.capacity(),
      close: () => backend.close(),
    },
    store: world.host.store,
    results: world.results,
    toolchain: world.toolchain,
    signal: stop.signal,
    emit: () => undefined,
    fingerprint: (path) => world.fingerprint(path),
  });
  // Hosts are there before the job begins: how long they take to connect is not what is measured.
  while (backend.status().places.some(({ isHere, state }) => !isHere && state !== 'ready')) await new Promise((resolve) => setTimeout(resolve, 50));
  const startedMs = performance.now();
  try {
    const outcome = await planJob(
      runner,
      { path: film.path, name: 'bench', sidecarDir: join(dir, 'nothing'), language: 'auto', audioTrack: null, useCaptions: false, clips: film.clips, minLengthUs: film.minLengthUs, maxLengthUs: film.maxLengthUs, formats: ['vertical'], style, cover: null, until: 'render' },
      { finishStage: () => undefined, sourceKnown: async () => undefined, selected: async () => undefined, editedCaptions: async () => undefined, clipReady: async () => undefined },
    );
    const [failure] = outcome.failures;
    if (failure) throw failure.error;
    const wallSeconds = (performance.now() - startedMs) / 1_000;
    const all = [...stayed, ...done];
    const doneAt = new Map(agents.map(({ name }) => [name, done.filter(({ place }) => place === name).map(({ result }) => tasks.get(result.key)).filter((task) => task !== undefined)]));
    return {
      hosts,
      tasks: all.length,
      movedTasks: done.length,
      cpuSeconds: all.reduce((sum, { result }) => sum + result.cpuSeconds, 0),
      movedCpuSeconds: done.reduce((sum, { result }) => sum + result.cpuSeconds, 0),
      wallSeconds,
      ownCoresSeconds: replayed(all, 'here', coresHere),
      sentBytes: agents.reduce((sum, { traffic }) => sum + traffic.sentBytes, 0),
      neededBytes: await neededBytes(doneAt, (ref) => readArtifact(world.host.store, ref)),
      waitedSeconds: done.reduce((sum, one) => sum + one.startedMs - one.givenMs, 0) / 1_000,
    };
  } finally {
    await runner.settle();
    await backend.close();
  }
}
