import { setMaxListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import type { ArtifactStore } from '../../../artifacts/store.js';
import type { TaskResult, TaskResults } from '../../../artifacts/task-results.js';
import type { Logger } from '../../../logger.js';
import { isComplete } from '../../known-result.js';
import type { Notice } from '../../notice.js';
import type { Task } from '../../task.js';
import type { WorkOrder } from '../../work-order.js';
import type { Backend, Slots, TaskEvent } from '../backend.js';
import { type Blame, Incompatible, type Place, PlaceFault } from '../place.js';
import type { RunEnd, RunListener } from '../shared-run.js';
import { type Shared, Sharing, type Turn } from '../sharing.js';
import { Given } from './given.js';
import { explainHopeless } from './hopeless.js';
import { type Decision, Scheduler } from './scheduler.js';
import type { PlaceStatus, SpreadStatus } from './spread-status.js';
import { systemTimers, type Timers } from './timers.js';

/** How long tasks wait for a host when none takes work and this machine does not either. */
const patienceMs = 120_000;
/** A place that neither connects nor fails in this time is taken for one that cannot be reached. */
const connectMs = 60_000;

export interface SpreadOptions {
  /** This machine, where everything runs that cannot leave. */
  here: Place;
  hosts: readonly Place[];
  /** Whether this machine takes its share of what could be done elsewhere. */
  takesShare: boolean;
  store: Pick<ArtifactStore, 'has' | 'materialize'>;
  results: Pick<TaskResults, 'get' | 'put'>;
  claims?: Shared['claims'];
  /** What another machine needs for a task; undefined: it stays here. */
  orderOf(task: Task, signal: AbortSignal): Promise<WorkOrder | undefined>;
  log: Logger;
  timers?: Timers;
  /** Evenly from 0 up to 1. */
  random?: () => number;
}

interface Running {
  given: Given;
  place: Place;
  stop: AbortController;
  givenMs: number;
  startedMs: number | undefined;
  fraction: number;
}

interface Tally {
  done: number;
  cpuSeconds: number;
  failures: Record<Blame, number>;
  firstMs: number | undefined;
}

/**
 * Runs tasks on this machine and on others. What is decided, the scheduler decides; here it is done: places are connected, tasks given to them,
 * the first result of a task is kept, and what went wrong is told apart by whose fault it was.
 */
export class SpreadBackend implements Backend {
  readonly id = 'spread';
  readonly #options: SpreadOptions;
  readonly #timers: Timers;
  readonly #scheduler: Scheduler;
  readonly #sharing: Sharing;
  readonly #places: ReadonlyMap<string, Place>;
  readonly #given = new Map<string, Given>();
  readonly #running = new Map<number, Running>();
  readonly #tallies = new Map<string, Tally>();
  /** Attempts and connections that have not settled. */
  readonly #open = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  /** To be said with the next task. */
  readonly #unsaid: Omit<Notice, 'stage'>[] = [];
  readonly #said = new Set<string>();
  #wake: (() => void) | undefined;
  #ids = 0;
  #isActing = false;

  constructor(options: SpreadOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#sharing = new Sharing(options);
    this.#places = new Map([options.here, ...options.hosts].map((place) => [place.name, place]));
    for (const name of this.#places.keys()) this.#tallies.set(name, { done: 0, cpuSeconds: 0, failures: { host: 0, network: 0, capacity: 0 }, firstMs: undefined });
    setMaxListeners(0, this.#closing.signal);
    this.#scheduler = new Scheduler(
      {
        here: { name: options.here.name, slots: options.here.capacity().total },
        hosts: options.hosts.map(({ name }) => name),
        takesShare: options.takesShare,
        patienceMs,
        random: options.random ?? Math.random,
        ask: {
          lacks: (place, task) => this.#ask(place, task, (asked, order) => this.#lacks(asked, order)),
          missingBytes: (place, task) => this.#ask(place, task, (asked, order) => asked.missingBytes(order)) ?? 0,
        },
      },
      this.#timers.nowMs(),
    );
    this.#act();
  }

  submit(task: Task, options: { signal: AbortSignal }): AsyncIterable<TaskEvent> {
    return this.#sharing.submit(task, options.signal, (turn, signal, tell) => this.#takeTurn(task, turn, signal, tell));
  }

  capacity(): Slots {
    const ready = [...this.#places.values()].filter(({ state }) => state === 'ready').map((place) => place.capacity());
    return { total: ready.reduce((sum, { total }) => sum + total, 0), free: ready.reduce((sum, { free }) => sum + free, 0) };
  }

  /** Stops what still runs, and ends all connections. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the backend was closed'));
    this.#wake?.();
    for (const given of this.#given.values()) given.fail(this.#closing.signal.reason);
    for (const { stop } of this.#running.values()) stop.abort(this.#closing.signal.reason);
    await Promise.allSettled(this.#options.hosts.map((place) => place.close()));
    while (this.#open.size > 0) await Promise.allSettled(this.#open);
    await this.#options.here.close();
  }

  status(): SpreadStatus {
    const nowMs = this.#timers.nowMs();
    return { nowMs, waiting: this.#scheduler.waiting, places: this.#scheduler.places(nowMs).map((known) => this.#statusOf(known, nowMs)) };
  }

  async #takeTurn(task: Task, turn: Turn, signal: AbortSignal, tell: RunListener): Promise<RunEnd | undefined> {
    signal.throwIfAborted();
    this.#closing.signal.throwIfAborted();
    const given = new Given(`${this.#ids++}`, task, tell);
    const leave = (): void => {
      given.fail(signal.reason);
      this.#scheduler.removeTask(given.id);
      this.#act();
    };
    signal.addEventListener('abort', leave, { once: true });
    this.#given.set(given.id, given);
    this.#scheduler.addTask({ id: given.id, op: task.op, priority: task.priority, slots: task.slots });
    this.#follow(this.#makeOrder(given, signal));
    this.#act();
    try {
      await given.chosen;
      return await turn(() => given.go());
    } finally {
      signal.removeEventListener('abort', leave);
      given.fail(new Error('the task is wanted no more'));
      this.#scheduler.removeTask(given.id);
      this.#act();
      // Whoever stops a task may rely on it that nothing of it runs any more.
      if (signal.aborted) await given.over();
      this.#given.delete(given.id);
    }
  }

  async #makeOrder(given: Given, signal: AbortSignal): Promise<void> {
    try {
      given.order = await this.#options.orderOf(given.task, signal);
    } catch (error) {
      // Whatever keeps its inputs from being found will be said by the task itself, in its own words.
      if (!signal.aborted) this.#options.log.info({ task: given.task.key.slice(0, 12), error }, 'the task stays on this machine: what another would need cannot be told');
    }
    this.#scheduler.setNeed(given.id, given.order ?? 'here');
    this.#act();
  }

  /** Has done what the scheduler wants done, once for all that happens at this moment. */
  #act(): void {
    if (this.#isActing) return;
    this.#isActing = true;
    queueMicrotask(() => {
      this.#isActing = false;
      this.#actNow();
    });
  }

  /** Does what the scheduler wants done now, and sees to it that it is asked again in time. */
  #actNow(): void {
    if (this.#closing.signal.aborted) return;
    this.#noteLosses();
    const { decisions, wakeAtMs } = this.#scheduler.decide(this.#timers.nowMs());
    for (const decision of decisions) this.#carryOut(decision);
    this.#wake?.();
    this.#wake = wakeAtMs === undefined ? undefined : this.#timers.at(wakeAtMs, () => this.#act());
  }

  #carryOut(decision: Decision): void {
    if (decision.type === 'start') this.#start(decision);
    else if (decision.type === 'cancel') this.#running.get(decision.attempt)?.stop.abort(new Error('not wanted here any more'));
    else if (decision.type === 'connect') this.#follow(this.#connect(this.#placeNamed(decision.place)));
    else {
      const given = this.#given.get(decision.task);
      const cure = this.#options.hosts.find(({ problem }) => problem)?.problem?.remedy;
      given?.fail(explainHopeless(decision.why, given.task.label, cure));
    }
  }

  #start({ attempt, task, place: name }: Extract<Decision, { type: 'start' }>): void {
    const given = this.#given.get(task);
    const place = this.#placeNamed(name);
    if (!given) return this.#scheduler.ended(attempt);
    const nowMs = this.#timers.nowMs();
    const running: Running = { given, place, stop: new AbortController(), givenMs: nowMs, startedMs: undefined, fraction: 0 };
    setMaxListeners(0, running.stop.signal);
    this.#running.set(attempt, running);
    const tally = this.#tallyOf(place);
    tally.firstMs ??= nowMs;
    const over = this.#attempt(attempt, running).finally(() => {
      this.#running.delete(attempt);
      this.#scheduler.ended(attempt);
      this.#act();
    });
    given.follow(over);
    this.#follow(over);
    given.choose();
  }

  async #attempt(id: number, running: Running): Promise<void> {
    const { given, place, stop } = running;
    try {
      await given.begun;
      stop.signal.throwIfAborted();
      const result = await place.run(this.#orderFor(given, place), { signal: stop.signal, listener: (event) => this.#hear(id, running, event) });
      if (place !== this.#options.here) await this.#verify(given.task, result, place);
      await this.#keep(id, running, result);
    } catch (error) {
      // What a lost connection carried may fail a moment before the place says that it is lost.
      if (error instanceof PlaceFault && error.blame === 'network') await setImmediate();
      this.#fault(id, running, error);
    }
  }

  /** A place that says it has finished what it has not is as bad as one that failed. */
  async #verify(task: Task, result: TaskResult, place: Place): Promise<void> {
    if (result.key === task.key && result.op === task.op && (await isComplete(result, this.#options.store))) return;
    throw new PlaceFault('host', `${place.name} gave a result without what belongs to it`, `Look at it with snvg hosts test ${place.name}.`);
  }

  /** The first result is the task's. */
  async #keep(id: number, { given, place }: Running, result: TaskResult): Promise<void> {
    if (!given.end()) return;
    const tally = this.#tallyOf(place);
    tally.done += 1;
    tally.cpuSeconds += result.cpuSeconds;
    this.#scheduler.succeeded(id, given.id, this.#timers.nowMs());
    this.#act();
    try {
      await this.#options.results.put(result);
      given.resolve(result);
    } catch (error) {
      given.reject(error);
    }
  }

  #fault(id: number, { given, place, stop }: Running, error: unknown): void {
    if (stop.signal.aborted || given.hasEnded) return;
    if (!(error instanceof PlaceFault) || place === this.#options.here) {
      given.fail(error);
      this.#scheduler.removeTask(given.id);
      return;
    }
    if (error instanceof Incompatible) {
      this.#say({ code: 'HOST_LACKS', severity: 'info', message: `${place.name} does not do ${given.task.op}: ${error.message}`, remedy: error.remedy });
      this.#scheduler.unfit(id);
      return;
    }
    this.#tallyOf(place).failures[error.blame] += 1;
    this.#options.log.info({ task: given.task.key.slice(0, 12), op: given.task.op, host: place.name, blame: error.blame, reason: error.message }, 'a task did not end where it was given');
    // A lost connection fails everything it carried: it counts once, as the loss of the place.
    this.#noteLosses();
    this.#scheduler.faulted(id, error.blame, error.message, this.#timers.nowMs());
  }

  #hear(id: number, running: Running, event: Parameters<RunListener>[0]): void {
    const { given, place, stop } = running;
    if (stop.signal.aborted || given.hasEnded) return;
    if (event.type === 'started') {
      running.startedMs ??= this.#timers.nowMs();
      this.#scheduler.started(id, this.#timers.nowMs());
      given.tell(place === this.#options.here ? event : { ...event, host: place.name });
      this.#sayTo(given);
      return;
    }
    if (event.type === 'progress') {
      running.fraction = event.fraction;
      this.#scheduler.progressed(id, event.fraction);
    }
    given.tell(event);
  }

  async #connect(place: Place): Promise<void> {
    const stop = new AbortController();
    const cancel = this.#timers.at(this.#timers.nowMs() + connectMs, () => stop.abort(new PlaceFault('network', `${place.name} did not answer in ${connectMs / 1_000} s`, `Look at it with snvg hosts test ${place.name}.`)));
    try {
      await place.connect(AbortSignal.any([stop.signal, this.#closing.signal]));
      this.#scheduler.placeReady(place.name, { slots: place.capacity().total, memoryBytes: place.memoryBytes });
    } catch (error) {
      const { message, remedy } = place.problem ?? { message: error instanceof Error ? error.message : String(error), remedy: `Look at it with snvg hosts test ${place.name}.` };
      this.#options.log.info({ host: place.name, state: place.state, reason: message }, 'a host could not be connected');
      if (place.state === 'refused') {
        this.#scheduler.placeRefused(place.name, message);
        this.#say({ code: 'HOST_UNUSABLE', severity: 'info', message: `${place.name} takes no work: ${message}`, remedy });
      } else this.#scheduler.placeLost(place.name, message, this.#timers.nowMs());
    } finally {
      cancel();
    }
    this.#act();
  }

  /** Places say that they are lost only when they are looked at. */
  #noteLosses(): void {
    for (const { name, state } of this.#scheduler.places(this.#timers.nowMs())) {
      const place = this.#placeNamed(name);
      if (state !== 'ready' || place.state === 'ready') continue;
      const problem = place.problem?.message ?? 'the connection was lost';
      if (place.state === 'refused') this.#scheduler.placeRefused(name, problem);
      else this.#scheduler.placeLost(name, problem, this.#timers.nowMs());
    }
  }

  /** What a host lacks is said once: what runs here because of it would otherwise look like a fault. */
  #lacks(place: Place, order: WorkOrder): string | undefined {
    const lack = place.lacks(order);
    if (lack !== undefined) this.#say({ code: 'HOST_LACKS', severity: 'info', message: `${place.name} does not do ${order.task.op}: ${lack}`, remedy: `snvg hosts test ${place.name} says what to install there; the work is done elsewhere.` });
    return lack;
  }

  #say(notice: Omit<Notice, 'stage'>): void {
    const text = `${notice.code} ${notice.message}`;
    if (this.#said.has(text)) return;
    this.#said.add(text);
    this.#unsaid.push(notice);
    for (const given of this.#given.values()) {
      if (!given.hasEnded) return this.#sayTo(given);
    }
  }

  #sayTo(given: Given): void {
    for (const notice of this.#unsaid.splice(0)) given.tell({ type: 'notice', notice: { ...notice, stage: given.task.stage } });
  }

  #ask<T>(place: string, task: string, of: (place: Place, order: WorkOrder) => T): T | undefined {
    const order = this.#given.get(task)?.order;
    return order && of(this.#placeNamed(place), order);
  }

  /** Here files are read where they lie. */
  #orderFor(given: Given, place: Place): WorkOrder {
    const order = given.order ?? { task: given.task, parts: [], cpuSeconds: 0, memoryBytes: 0, tools: [] };
    return place === this.#options.here ? { ...order, task: given.task } : order;
  }

  #statusOf(known: ReturnType<Scheduler['places']>[number], nowMs: number): PlaceStatus {
    const place = this.#placeNamed(known.name);
    const { done, cpuSeconds, failures, firstMs } = this.#tallyOf(place);
    const minutes = firstMs === undefined ? 0 : (nowMs - firstMs) / 60_000;
    return {
      name: known.name,
      isHere: known.isHere,
      state: known.state === 'ready' && known.trust === 'none' ? 'resting' : known.state,
      problem: known.state === 'ready' ? undefined : (place.problem ?? (known.problem === undefined ? undefined : { message: known.problem, remedy: '' })),
      slots: { total: known.slots, free: known.slots - known.usedSlots },
      tasks: known.attempts.flatMap((id) => this.#taskOf(id)),
      done,
      failures: { ...failures },
      cpuSeconds,
      ...place.traffic,
      speed: known.speed,
      bytesPerSecond: known.bytesPerSecond,
      tasksPerMinute: minutes > 0 ? done / minutes : 0,
    };
  }

  #taskOf(id: number): PlaceStatus['tasks'] {
    const running = this.#running.get(id);
    if (!running) return [];
    const { given, givenMs, startedMs, fraction } = running;
    return [{ key: given.task.key, op: given.task.op, label: given.task.label, givenMs, startedMs, fraction }];
  }

  #placeNamed(name: string): Place {
    const place = this.#places.get(name);
    if (!place) throw new Error(`there is no place ${name}`);
    return place;
  }

  #tallyOf({ name }: Place): Tally {
    return this.#tallies.get(name) as Tally;
  }

  #follow(work: Promise<void>): void {
    this.#open.add(work);
    void work.finally(() => this.#open.delete(work));
  }
}
