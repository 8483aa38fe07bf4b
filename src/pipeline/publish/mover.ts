import { SnvgError } from '../../errors.js';
import type { AccountLease } from '../../ledger/ledger.js';
import { LostReply, PlatformFault } from '../../publishers/faults.js';
import type { Credentials } from '../../publishers/credentials.js';
import type { Problem, PublicationState, PublicationStep, PublishContext } from '../../publishers/publisher.js';
import { HostPaused } from './breaker.js';
import { isChanged, overlapOf, withClip } from './claim.js';
import type { AccountRun } from './order.js';
import { problemOf, quotaProblem, stillAtIt, undecided } from './problems.js';
import { nextPlatformDayMs, quotaLeft, spendQuota } from './quota.js';
import type { Task } from './task.js';
import { backoffMs } from './timing.js';

/** A publisher that never settles is a fault of its own, not a reason to hang. */
const maxSteps = 100_000;
const dayMs = 86_400_000;

/** What was being done when something went wrong: with `commit`, the request that makes it public. */
type Doing = 'signing in' | 'step' | 'commit' | 'lookup' | 'cancel';

/** States in which no request was sent that could make it public: the clip may still be another one. */
const beforeCommit: ReadonlySet<PublicationState> = new Set(['planned', 'claimed', 'prepared', 'uploading']);

/**
 * Moves one publication by one step and persists it, and decides what each failure means. The one rule: what is found in `committing` and was not
 * written a moment ago by this very run was possibly sent, and is asked about, never sent again.
 */
export class Mover {
  readonly #run: AccountRun;
  readonly #lease: Pick<AccountLease, 'stillHeld'>;
  #credentials: Credentials | undefined;
  /** The login was renewed and nothing has succeeded since. */
  #renewed = false;
  /** Why nothing more can be done on this account. */
  accountProblem: Problem | undefined;
  /** A fault of snvg's own. */
  fault: unknown;
  /** Nothing new is begun before, and why. */
  #held: { untilMs: number; problem: Problem } | undefined;

  constructor(run: AccountRun, lease: Pick<AccountLease, 'stillHeld'>) {
    this.#run = run;
    this.#lease = lease;
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
      this.fault ??= new Error(`the publisher ${this.#run.publisher.id} does not settle`);
      return this.leave(task, problemOf(this.fault, this.#run.publisher));
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
    if (state === 'planned') return this.#record(task, { state: 'claimed' });
    return this.#advance(task);
  }

  /** Ends the task for this run; the publication stays where it is, with the reason. @throws {SnvgError} LEDGER_* */
  async leave(task: Task, problem: Problem, notBeforeMs?: number): Promise<void> {
    await this.#record(task, { state: task.publication.state, problem, ...(notBeforeMs === undefined ? {} : { notBeforeMs }) }, problem.message);
    task.end('left', problem);
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
      return this.#trouble(task, error, doing);
    }
    await this.#record(task, step);
    if (task.publication.state === 'committing') return this.#commit(task, before);
    this.#succeeded(task);
  }

  /** What was begun with another clip begins anew: bytes of two films must not meet in one upload. */
  async #beginWithClip(task: Task): Promise<void> {
    try {
      task.publication = await withClip(this.#run.ledger, task.publication, task.order);
    } catch (error) {
      const problem = overlapOf(error);
      if (!problem) throw error;
      task.end('overlapping', problem);
    }
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
        if (before !== undefined && this.#isUnwanted(task)) return await this.#record(task, { state: before }, 'not sent');
        if (Math.abs(this.#nowMs() - writtenMs) > patience.freshMs || !(confirmed || this.#lease.stillHeld())) {
          // This process may have slept. That it can be written again shows that nobody has moved the publication meanwhile; whoever reads it
          // from now on waits until a request that begins now has ended.
          await this.#record(task, { state: 'committing' }, 'to be sent now');
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
        if (harmless && before !== undefined && !signal.aborted && !isRefusal(error)) await this.#record(task, { state: before, problem: problemOf(error, publisher) }, 'not sent');
        return this.#trouble(task, error, harmless && doing === 'commit' ? 'step' : doing);
      }
      await this.#record(task, step);
      writtenMs = this.#nowMs();
    }
    this.#succeeded(task);
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
      return this.#trouble(task, error, doing);
    }
    if ('later' in answer) {
      task.lookAfterMs = answer.later.notBeforeMs;
      return this.#record(task, { state: task.publication.state, handle: answer.later.handle, notBeforeMs: answer.later.notBeforeMs, ...(task.publication.problem ? { problem: task.publication.problem } : {}) });
    }
    if ('found' in answer) return this.#record(task, answer.found, 'found at the platform');
    // What was sent is not what would be looked for: that nothing like the clip of today is there says nothing.
    const decided = 'absent' in answer && !isChanged(task.publication, task.order) ? answer.absent : undefined;
    if (decided) {
      await this.#record(task, decided, 'not at the platform');
      task.lookAfterMs = undefined;
      if (decided.state === 'committing') await this.#commit(task, undefined);
      return;
    }
    const why = 'undecided' in answer ? answer.undecided : { question: `Is ${JSON.stringify(task.publication.title)} on ${publisher.name} (${this.#run.account.name})?`, reason: 'the clip was made anew after it may have been sent, so it cannot be looked for' };
    await this.#record(task, { state: 'unknown', problem: undecided(task.publication, publisher, why) }, why.reason);
    task.rest();
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
      return this.#trouble(task, error, doing);
    }
    await this.#record(task, step.state === 'cancelled' && problem ? { ...step, problem } : step, 'withdrawn');
  }

  /** Whether a new post may be begun by what is left of the platform's day. */
  async #mayBegin(task: Task): Promise<boolean> {
    const { ledger, publisher, account } = this.#run;
    const now = this.#nowMs();
    if (this.#held && this.#held.untilMs > now) {
      await this.leave(task, this.#held.problem, this.#held.untilMs);
      return false;
    }
    const lacking = (await quotaLeft(ledger, publisher, account.id, now)).find(({ quota, left }) => left < quota.perPost);
    if (!lacking) return true;
    await this.leave(task, quotaProblem(publisher, lacking.quota.id, lacking.resetMs), lacking.resetMs);
    return false;
  }

  async #context(task: Task): Promise<PublishContext> {
    const { login, http, signal, timing, event } = this.#run;
    const { clip, options } = task.order;
    const credentials = login && (await login.credentials());
    this.#credentials = credentials ?? undefined;
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

  async #record(task: Task, step: PublicationStep, note?: string): Promise<void> {
    const { ledger, publisher, account, event } = this.#run;
    const from = task.publication.state;
    task.publication = await ledger.record(task.publication, step, note ?? step.notice?.message);
    task.notBeforeMs = step.notBeforeMs ?? 0;
    if (step.spent) await spendQuota(ledger, publisher, account.id, step.spent, this.#nowMs());
    if (step.state !== from) event({ type: 'publication-moved', publication: task.publication, from });
    if (step.notice) event({ type: 'publication-notice', publication: task.publication, code: 'PUBLISH_ADJUSTED', ...step.notice });
    task.rest();
  }

  #succeeded(task: Task): void {
    task.failures = 0;
    task.troubleSinceMs = undefined;
    this.#renewed = false;
  }

  async #trouble(task: Task, error: unknown, doing: Doing): Promise<void> {
    const { signal, publisher } = this.#run;
    if (signal.aborted) throw signal.reason;
    if (isOurs(error)) throw error;
    if (error instanceof LostReply) return doing === 'commit' ? this.#replyLost(task, error) : this.#tryAgain(task, error, error instanceof HostPaused ? error.untilMs : undefined);
    if (error instanceof PlatformFault) return this.#fault(task, error, doing);
    const problem = problemOf(error, publisher);
    if (error instanceof SnvgError && doing === 'signing in') {
      if (error.code.startsWith('AUTH_')) this.accountProblem = problem;
      return this.leave(task, problem);
    }
    // The user's: a disk that is full, a file that is gone. What may have been sent is asked about by the next run.
    if (error instanceof SnvgError && doing === 'step') return this.#record(task, { state: 'failed', problem });
    if (!(error instanceof SnvgError)) this.fault ??= error;
    return this.leave(task, problem);
  }

  async #fault(task: Task, fault: PlatformFault, doing: Doing): Promise<void> {
    const problem = problemOf(fault, this.#run.publisher);
    switch (fault.kind) {
      case 'retry':
        return this.#tryAgain(task, fault, fault.retryAtMs);
      case 'auth':
        return this.#renew(task, problem);
      case 'quota':
        return this.#noMoreToday(task, problem, fault.retryAtMs);
      case 'refused':
        return this.#refused(task, problem, doing);
    }
  }

  async #refused(task: Task, problem: Problem, doing: Doing): Promise<void> {
    const { publisher } = this.#run;
    if (doing === 'lookup') {
      const why = { question: `Is ${JSON.stringify(task.publication.title)} on ${publisher.name} (${this.#run.account.name})?`, reason: `the platform does not answer the question (${problem.message})` };
      return this.#record(task, { state: 'unknown', problem: undecided(task.publication, publisher, why) }, why.reason);
    }
    if (doing !== 'cancel') return this.#record(task, { state: 'failed', problem }, problem.message);
    task.stays = true;
    this.#run.event({ type: 'publication-notice', publication: task.publication, code: 'PUBLISH_NOT_CANCELLED', message: problem.message, remedy: problem.remedy });
    task.rest();
  }

  async #renew(task: Task, problem: Problem): Promise<void> {
    const { login } = this.#run;
    if (!login || !this.#credentials || this.#renewed) {
      this.accountProblem = problem;
      return this.leave(task, problem);
    }
    try {
      await login.renew(this.#credentials);
    } catch (error) {
      return this.#trouble(task, error, 'signing in');
    }
    this.#renewed = true;
  }

  /** The platform gives nothing more for now: what is begun elsewhere goes on, nothing new is begun. */
  async #noMoreToday(task: Task, problem: Problem, retryAtMs: number | undefined): Promise<void> {
    const now = this.#nowMs();
    const resets = this.#run.publisher.quotas.map(({ timeZone }) => nextPlatformDayMs(timeZone, now));
    const untilMs = retryAtMs ?? (resets.length > 0 ? Math.min(...resets) : now + dayMs);
    this.#held = { untilMs, problem };
    return this.leave(task, problem, untilMs);
  }

  /** Something may have happened: the platform is asked, once the request has had time to come to its end. */
  async #replyLost(task: Task, error: LostReply): Promise<void> {
    const problem = problemOf(error, this.#run.publisher);
    if (this.#countFailure(task)) return this.leave(task, problem, this.#nowMs() + this.#run.patience.horizonMs);
    task.lookAfterMs = this.#nowMs() + this.#run.patience.settleMs;
    await this.#record(task, { state: 'committing', problem, notBeforeMs: task.lookAfterMs }, 'the reply was lost');
  }

  async #tryAgain(task: Task, error: unknown, retryAtMs: number | undefined): Promise<void> {
    const { patience, timing, publisher } = this.#run;
    const now = this.#nowMs();
    const exhausted = this.#countFailure(task, error instanceof HostPaused);
    const atMs = Math.max(now + backoffMs(Math.max(1, task.failures), patience, () => timing.random()), retryAtMs ?? 0);
    const problem = problemOf(error, publisher);
    if (exhausted || atMs - (task.troubleSinceMs ?? now) > patience.troubleMs) return this.leave(task, problem, atMs);
    // What the platform asked for outlives this process.
    if (retryAtMs !== undefined && error instanceof PlatformFault) await this.#record(task, { state: task.publication.state, problem, notBeforeMs: atMs }, problem.message);
    task.notBeforeMs = atMs;
  }

  /** True when patience is at its end. A request that was not even tried costs time alone. */
  #countFailure(task: Task, untried = false): boolean {
    task.troubleSinceMs ??= this.#nowMs();
    if (untried) return false;
    task.failures += 1;
    task.allFailures += 1;
    return task.failures >= this.#run.patience.attempts || task.allFailures >= this.#run.patience.failures;
  }

  #nowMs(): number {
    return this.#run.timing.nowMs();
  }
}

/** The ledger's word: nothing may be sent any more. */
function isOurs(error: unknown): boolean {
  return error instanceof SnvgError && (error.code === 'ACCOUNT_BUSY' || (error.code.startsWith('LEDGER_') && error.code !== 'LEDGER_OVERLAP'));
}

function isRefusal(error: unknown): boolean {
  return error instanceof PlatformFault && error.kind === 'refused';
}
