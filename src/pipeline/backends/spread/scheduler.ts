import type { Blame } from '../place.js';
import { chooseMove } from './moves.js';
import { Pace } from './pace.js';
import { memoryOf, PlaceRecord } from './place-record.js';
import { type Attempt, type Fault, type Need, TaskRecord } from './task-record.js';
import type { Timetable } from './timetable.js';
import { WaitingLine } from './waiting-line.js';

/** Why no place is left for a task. */
export type Hopeless =
  /** It failed at several places, or at all there are. */
  | { reason: 'failed-everywhere'; faults: readonly Fault[] }
  /** No host is there, or has come back in time. */
  | { reason: 'no-host'; hosts: readonly { name: string; problem: string | undefined }[] };

export type Decision =
  | { type: 'start'; attempt: number; task: string; place: string }
  /** Stop it; `ended` is to be called when it has. */
  | { type: 'cancel'; attempt: number }
  | { type: 'connect'; place: string }
  | { type: 'fail'; task: string; why: Hopeless };

export interface SchedulerOptions {
  /** This machine's name and half cores. */
  here: { name: string; slots: number };
  hosts: readonly string[];
  /** Whether this machine takes its share of what could be done elsewhere. */
  takesShare: boolean;
  /** How long tasks wait for a host when none takes work. */
  patienceMs: number;
  /** Evenly from 0 up to 1. */
  random: () => number;
  /** What a host lacks for a task whose need is known, and how many bytes would have to be sent. */
  ask: { lacks(place: string, task: string): string | undefined; missingBytes(place: string, task: string): number };
}

/**
 * Added to the priority of what can run on this machine alone while hosts take work: they can have the rest. Less than what lies between two
 * inputs of a batch (app/batch.ts).
 */
const staysFirst = 10_000;
/** A lost host is tried again so soon, unless it was lost before; varied by half. */
const firstReconnectMs = 400;
/** How often it is looked whether something runs much longer than it should, while a place has nothing to do. */
const lookMs = 1_000;

/**
 * Decides which task runs where. Holds no timer and does nothing itself: it is told what happened and when, and says what to do (`decide`).
 * Every task is given where it is likely to end first, counting the way of its inputs and what is before it there; one that would end sooner by
 * waiting for a place that is full waits.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #here: PlaceRecord;
  readonly #hosts: readonly PlaceRecord[];
  readonly #places: ReadonlyMap<string, PlaceRecord>;
  readonly #pace = new Pace();
  readonly #tasks = new Map<string, TaskRecord>();
  readonly #attempts = new Map<number, Attempt>();
  /** What can run here alone, and what may leave. */
  readonly #staying = new WaitingLine<TaskRecord>();
  readonly #leaving = new WaitingLine<TaskRecord>();
  #cancels: Decision[] = [];
  #turns = 0;
  #attemptIds = 0;

  constructor(options: SchedulerOptions, nowMs: number) {
    this.#options = options;
    this.#here = new PlaceRecord(options.here.name, true, options.random);
    this.#here.slots = options.here.slots;
    this.#hosts = options.hosts.map((name) => new PlaceRecord(name, false, options.random));
    for (const host of this.#hosts) {
      host.idleSinceMs = nowMs;
      host.state = 'lost';
      host.connectAtMs = nowMs;
    }
    this.#places = new Map([this.#here, ...this.#hosts].map((place) => [place.name, place]));
  }

  // What happened

  addTask(task: { id: string; op: string; priority: number; slots: number }): void {
    const record = new TaskRecord({ ...task, turn: this.#turns++, need: 'unknown' });
    this.#tasks.set(task.id, record);
    this.#leaving.add(record);
  }

  /** Takes in what a task needs elsewhere, or that it cannot leave. */
  setNeed(id: string, need: Need | 'here'): void {
    const task = this.#tasks.get(id);
    if (!task) return;
    const waits = !task.isHeld;
    if (waits) this.#lineOf(task).remove(task);
    task.need = need;
    if (waits) this.#lineOf(task).add(task);
  }

  /** The task has ended or is wanted no more: what still works at it is cancelled. */
  removeTask(id: string): void {
    const task = this.#tasks.get(id);
    if (!task) return;
    this.#tasks.delete(id);
    this.#lineOf(task).remove(task);
    for (const attempt of task.attempts) this.#cancel(attempt);
  }

  started(id: number, nowMs: number): void {
    const attempt = this.#attempts.get(id);
    if (!attempt || attempt.startedMs !== undefined) return;
    attempt.startedMs = nowMs;
    this.#places.get(attempt.place)?.measureLink(attempt, nowMs);
  }

  progressed(id: number, fraction: number): void {
    const attempt = this.#attempts.get(id);
    if (attempt) attempt.fraction = fraction;
  }

  /** The attempt gave the task's result: measured, and the task is done. */
  succeeded(id: number, task: string, nowMs: number): void {
    const attempt = this.#attempts.get(id);
    const place = attempt && this.#places.get(attempt.place);
    if (attempt && place) {
      if (typeof attempt.task.need !== 'string') this.#pace.measure(place.name, attempt.task.op, attempt.task.cpuSeconds, nowMs - (attempt.startedMs ?? attempt.givenMs));
      place.breaker.success();
      place.capacityBreaker.success();
      this.#drop(attempt);
    }
    this.removeTask(task);
  }

  /** The attempt ended because of its place. The task may go elsewhere. */
  faulted(id: number, blame: Blame, message: string, nowMs: number): void {
    const attempt = this.#attempts.get(id);
    if (!attempt) return;
    const place = this.#places.get(attempt.place);
    this.#drop(attempt);
    if (attempt.leaving) return;
    if (place) (blame === 'capacity' ? place.capacityBreaker : place.breaker).fault(nowMs);
    this.#takeBack(attempt, { place: attempt.place, blame, message });
  }

  /** The place cannot do the task as it is: it goes elsewhere, and nothing speaks against the place. */
  unfit(id: number): void {
    const attempt = this.#attempts.get(id);
    if (!attempt) return;
    attempt.task.unfit.add(attempt.place);
    this.#drop(attempt);
    this.#takeBack(attempt);
  }

  /** A cancelled attempt has ended. */
  ended(id: number): void {
    const attempt = this.#attempts.get(id);
    if (!attempt) return;
    this.#drop(attempt);
    this.#takeBack(attempt);
  }

  placeReady(name: string, offered: { slots: number; memoryBytes: number }): void {
    const place = this.#places.get(name);
    if (!place || place.state === 'refused') return;
    place.state = 'ready';
    place.problem = undefined;
    place.slots = Math.max(1, offered.slots);
    place.memoryBytes = offered.memoryBytes;
  }

  /** The place was lost, or could not be connected: what it had goes elsewhere. */
  placeLost(name: string, problem: string, nowMs: number): void {
    const place = this.#places.get(name);
    if (!place || (place.state !== 'ready' && place.state !== 'connecting')) return;
    place.state = 'lost';
    place.problem = problem;
    place.breaker.fault(nowMs);
    place.connectAtMs = place.breaker.retryAtMs ?? nowMs + firstReconnectMs * (0.5 + this.#options.random() / 2);
    this.#clear(place, problem);
  }

  placeRefused(name: string, problem: string): void {
    const place = this.#places.get(name);
    if (!place) return;
    place.state = 'refused';
    place.problem = problem;
    this.#clear(place, problem);
  }

  // What to do

  /** What is to be done now, and when to ask again though nothing happens. Whatever is returned counts as done. */
  decide(nowMs: number): { decisions: readonly Decision[]; wakeAtMs: number | undefined } {
    const decisions = this.#cancels;
    this.#cancels = [];
    this.#reconnect(nowMs, decisions);
    this.#assign(nowMs, decisions);
    this.#rebalance(nowMs, decisions);
    decisions.push(...this.#cancels);
    this.#cancels = [];
    return { decisions, wakeAtMs: this.#wakeAtMs(nowMs) };
  }

  /** Of every place what is known of it, this machine first. */
  places(nowMs: number): readonly { name: string; isHere: boolean; state: PlaceRecord['state']; trust: 'full' | 'trial' | 'none'; problem: string | undefined; slots: number; usedSlots: number; speed: number; bytesPerSecond: number; attempts: readonly number[] }[] {
    return [...this.#places.values()].map((place) => ({
      name: place.name,
      isHere: place.isHere,
      state: place.state,
      trust: place.trust(nowMs),
      problem: place.problem,
      slots: place.slots,
      usedSlots: Math.min(place.slots, place.usedSlots),
      speed: this.#pace.speedOf(place.name),
      bytesPerSecond: place.bytesPerSecond,
      attempts: [...place.attempts].map(({ id }) => id),
    }));
  }

  get waiting(): number {
    return this.#staying.items.length + this.#leaving.items.length;
  }

  #reconnect(nowMs: number, decisions: Decision[]): void {
    for (const place of this.#hosts) {
      if (place.state === 'lost' && place.connectAtMs !== undefined && place.connectAtMs <= nowMs) {
        place.state = 'connecting';
        place.connectAtMs = undefined;
        decisions.push({ type: 'connect', place: place.name });
      }
      const takesWork = place.trust(nowMs) !== 'none';
      if (takesWork) place.idleSinceMs = undefined;
      else place.idleSinceMs ??= nowMs;
    }
  }

  #assign(nowMs: number, decisions: Decision[]): void {
    const open = new Map<PlaceRecord, Timetable>();
    for (const place of this.#places.values()) if (place.trust(nowMs) !== 'none') open.set(place, place.timetable(this.#pace, nowMs).table);
    /** Full, or kept for a task before: nothing more starts there now. */
    const closed = new Set([...open.keys()].filter((place) => !place.mayHaveRoom(nowMs)));
    const hasOpenFor = (stays: boolean): boolean => [...open.keys()].some((place) => !closed.has(place) && (place.isHere ? stays || this.#options.takesShare : !stays));
    for (const task of this.#inOrder(open.size > 1)) {
      const stays = task.need === 'here';
      // Without a host that takes work, those who wait must still learn that none will come.
      if (!hasOpenFor(stays) && (stays || open.size > 1 || this.#options.takesShare)) {
        if (!hasOpenFor(!stays)) return;
        continue;
      }
      const places = this.#placesFor(task, open, nowMs);
      if ('reason' in places) {
        decisions.push({ type: 'fail', task: task.id, why: places });
        this.removeTask(task.id);
        continue;
      }
      const best = this.#soonest(task, places, open, nowMs);
      if (!best) continue;
      if (!closed.has(best.place) && best.place.hasRoom(task, nowMs)) {
        const attempt = this.#give(task, best.place, best.missingBytes, nowMs);
        decisions.push({ type: 'start', attempt: attempt.id, task: task.id, place: best.place.name });
        if (!best.place.mayHaveRoom(nowMs)) closed.add(best.place);
      } else closed.add(best.place);
      open.get(best.place)?.add(task.slots, best.readyMs, best.durationMs);
    }
  }

  /** Those who wait, in the order in which they choose. A copy: choosing changes the lines. */
  #inOrder(hostsTakeWork: boolean): readonly TaskRecord[] {
    const [staying, leaving] = [this.#staying.items, this.#leaving.items];
    const bonus = hostsTakeWork ? staysFirst : 0;
    const merged: TaskRecord[] = [];
    let next = 0;
    for (const task of leaving) {
      for (let stay = staying[next]; stay && (stay.priority + bonus > task.priority || (stay.priority + bonus === task.priority && stay.turn < task.turn)); stay = staying[next]) {
        merged.push(stay);
        next += 1;
      }
      merged.push(task);
    }
    return [...merged, ...staying.slice(next)];
  }

  /** Where a task may run now; none when it has to wait for a place that may come. */
  #placesFor(task: TaskRecord, open: ReadonlyMap<PlaceRecord, Timetable>, nowMs: number): readonly PlaceRecord[] | Hopeless {
    const here = [this.#here];
    if (task.need === 'here') return here;
    const mayHere = this.#options.takesShare ? here : [];
    if (task.isQuarantined) return mayHere.length > 0 ? mayHere : { reason: 'failed-everywhere', faults: task.faults };
    if (task.need === 'unknown') return mayHere;
    const able = this.#hosts.filter((place) => open.has(place) && this.#isAble(place, task));
    // Where it failed already, it goes again only when there is no other place.
    const fresh = [...mayHere, ...able.filter((place) => !task.hasFailedAt(place.name))];
    const places = fresh.length > 0 ? fresh : able;
    if (places.length > 0 || this.#hosts.some((place) => this.#mayComeFor(place, task, nowMs))) return places;
    const notBarred = this.#hosts.filter((place) => place.state !== 'refused' && !task.isBarredFrom(place.name));
    // No host can do it: that is not the share that could be done elsewhere.
    if (notBarred.some((place) => place.state === 'ready') || (task.unfit.size > 0 && task.faults.length === 0)) return here;
    if (notBarred.length === 0 && task.faults.length > 0) return { reason: 'failed-everywhere', faults: task.faults };
    return { reason: 'no-host', hosts: this.#hosts.map(({ name, problem }) => ({ name, problem })) };
  }

  /** Whether a place that is ready could do the task at all. */
  #isAble(place: PlaceRecord, task: TaskRecord): boolean {
    return !task.isBarredFrom(place.name) && memoryOf(task) <= place.memoryBytes && this.#options.ask.lacks(place.name, task.id) === undefined;
  }

  /** Whether a place that takes no work now is worth waiting for. */
  #mayComeFor(place: PlaceRecord, task: TaskRecord, nowMs: number): boolean {
    if (place.state === 'refused' || task.isBarredFrom(place.name)) return false;
    if (place.state === 'ready' && !this.#isAble(place, task)) return false;
    return place.idleSinceMs === undefined || place.attempts.size > 0 || nowMs - place.idleSinceMs < this.#options.patienceMs;
  }

  #soonest(task: TaskRecord, places: readonly PlaceRecord[], open: ReadonlyMap<PlaceRecord, Timetable>, nowMs: number): { place: PlaceRecord; missingBytes: number; readyMs: number; durationMs: number } | undefined {
    let best: { place: PlaceRecord; missingBytes: number; readyMs: number; durationMs: number; endMs: number } | undefined;
    for (const place of places) {
      const way = this.#wayTo(place, task, nowMs);
      const startMs = open.get(place)?.startMs(task.slots, way.readyMs) ?? nowMs;
      const endMs = startMs + way.durationMs;
      if (!best || endMs < best.endMs || (endMs === best.endMs && way.missingBytes < best.missingBytes && !best.place.isHere)) best = { place, ...way, endMs };
    }
    return best;
  }

  #wayTo(place: PlaceRecord, task: TaskRecord, nowMs: number): { missingBytes: number; readyMs: number; durationMs: number } {
    const missingBytes = place.isHere ? 0 : this.#options.ask.missingBytes(place.name, task.id);
    return { missingBytes, readyMs: nowMs + place.transferMs(missingBytes, nowMs), durationMs: this.#pace.durationMs(place.name, task.op, task.cpuSeconds) };
  }

  /** Gives idle places what waits at others, or runs there far too long. */
  #rebalance(nowMs: number, decisions: Decision[]): void {
    for (const place of this.#places.values()) {
      if (place.isHere && !this.#options.takesShare) continue;
      for (;;) {
        const move = chooseMove(place, [...this.#places.values()], this.#pace, nowMs, (task) => (place.isHere || this.#isAble(place, task) ? this.#wayTo(place, task, nowMs) : undefined));
        if (!move) break;
        const attempt = this.#give(move.attempt.task, place, move.missingBytes, nowMs);
        decisions.push({ type: 'start', attempt: attempt.id, task: attempt.task.id, place: place.name });
        if (!move.takesOver) continue;
        this.#places.get(move.attempt.place)?.noteUnarrived(move.attempt, nowMs);
        this.#cancel(move.attempt);
      }
    }
  }

  #give(task: TaskRecord, place: PlaceRecord, missingBytes: number, nowMs: number): Attempt {
    if (!task.isHeld) this.#lineOf(task).remove(task);
    const attempt: Attempt = { id: this.#attemptIds++, task, place: place.name, givenMs: nowMs, missingBytes, hadSlot: place.hasFreeSlots(task), startedMs: undefined, fraction: 0, leaving: false };
    task.attempts.add(attempt);
    place.attempts.add(attempt);
    this.#attempts.set(attempt.id, attempt);
    return attempt;
  }

  #cancel(attempt: Attempt): void {
    if (attempt.leaving) return;
    attempt.leaving = true;
    this.#cancels.push({ type: 'cancel', attempt: attempt.id });
  }

  #drop(attempt: Attempt): void {
    this.#attempts.delete(attempt.id);
    attempt.task.attempts.delete(attempt);
    this.#places.get(attempt.place)?.attempts.delete(attempt);
  }

  /** The task of an attempt that is over waits again, unless another is at it or it has ended. */
  #takeBack({ task, leaving }: Attempt, fault?: Fault): void {
    if (!this.#tasks.has(task.id)) return;
    if (fault) task.faults.push(fault);
    if (!leaving && !task.isHeld) this.#lineOf(task).add(task);
  }

  /** Everything a place had is over. */
  #clear(place: PlaceRecord, problem: string): void {
    for (const attempt of place.attempts) {
      this.#drop(attempt);
      this.#takeBack(attempt, { place: place.name, blame: 'network', message: problem });
      this.#cancel(attempt);
    }
  }

  #lineOf(task: TaskRecord): WaitingLine<TaskRecord> {
    return task.need === 'here' ? this.#staying : this.#leaving;
  }

  #wakeAtMs(nowMs: number): number | undefined {
    const times: number[] = [];
    for (const place of this.#hosts) {
      if (place.connectAtMs !== undefined && place.state === 'lost') times.push(place.connectAtMs);
      for (const at of [place.breaker.retryAtMs, place.capacityBreaker.retryAtMs]) if (place.state === 'ready' && at !== undefined && at > nowMs) times.push(at);
      if (place.idleSinceMs !== undefined && this.waiting > 0) times.push(Math.max(nowMs + lookMs, place.idleSinceMs + this.#options.patienceMs));
    }
    if (this.#attempts.size > 0 && this.#hosts.some((place) => place.state === 'ready')) times.push(nowMs + lookMs);
    return times.length === 0 ? undefined : Math.min(...times);
  }
}
