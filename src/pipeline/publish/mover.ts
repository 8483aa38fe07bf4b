import type { AccountLease } from '../../ledger/ledger.js';
import { LostReply, PlatformFault } from '../../publishers/faults.js';
import type { Problem, PublicationState, PublicationStep, PublishContext } from '../../publishers/publisher.js';
import { Books } from './books.js';
import { begunAgain, isChanged, overlapOf, withClip } from './claim.js';
import type { AccountRun } from './order.js';
import { problemOf, quotaProblem, stillAtIt } from './problems.js';
import { quotaLeft } from './quota.js';
import type { Task } from './task.js';
import { beforeCommit, isOurs, isRefusal, Trouble, type Doing } from './trouble.js';

/** A publisher that never settles is a fault of its own, not a reason to hang. */
const maxSteps = 100_000;

/** In the history: after `committing` was written, its request was not sent, or had certainly no effect. */
const notSent = 'not sent';

/**
 * Moves one publication by one step and persists it. The one rule: what is found in `committing` and was not
 * written a moment ago by this very run was possibly sent, and is asked about, never sent again.
 */
export class Mover {
  readonly #run: AccountRun;
  readonly #lease: Pick<AccountLease, 'stillHeld'>;
  readonly #books: Books;
  readonly trouble: Trouble;

  constructor(run: AccountRun, lease: Pick<AccountLease, 'stillHeld'>) {
    this.#run = run;
    this.#lease = lease;
    this.#books = new Books(run);
    this.trouble = new Trouble(run, this.#books);
  }

  /** Its time has come, or it is to be taken back whatever it waits for. */
  isDue(task: Task, nowMs: number): boolean {
    return task.notBeforeMs <= nowMs || (task.failures === 0 && this.#isWithdrawn(task));
  }

  /** What may have been sent is asked about first. */
  #isWithdrawn(task: Task): boolean {
    const { state } = task.publication;
    return !task.stays && state !== 'committing' && state !== 'unknown' && this.#isUnwanted(task);
  }

  #isUnwanted(task: Task): boolean {
    return this.#run.together?.withdrawn(task.publication) === true;
  }

  /** @throws {SnvgError} LEDGER_*; the signal's reason */
  async move(task: Task): Promise<void> {
    task.steps += 1;
    if (task.steps > maxSteps) {
      this.trouble.fault ??= new Error(`the publisher ${this.#run.publisher.id} does not settle`);
      return this.leave(task, problemOf(this.trouble.fault, this.#run.publisher));
    }
    const now = this.#nowMs();
    if (!this.isDue(task, now)) {
      if (task.notBeforeMs - now > this.#run.patience.troubleMs) task.end('left', task.publication.problem ?? stillAtIt(this.#run.publisher, task.notBeforeMs));
      return;
    }
    const { state } = task.publication;
    if (state === 'unknown') return this.#lookUp(task);
    if (state === 'committing') return this.#afterHorizon(task);
    if (this.#isWithdrawn(task)) return this.#withdraw(task);
    if (state === 'planned') return this.#books.record(task, { state: 'claimed' });
    return this.#advance(task);
  }

  /** Ends the task for this run, its publication stays where it is. @throws {SnvgError} LEDGER_* */
  leave(task: Task, problem: Problem): Promise<void> {
    return this.#books.leave(task, problem);
  }

  async #advance(task: Task): Promise<void> {
    if (beforeCommit.has(task.publication.state) && isChanged(task.publication, task.order)) return this.#beginWithClip(task);
    if (task.isFresh && !(await this.#mayBegin(task))) return;
    const before = task.publication.state;
    let step: PublicationStep;
    let doing: Doing = 'signing in';
    try {
      const context = await this.#context(task);
      doing = 'step';
      step = await this.#run.publisher.advance(task.publication, context);
    } catch (error) {
      return this.trouble.handle(task, error, doing);
    }
    await this.#books.record(task, step);
    if (task.publication.state === 'committing') return this.#commit(task, before);
    this.trouble.over(task);
  }

  /** What was begun with another clip begins anew: bytes of two films must not meet in one upload, nor an earlier upload come to an end beside a new one. */
  async #beginWithClip(task: Task): Promise<void> {
    if (await this.#mayHaveBeenSent(task)) return this.#books.ask(task, this.#remade(task));
    try {
      task.publication = await withClip(this.#run.ledger, task.publication, task.order);
    } catch (error) {
      const problem = overlapOf(error);
      if (!problem) throw error;
      task.end('overlapping', problem);
    }
  }

  /** That the platform did not have it was reason enough to go on with the same upload, and is none to begin another one. */
  async #mayHaveBeenSent({ publication }: Task): Promise<boolean> {
    const { ledger, publisher, account } = this.#run;
    const events = (await ledger.history({ platform: publisher.id, account: account.id })).filter((one) => one.publication.key === publication.key && one.event.revision === publication.revision);
    let sent = false;
    for (const { event } of events) {
      if (event.what === 'committing') sent = true;
      else if (event.note === notSent || event.note === begunAgain) sent = false;
    }
    return sent;
  }

  #remade(task: Task): { question: string; reason: string } {
    return { question: this.#books.isItThere(task), reason: 'the clip was made anew after the earlier one may have been sent' };
  }

  /** Sends what `committing` stands for. It was written just now, by this run, and nothing was sent since. */
  async #commit(task: Task, before: PublicationState | undefined): Promise<void> {
    const { patience, publisher, signal } = this.#run;
    let confirmed = false;
    for (let writtenMs = this.#nowMs(); task.publication.state === 'committing'; ) {
      let step: PublicationStep;
      let doing: Doing = 'signing in';
      try {
        const context = await this.#context(task);
        if (before !== undefined && this.#isUnwanted(task)) return await this.#books.record(task, { state: before }, notSent);
        if (Math.abs(this.#nowMs() - writtenMs) > patience.freshMs || !(confirmed || this.#lease.stillHeld())) {
          // This process may have slept. That it can be written again shows that nobody has moved the publication meanwhile; whoever reads it
          // from now on waits until a request that begins now has ended.
          await this.#books.record(task, { state: 'committing' }, 'to be sent now');
          writtenMs = this.#nowMs();
          confirmed = true;
          continue;
        }
        signal.throwIfAborted();
        doing = 'commit';
        step = await publisher.advance(task.publication, context);
      } catch (error) {
        if (isOurs(error)) throw error;
        // A definite answer, or nothing was sent: whoever finds it from now on needs not ask.
        const harmless = doing === 'signing in' || error instanceof PlatformFault || (error instanceof LostReply && error.unreached);
        if (harmless && before !== undefined && !signal.aborted && !isRefusal(error)) await this.#books.record(task, { state: before, problem: problemOf(error, publisher) }, notSent);
        return this.trouble.handle(task, error, harmless && doing === 'commit' ? 'step' : doing);
      }
      await this.#books.record(task, step);
      writtenMs = this.#nowMs();
    }
    this.trouble.over(task);
  }

  /** Found in `committing`: a request of somebody else may still be on its way, until its time-out has passed. */
  async #afterHorizon(task: Task): Promise<void> {
    const { ledger, publisher, account, patience } = this.#run;
    if (task.lookAfterMs === undefined) {
      const now = this.#nowMs();
      const recent = await ledger.history({ platform: publisher.id, account: account.id, sinceMs: now - patience.horizonMs });
      const writtenMs = recent.filter(({ publication }) => publication.key === task.publication.key).map(({ event }) => Math.min(event.atMs, now));
      task.lookAfterMs = writtenMs.length === 0 ? now : Math.max(...writtenMs) + patience.horizonMs;
    }
    if (task.lookAfterMs > this.#nowMs()) {
      task.notBeforeMs = task.lookAfterMs;
      return;
    }
    return this.#lookUp(task);
  }

  async #lookUp(task: Task): Promise<void> {
    const { publisher } = this.#run;
    let answer;
    let doing: Doing = 'signing in';
    try {
      const context = await this.#context(task);
      doing = 'lookup';
      answer = await publisher.lookup(task.publication, context);
    } catch (error) {
      return this.trouble.handle(task, error, doing);
    }
    if ('later' in answer) {
      task.lookAfterMs = answer.later.notBeforeMs;
      return this.#books.record(task, { state: task.publication.state, handle: answer.later.handle, notBeforeMs: answer.later.notBeforeMs, ...(task.publication.problem ? { problem: task.publication.problem } : {}) });
    }
    if ('found' in answer) return this.#books.record(task, answer.found, 'found at the platform');
    // Sending the same again is safe, sending another film instead need not be.
    const decided = 'absent' in answer && !isChanged(task.publication, task.order) ? answer.absent : undefined;
    if (decided) {
      await this.#books.record(task, decided, 'not at the platform');
      task.lookAfterMs = undefined;
      if (decided.state === 'committing') await this.#commit(task, undefined);
      return;
    }
    return this.#books.ask(task, 'undecided' in answer ? answer.undecided : this.#remade(task));
  }

  /** Takes back what is not public yet. */
  async #withdraw(task: Task): Promise<void> {
    const problem = this.#run.together?.problem;
    let step: PublicationStep;
    let doing: Doing = 'signing in';
    try {
      if (task.isFresh) step = { state: 'cancelled' };
      else {
        const context = await this.#context(task);
        doing = 'cancel';
        step = await this.#run.publisher.cancel(task.publication, context);
      }
    } catch (error) {
      return this.trouble.handle(task, error, doing);
    }
    await this.#books.record(task, step.state === 'cancelled' && problem ? { ...step, problem } : step, 'withdrawn');
  }

  /** Whether a new post may be begun by what is left of the platform's day. */
  async #mayBegin(task: Task): Promise<boolean> {
    const { ledger, publisher, account } = this.#run;
    const now = this.#nowMs();
    if (this.trouble.held && this.trouble.held.untilMs > now) {
      await this.#books.leave(task, this.trouble.held.problem, this.trouble.held.untilMs);
      return false;
    }
    const lacking = (await quotaLeft(ledger, publisher, account.id, now)).find(({ quota, left }) => left < quota.perPost);
    if (!lacking) return true;
    await this.#books.leave(task, quotaProblem(publisher, lacking.quota.id, lacking.resetMs), lacking.resetMs);
    return false;
  }

  async #context(task: Task): Promise<PublishContext> {
    const { login, http, signal, timing, event } = this.#run;
    const { clip, options } = task.order;
    const credentials = login && (await login.credentials());
    this.trouble.credentials = credentials ?? undefined;
    return {
      signal,
      // What is looked for is what was sent.
      clip: isChanged(task.publication, task.order) ? { ...clip, title: task.publication.title, sha256: task.publication.clipSha256 } : clip,
      options,
      http: {
        send: (request) => {
          signal.throwIfAborted();
          return http.send(request);
        },
      },
      credentials: async () => {
        if (!credentials) throw new Error('a platform without accounts has no credentials');
        return credentials;
      },
      nowMs: () => timing.nowMs(),
      progress: (fraction) => event({ type: 'publication-progress', publication: task.publication, fraction }),
    };
  }

  #nowMs(): number {
    return this.#run.timing.nowMs();
  }
}
