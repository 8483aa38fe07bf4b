import { createHash } from 'node:crypto';
import type { TaskResult } from '../../../src/artifacts/task-results.js';
import { bytesIn } from '../../../src/artifacts/byte-range.js';
import type { Slots } from '../../../src/pipeline/backends/backend.js';
import { Incompatible, type Place, PlaceFault, type PlaceState } from '../../../src/pipeline/backends/place.js';
import type { RunListener } from '../../../src/pipeline/backends/shared-run.js';
import type { WorkOrder } from '../../../src/pipeline/work-order.js';
import type { VirtualTimers } from './virtual-timers.js';

/** What tasks really take, and whether they fail by themselves; their orders only estimate it. */
export interface Nature {
  cpuSeconds: number;
  fails?: boolean;
}

export interface World {
  timers: VirtualTimers;
  /** By task key. */
  natures: Map<string, Nature>;
  /** Hashes in the store of this machine. */
  stored: Set<string>;
  /** What happened, in order. */
  log: { atMs: number; what: 'given' | 'started' | 'ended'; place: string; key: string }[];
}

export interface PlaceTraits {
  name: string;
  isHere?: boolean;
  slots?: number;
  speed?: number;
  memoryBytes?: number;
  bytesPerSecond?: number;
  /** Tools of orders that it has not. */
  without?: readonly string[];
}

/** What is the matter with a place. */
export type Trouble =
  /** Its connection breaks, and cannot be made until it is over. */
  | 'lost'
  /** It is connected, but whatever it is given fails. */
  | 'broken'
  /** It takes tasks and says nothing, until its link gives it up. */
  | 'mute'
  | 'full'
  /** It says that it cannot do what it is given, as it is. */
  | 'unfit'
  /** It says that it has made what it has not. */
  | 'lying'
  /** It will never do. */
  | 'refusing';

interface Waiting {
  priority: number;
  slots: number;
  start: () => void;
}

/** A machine of a simulated world: it takes the time its speed and link say, and goes wrong when it is told to. */
export class SimulatedPlace implements Place {
  readonly name: string;
  readonly memoryBytes: number;
  readonly traffic = { sentBytes: 0, receivedBytes: 0 };
  readonly #world: World;
  readonly #traits: Required<PlaceTraits>;
  readonly #files = new Set<string>();
  readonly #lines: Waiting[] = [];
  #connected = new AbortController();
  #state: PlaceState;
  #trouble: Trouble | undefined;
  #used = 0;
  /** Runs that have not settled. */
  active = 0;
  closed = false;

  constructor(world: World, traits: PlaceTraits) {
    this.#world = world;
    this.#traits = { isHere: false, slots: 2, speed: 1, memoryBytes: Number.POSITIVE_INFINITY, bytesPerSecond: 50e6, without: [], ...traits };
    this.name = traits.name;
    this.memoryBytes = this.#traits.memoryBytes;
    this.#state = this.#traits.isHere ? 'ready' : 'connecting';
  }

  get state(): PlaceState {
    return this.#state;
  }

  get problem(): Place['problem'] {
    return this.#state === 'ready' ? undefined : { message: `${this.name} is ${this.#trouble ?? 'away'}`, remedy: 'Wait.' };
  }

  /** Something goes wrong from now on, or no longer. */
  set trouble(trouble: Trouble | undefined) {
    this.#trouble = trouble;
    if (this.#traits.isHere || (trouble !== 'lost' && trouble !== 'refusing') || this.#state !== 'ready') return;
    this.#state = trouble === 'lost' ? 'lost' : 'refused';
    this.#connected.abort(new PlaceFault('network', `${this.name} was cut off`, 'Wait.'));
  }

  capacity(): Slots {
    return { total: this.#traits.slots, free: this.#traits.slots - this.#used };
  }

  lacks(order: WorkOrder): string | undefined {
    const missing = order.tools.find((tool) => this.#traits.without.includes(tool));
    return missing === undefined ? undefined : `another ${missing}`;
  }

  missingBytes(order: WorkOrder): number {
    if (this.#traits.isHere) return 0;
    return order.parts.reduce((sum, part) => sum + (this.#files.has(part.sha256) ? 0 : bytesIn(part.ranges)), 0);
  }

  async connect(signal: AbortSignal): Promise<void> {
    if (this.closed) throw new Error(`${this.name} is connected after it was closed`);
    this.#state = 'connecting';
    await this.#world.timers.sleep(300, signal);
    if (this.#trouble === 'refusing') {
      this.#state = 'refused';
      throw new PlaceFault('host', `${this.name} runs another version`, 'Install this one.');
    }
    if (this.#trouble === 'lost') {
      this.#state = 'lost';
      throw new PlaceFault('network', `${this.name} does not answer`, 'Wait.');
    }
    this.#connected = new AbortController();
    this.#state = 'ready';
  }

  async run(order: WorkOrder, { signal, listener }: { signal: AbortSignal; listener: RunListener }): Promise<TaskResult> {
    if (this.closed) throw new Error(`${this.name} is given a task after it was closed`);
    if (this.#state !== 'ready') throw new PlaceFault('network', `${this.name} is not connected`, 'Wait.');
    this.active += 1;
    const { key } = order.task;
    this.#note('given', key);
    const stop = AbortSignal.any([signal, this.#connected.signal]);
    try {
      return await this.#serve(order, stop, listener);
    } finally {
      this.active -= 1;
      this.#note('ended', key);
    }
  }

  async #serve(order: WorkOrder, stop: AbortSignal, listener: RunListener): Promise<TaskResult> {
    const { task } = order;
    const slots = Math.min(task.slots, this.#traits.slots);
    const missing = this.missingBytes(order);
    this.traffic.sentBytes += missing;
    if (missing > 0) await this.#world.timers.sleep((missing / this.#traits.bytesPerSecond) * 1_000, stop);
    for (const { sha256 } of order.parts) this.#files.add(sha256);
    await this.#slotsFor(task.priority, slots, stop);
    try {
      if (this.#trouble === 'mute') {
        await this.#world.timers.sleep(600_000, stop);
        throw new PlaceFault('host', `${this.name} gave no sign of life`, 'Look at it.');
      }
      listener({ type: 'started' });
      this.#note('started', task.key);
      const nature = this.#world.natures.get(task.key) ?? { cpuSeconds: order.cpuSeconds };
      if (this.#trouble === 'broken') throw new PlaceFault('host', `${this.name} is broken`, 'Mend it.');
      if (this.#trouble === 'unfit') throw new Incompatible(`${this.name} makes another key of it`, 'Install the same.');
      if (this.#trouble === 'full') throw new PlaceFault('capacity', `${this.name} is full`, 'Make room.');
      await this.#world.timers.sleep((nature.cpuSeconds / this.#traits.speed) * 1_000, stop);
      if (nature.fails) throw new TypeError(`${task.key} fails by itself`);
      return this.#resultOf(task.key, task.op, nature);
    } finally {
      this.#used -= slots;
      this.#next();
    }
  }

  #resultOf(key: string, op: string, nature: Nature): TaskResult {
    const hash = createHash('sha256').update(key).digest('hex');
    if (this.#trouble !== 'lying') this.#world.stored.add(hash);
    this.traffic.receivedBytes += 100;
    return { key, op, outputs: { part: { kind: 'clip', hash: this.#trouble === 'lying' ? 'nowhere' : hash, sizeBytes: 100 } }, notices: [], cpuSeconds: nature.cpuSeconds, wallMs: 0 };
  }

  async close(): Promise<void> {
    this.closed = true;
    this.#connected.abort(new PlaceFault('network', `${this.name} was closed`, 'Wait.'));
    if (!this.#traits.isHere) this.#state = 'lost';
    await Promise.resolve();
  }

  #slotsFor(priority: number, slots: number, stop: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (stop.aborted) {
        reject(stop.reason);
        return;
      }
      const leave = (): void => {
        this.#lines.splice(this.#lines.indexOf(waiting), 1);
        reject(stop.reason);
        this.#next();
      };
      const waiting: Waiting = {
        priority,
        slots,
        start: () => {
          stop.removeEventListener('abort', leave);
          resolve();
        },
      };
      stop.addEventListener('abort', leave, { once: true });
      this.#lines.push(waiting);
      this.#next();
    });
  }

  #next(): void {
    for (;;) {
      const [first] = this.#lines.toSorted((a, b) => b.priority - a.priority);
      if (!first || this.#used + first.slots > this.#traits.slots) return;
      this.#lines.splice(this.#lines.indexOf(first), 1);
      this.#used += first.slots;
      first.start();
    }
  }

  #note(what: World['log'][number]['what'], key: string): void {
    this.#world.log.push({ atMs: this.#world.timers.nowMs(), what, place: this.name, key });
  }
}
