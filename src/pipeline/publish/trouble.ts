import { SnvgError } from '../../errors.js';
import { LostReply, PlatformFault } from '../../publishers/faults.js';
import type { Credentials } from '../../publishers/credentials.js';
import type { Problem, PublicationState } from '../../publishers/publisher.js';
import type { Books } from './books.js';
import { HostPaused } from './breaker.js';
import type { AccountRun } from './order.js';
import { problemOf } from './problems.js';
import { nextPlatformDayMs } from './quota.js';
import type { Task } from './task.js';
import { backoffMs } from './timing.js';

const dayMs = 86_400_000;

/** What was being done when something went wrong: with `commit`, the request that makes it public. */
export type Doing = 'signing in' | 'step' | 'commit' | 'lookup' | 'cancel';

/** States in which no request was sent that could make it public. */
export const beforeCommit: ReadonlySet<PublicationState> = new Set(['planned', 'claimed', 'prepared', 'uploading']);

/** Decides what each failure means for a publication and for its account: wait and try again, sign in anew, ask the platform, give up, leave it for a later run. */
export class Trouble {
  readonly #run: AccountRun;
  readonly #books: Books;
  /** What the last requests were signed with. */
  credentials: Credentials | undefined;
  /** The login was renewed and nothing has succeeded since. */
  #renewed = false;
  /** Why nothing more can be done on this account. */
  accountProblem: Problem | undefined;
  /** A fault of snvg's own. */
  fault: unknown;
  /** Nothing new is begun before, and why. */
  held: { untilMs: number; problem: Problem } | undefined;

  constructor(run: AccountRun, books: Books) {
    this.#run = run;
    this.#books = books;
  }

  /** A step has been made: what went wrong before it is over. */
  over(task: Task): void {
    task.failures = 0;
    task.troubleSinceMs = undefined;
    this.#renewed = false;
  }

  /** @throws {SnvgError} LEDGER_*; the signal's reason */
  async handle(task: Task, error: unknown, doing: Doing): Promise<void> {
    const { signal, publisher } = this.#run;
    if (signal.aborted) throw signal.reason;
    if (isOurs(error)) throw error;
    if (error instanceof LostReply) return doing === 'commit' ? this.#replyLost(task, error) : this.#tryAgain(task, error, error instanceof HostPaused ? error.untilMs : undefined);
    if (error instanceof PlatformFault) return this.#fault(task, error, doing);
    const problem = problemOf(error, publisher);
    if (error instanceof SnvgError && doing === 'signing in') {
      if (error.code.startsWith('AUTH_')) this.accountProblem = problem;
      return this.#books.leave(task, problem);
    }
    // The user's: a disk that is full, a file that is gone. What may have been sent is asked about by the next run.
    if (error instanceof SnvgError && doing === 'step' && beforeCommit.has(task.publication.state)) return this.#books.record(task, { state: 'failed', problem });
    if (!(error instanceof SnvgError)) this.fault ??= error;
    return this.#books.leave(task, problem);
  }

  async #fault(task: Task, fault: PlatformFault, doing: Doing): Promise<void> {
    const problem = problemOf(fault, this.#run.publisher);
    switch (fault.kind) {
      case 'retry':
        return this.#tryAgain(task, fault, fault.retryAtMs);
      case 'auth':
        return this.#renew(task, problem, fault.renewable);
      case 'quota':
        return this.#noMoreToday(task, problem, fault.retryAtMs);
      case 'refused':
        return this.#refused(task, problem, doing);
    }
  }

  async #refused(task: Task, problem: Problem, doing: Doing): Promise<void> {
    if (doing === 'lookup') return this.#books.ask(task, { question: this.#books.isItThere(task), reason: `the platform does not answer the question (${problem.message})` });
    if (doing !== 'cancel') return this.#books.record(task, { state: 'failed', problem }, problem.message);
    task.stays = true;
    this.#run.event({ type: 'publication-notice', publication: task.publication, code: 'PUBLISH_NOT_CANCELLED', message: problem.message, remedy: problem.remedy });
    task.rest();
  }

  async #renew(task: Task, problem: Problem, renewable: boolean): Promise<void> {
    const { login } = this.#run;
    if (!renewable || !login || !this.credentials || this.#renewed) {
      this.accountProblem = problem;
      return this.#books.leave(task, problem);
    }
    try {
      await login.renew(this.credentials);
    } catch (error) {
      return this.handle(task, error, 'signing in');
    }
    this.#renewed = true;
  }

  /** The platform gives nothing more for now: what is begun elsewhere goes on, nothing new is begun. */
  async #noMoreToday(task: Task, problem: Problem, retryAtMs: number | undefined): Promise<void> {
    const now = this.#nowMs();
    const resets = this.#run.publisher.quotas.map(({ timeZone }) => nextPlatformDayMs(timeZone, now));
    const untilMs = retryAtMs ?? (resets.length > 0 ? Math.min(...resets) : now + dayMs);
    this.held = { untilMs, problem };
    return this.#books.leave(task, problem, untilMs);
  }

  /** Something may have happened: the platform is asked, once the request has had time to come to its end. */
  async #replyLost(task: Task, error: LostReply): Promise<void> {
    const problem = problemOf(error, this.#run.publisher);
    if (this.#countFailure(task)) return this.#books.leave(task, problem, this.#nowMs() + this.#run.patience.horizonMs);
    task.lookAfterMs = this.#nowMs() + this.#run.patience.settleMs;
    await this.#books.record(task, { state: 'committing', problem, notBeforeMs: task.lookAfterMs }, 'the reply was lost');
  }

  async #tryAgain(task: Task, error: unknown, retryAtMs: number | undefined): Promise<void> {
    const { patience, timing, publisher } = this.#run;
    const now = this.#nowMs();
    const exhausted = this.#countFailure(task, error instanceof HostPaused);
    const atMs = Math.max(now + backoffMs(Math.max(1, task.failures), patience, () => timing.random()), retryAtMs ?? 0);
    const problem = problemOf(error, publisher);
    if (exhausted || atMs - (task.troubleSinceMs ?? now) > patience.troubleMs) return this.#books.leave(task, problem, atMs);
    // What the platform asked for outlives this process.
    if (retryAtMs !== undefined && error instanceof PlatformFault && task.publication.state !== 'unknown') await this.#books.record(task, { state: task.publication.state, problem, notBeforeMs: atMs }, problem.message);
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
export function isOurs(error: unknown): boolean {
  return error instanceof SnvgError && (error.code === 'ACCOUNT_BUSY' || (error.code.startsWith('LEDGER_') && error.code !== 'LEDGER_OVERLAP'));
}

export function isRefusal(error: unknown): boolean {
  return error instanceof PlatformFault && error.kind === 'refused';
}
