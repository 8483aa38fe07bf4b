import { createHash } from 'node:crypto';
import type { TaskResult } from '../../../src/artifacts/task-results.js';
import { createLogger } from '../../../src/logger.js';
import type { TaskEvent } from '../../../src/pipeline/backends/backend.js';
import { SpreadBackend } from '../../../src/pipeline/backends/spread/spread-backend.js';
import type { Task } from '../../../src/pipeline/task.js';
import type { WorkOrder } from '../../../src/pipeline/work-order.js';
import { type Nature, type PlaceTraits, SimulatedPlace, type World } from './simulated-place.js';
import { VirtualTimers } from './virtual-timers.js';

/** A task of a simulated job. */
export interface SimulatedTask extends Nature {
  name: string;
  op?: string;
  slots?: number;
  priority?: number;
  /** It cannot leave. */
  stays?: boolean;
  /** What its order says it takes; default: what it takes. */
  estimate?: number;
  memoryBytes?: number;
  /** Bytes of a file that only it reads. */
  inputBytes?: number;
  tools?: readonly string[];
}

/** The real backend in a simulated world. */
export class SimulatedRun {
  readonly timers = new VirtualTimers();
  readonly world: World = { timers: this.timers, natures: new Map(), stored: new Set(), log: [] };
  readonly here: SimulatedPlace;
  readonly hosts: readonly SimulatedPlace[];
  readonly backend: SpreadBackend;
  /** Results kept, by key, in the order in which they were. */
  readonly kept: string[] = [];
  readonly #results = new Map<string, TaskResult>();
  readonly #orders = new Map<string, WorkOrder>();

  constructor(hosts: readonly PlaceTraits[], options: { takesShare?: boolean; here?: Partial<PlaceTraits>; seed?: number } = {}) {
    this.here = new SimulatedPlace(this.world, { name: 'here', ...options.here, isHere: true });
    this.hosts = hosts.map((traits) => new SimulatedPlace(this.world, traits));
    let state = options.seed ?? 1;
    this.backend = new SpreadBackend({
      here: this.here,
      hosts: this.hosts,
      takesShare: options.takesShare ?? true,
      store: { has: (hash) => Promise.resolve(this.world.stored.has(hash)), materialize: (hash) => Promise.reject(new Error(`nothing of ${hash} lies here`)) },
      results: {
        get: (key) => Promise.resolve(this.#results.get(key)),
        put: (result) => {
          this.kept.push(result.key);
          this.#results.set(result.key, result);
          return Promise.resolve();
        },
      },
      orderOf: (task) => Promise.resolve(this.#orders.get(task.key)),
      log: createLogger('silent'),
      timers: this.timers,
      random: () => {
        // A linear congruential generator (Numerical Recipes): enough to vary pauses the same way each time.
        state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
        return state / 4_294_967_296;
      },
    });
  }

  /** Runs one task; resolves with the events of its run. */
  async run(given: SimulatedTask, signal = new AbortController().signal): Promise<TaskEvent[]> {
    const task = this.#describe(given);
    const events: TaskEvent[] = [];
    for await (const event of this.backend.submit(task, { signal })) events.push(event);
    return events;
  }

  /** Runs all at once, in simulated time. */
  all(tasks: readonly SimulatedTask[], limitMs?: number): Promise<PromiseSettledResult<TaskEvent[]>[]> {
    return this.timers.until(Promise.allSettled(tasks.map((task) => this.run(task))), limitMs);
  }

  close(): Promise<void> {
    return this.timers.until(this.backend.close());
  }

  startsAt(place: string): string[] {
    return this.world.log.filter((entry) => entry.what === 'started' && entry.place === place).map(({ key }) => key);
  }

  #describe({ name, op = 'render.clip', slots = 2, priority = 0, stays, estimate, memoryBytes = 0, inputBytes = 0, tools = [], ...nature }: SimulatedTask): Task {
    const task: Task = { key: name, op, stage: 'render', params: {}, inputs: {}, label: name, priority, slots };
    this.world.natures.set(name, nature);
    const parts = inputBytes > 0 ? [{ sha256: createHash('sha256').update(`in ${name}`).digest('hex'), sizeBytes: inputBytes, ranges: [{ startByte: 0, endByte: inputBytes }] }] : [];
    if (!stays) this.#orders.set(name, { task, parts, cpuSeconds: estimate ?? nature.cpuSeconds, memoryBytes, tools });
    return task;
  }
}
