import type { Problem, PublicationStep } from '../../publishers/publisher.js';
import type { AccountRun } from './order.js';
import { undecided } from './problems.js';
import { spendQuota } from './quota.js';
import type { Task } from './task.js';

/** Writes down what becomes of publications, and tells of it. Everything here: @throws {SnvgError} LEDGER_*, after which nothing may be sent */
export class Books {
  readonly #run: AccountRun;

  constructor(run: AccountRun) {
    this.#run = run;
  }

  /** Persists one step; a state in which a publication rests ends its task. */
  async record(task: Task, step: PublicationStep, note?: string): Promise<void> {
    const { ledger, publisher, account, event } = this.#run;
    const from = task.publication.state;
    task.publication = await ledger.record(task.publication, step, note ?? step.notice?.message);
    task.notBeforeMs = step.notBeforeMs ?? 0;
    if (step.spent) await spendQuota(ledger, publisher, account.id, step.spent, this.#run.timing.nowMs());
    if (step.state !== from) event({ type: 'publication-moved', publication: task.publication, from });
    if (step.notice) event({ type: 'publication-notice', publication: task.publication, code: 'PUBLISH_ADJUSTED', ...step.notice });
    task.rest();
  }

  /** Ends the task for this run; the publication stays where it is, with the reason. */
  async leave(task: Task, problem: Problem, notBeforeMs?: number): Promise<void> {
    // The question stays what it was.
    if (task.publication.state === 'unknown') {
      task.end('unknown', task.publication.problem ?? problem);
      return;
    }
    await this.record(task, { state: task.publication.state, problem, ...(notBeforeMs === undefined ? {} : { notBeforeMs }) }, problem.message);
    task.end('left', problem);
  }

  /** Leaves the question to a person. */
  async ask(task: Task, why: { question: string; reason: string }): Promise<void> {
    await this.record(task, { state: 'unknown', problem: undecided(task.publication, this.#run.publisher, why) }, why.reason);
  }

  /** The question where the platform has no better one. */
  isItThere({ publication }: Task): string {
    return `Is ${JSON.stringify(publication.title)} on ${this.#run.publisher.name} (${this.#run.account.name})?`;
  }
}
