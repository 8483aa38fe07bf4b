import type { AccountLease } from '../../ledger/ledger.js';
import type { Publication } from '../../publishers/publisher.js';
import { Mover } from './mover.js';
import type { AccountRun, Ended, Order } from './order.js';
import { problemOf } from './problems.js';
import { Task } from './task.js';

/** Publications of one account that a platform works on at once: more would only wait for each other's polls. */
const inFlightAtMost = 10;
/** A wait is worth a word from here on. */
const tellFromMs = 5000;
/** How soon a publication that is no longer wanted is noticed while nothing else is to be done. */
const withdrawalPollMs = 1000;

/** Which publication of an account is moved next: uploads one after the other, and in between those that the platform works on, in turn. */
export class Scheduler {
  readonly #run: AccountRun;
  readonly #mover: Mover;
  readonly #fresh: Task[] = [];
  #nextFresh = 0;
  readonly #begun = new Set<Task>();
  readonly #ended: Ended[] = [];
  readonly #given: Order[] = [];
  #told = 0;

  constructor(run: AccountRun, lease: Pick<AccountLease, 'stillHeld'>) {
    this.#run = run;
    this.#mover = new Mover(run, lease);
  }

  add(order: Order, publication: Publication): void {
    this.#given.push(order);
    const task = new Task(order, publication);
    if (task.isFresh) this.#fresh.push(task);
    else this.#begun.add(task);
  }

  /** Of an order that needs no work. */
  end(ended: Ended): void {
    this.#given.push(ended.order);
    this.#note(ended);
  }

  #note(ended: Ended): void {
    this.#ended.push(ended);
    this.#run.together?.ended(ended);
  }

  /** Those that have ended, in the order given; with the reason for an early end, also those that were left where they were. */
  ended(stopped: unknown): Ended[] {
    if (stopped !== undefined) {
      const problem = problemOf(stopped, this.#run.publisher);
      for (const task of this.#open()) this.#note(task.end('left', task.publication.problem ?? problem));
    }
    const place = new Map(this.#given.map((order, index) => [order, index]));
    return this.#ended.toSorted((a, b) => (place.get(a.order) ?? 0) - (place.get(b.order) ?? 0));
  }

  /**
   * @returns a fault of snvg's own that made it leave something; undefined when there was none
   * @throws {SnvgError} LEDGER_*: nothing may be sent; the signal's reason
   */
  async run(): Promise<unknown> {
    for (;;) {
      this.#run.signal.throwIfAborted();
      const problem = this.#mover.trouble.accountProblem;
      if (problem) for (const task of this.#open()) await this.#mover.leave(task, problem);
      this.#collect();
      const task = this.#next();
      if (task) {
        task.movedMs = this.#run.timing.nowMs();
        await this.#mover.move(task);
        this.#collectOne(task);
        continue;
      }
      if (this.#begun.size === 0) return this.#mover.trouble.fault;
      await this.#wait();
    }
  }

  #open(): Task[] {
    return [...this.#begun, ...this.#fresh.slice(this.#nextFresh)].filter(({ ended }) => !ended);
  }

  #collect(): void {
    for (const task of this.#begun) this.#collectOne(task);
    while (this.#fresh[this.#nextFresh]?.ended) {
      const ended = this.#fresh[this.#nextFresh++]?.ended;
      if (ended) this.#note(ended);
    }
  }

  #collectOne(task: Task): void {
    if (!task.ended || !this.#begun.delete(task)) return;
    this.#note(task.ended);
  }

  #next(): Task | undefined {
    const now = this.#run.timing.nowMs();
    const due = [...this.#begun].filter((task) => this.#mover.isDue(task, now) || task.notBeforeMs - now > this.#run.patience.troubleMs);
    const asking = due.filter(({ isAsking }) => isAsking).toSorted((a, b) => a.movedMs - b.movedMs);
    const next = asking[0] ?? due[0];
    if (next) return next;
    if (this.#begun.size >= inFlightAtMost) return undefined;
    const fresh = this.#fresh[this.#nextFresh];
    if (!fresh) return undefined;
    this.#nextFresh += 1;
    this.#begun.add(fresh);
    return fresh;
  }

  async #wait(): Promise<void> {
    const { timing, signal, publisher, account, together, event } = this.#run;
    const untilMs = Math.min(...[...this.#begun].map(({ notBeforeMs }) => notBeforeMs));
    const waitMs = Math.max(1, untilMs - timing.nowMs());
    if (waitMs >= tellFromMs && this.#told !== untilMs) {
      this.#told = untilMs;
      const [first] = [...this.#begun].toSorted((a, b) => a.notBeforeMs - b.notBeforeMs);
      event({ type: 'account-waiting', platform: publisher.id, account: account.name, untilMs, why: first?.publication.problem?.message ?? first?.publication.state ?? '' });
    }
    await timing.sleep(together ? Math.min(waitMs, withdrawalPollMs) : waitMs, signal);
  }
}
