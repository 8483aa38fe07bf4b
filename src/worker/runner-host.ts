import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunListener } from '../pipeline/backends/shared-run.js';
import type { Task } from '../pipeline/task.js';
import { isStopped, startTimeOf } from '../process/identity.js';
import { moduleArguments, moduleEntry } from '../process/module-entry.js';
import { endChildrenOf } from '../process/reaper.js';
import { type Service, startService } from '../process/service.js';
import { MemoryKills } from './memory-kills.js';
import type { Failure, Finished, FromRunner, RunnerSettings } from './runner-protocol.js';

/** A task that did not end well, with whose fault it is. */
export class RunFailure extends Error {
  override readonly name = 'RunFailure';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.report.message);
    this.failure = failure;
  }
}

/** All but what each runner has of its own. */
export type HostSettings = Omit<RunnerSettings, 'scratchRoot'>;

interface Pending {
  slots: number;
  started: boolean;
  listener: RunListener;
  resolve(finished: Finished): void;
  reject(error: RunFailure): void;
}

interface Runner {
  service: Service;
  scratchRoot: string;
  startTime: string | undefined;
  pending: Map<number, Pending>;
  /** On the monotonic clock: since when it is seen stopped (SIGSTOP). */
  stoppedMs: number | undefined;
}

/** A runner that is stopped so long, by a person or a tool, holds up its tasks: they are better run elsewhere. */
const mostStoppedMs = 5_000;

/** How long a runner may take to end by itself once its stdin is closed: the whole of an agent's end has two seconds. */
const leaveMs = 700;

/** Starts the child that runs tasks, again when it has died, and ends it with all that it has started. */
export class RunnerHost {
  readonly #settings: HostSettings;
  readonly #onLogLine: (line: string) => void;
  readonly #memoryKills = new MemoryKills();
  #current: Runner | undefined;
  #started = 0;
  #nextId = 1;
  #stopped = false;
  readonly #atExit = (): void => this.#killAtOnce();

  constructor(settings: HostSettings, onLogLine: (line: string) => void) {
    this.#settings = settings;
    this.#onLogLine = onLogLine;
    process.on('exit', this.#atExit);
  }

  /** Half cores not taken by what runs now. */
  get freeSlots(): number {
    const taken = [...(this.#current?.pending.values() ?? [])].reduce((sum, { slots, started }) => sum + (started ? slots : 0), 0);
    return Math.max(0, this.#settings.slots - taken);
  }

  /** Starts the runner ahead of its first task. */
  warm(): void {
    this.#running();
  }

  /** Looks after the runner; to be called regularly. */
  look(): void {
    const runner = this.#current;
    if (!runner) return;
    if (runner.service.pid === undefined || !isStopped(runner.service.pid)) runner.stoppedMs = undefined;
    else if (performance.now() - (runner.stoppedMs ??= performance.now()) > mostStoppedMs) runner.service.kill();
  }

  /** @throws {RunFailure} */
  async run(task: Task, paths: Record<string, string>, options: { signal: AbortSignal; listener: RunListener }): Promise<Finished> {
    const { signal, listener } = options;
    const runner = this.#running();
    const id = this.#nextId++;
    const cancel = (): void => runner.service.send({ type: 'cancel', id });
    try {
      return await new Promise<Finished>((resolve, reject) => {
        runner.pending.set(id, { slots: Math.min(task.slots, this.#settings.slots), started: false, listener, resolve, reject });
        runner.service.send({ type: 'run', id, task, paths });
        if (signal.aborted) cancel();
        signal.addEventListener('abort', cancel, { once: true });
      });
    } finally {
      signal.removeEventListener('abort', cancel);
      runner.pending.delete(id);
    }
  }

  /** Ends the runner and everything it has started, within a second. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const runner = this.#current;
    if (runner) {
      const timer = setTimeout(() => runner.service.kill(), leaveMs);
      await runner.service.close();
      clearTimeout(timer);
      await endAllOf(runner);
    }
    process.off('exit', this.#atExit);
  }

  #running(): Runner {
    if (this.#stopped) throw new RunFailure(hostFailure('the agent is ending'));
    if (this.#current) return this.#current;
    this.#started += 1;
    const scratchRoot = join(this.#settings.agentScratch, `runner-${this.#started}`);
    const service = startService({ command: process.execPath, args: moduleArguments(moduleEntry('./runner', import.meta.url)), cwd: '/', onStderrLine: this.#onLogLine });
    const runner: Runner = { service, scratchRoot, startTime: service.pid === undefined ? undefined : startTimeOf(service.pid), pending: new Map(), stoppedMs: undefined };
    service.onMessage((message) => this.#receive(runner, message as FromRunner));
    void service.ended.then((end) => this.#bury(runner, end));
    service.send({ type: 'settings', settings: { ...this.#settings, scratchRoot } });
    this.#current = runner;
    return runner;
  }

  #receive(runner: Runner, message: FromRunner): void {
    const pending = runner.pending.get(message.id);
    if (!pending) return;
    switch (message.type) {
      case 'started':
        pending.started = true;
        pending.listener({ type: 'started' });
        return;
      case 'progress':
        pending.listener({ type: 'progress', fraction: message.fraction });
        return;
      case 'notice':
        pending.listener({ type: 'notice', notice: message.notice });
        return;
      case 'finished':
        pending.resolve({ result: message.result, artifacts: message.artifacts });
        return;
      case 'failed':
        pending.reject(new RunFailure({ class: message.class, report: message.report }));
    }
  }

  async #bury(runner: Runner, { exitCode, endedBy, stderrTail }: Awaited<Service['ended']>): Promise<void> {
    if (this.#current === runner) this.#current = undefined;
    // Its children lead groups of their own, so that they do not go with it.
    await endAllOf(runner);
    const words = stderrTail.filter((line) => line.trim() !== '' && !line.startsWith('{')).slice(-3).join(' | ');
    const how = `what runs tasks there ${endedBy === undefined ? `ended with code ${exitCode}` : `was ended by ${endedBy}`}${words === '' ? '' : `: ${words}`}`;
    const outOfMemory = /heap out of memory|bad_alloc/i.test(words) || (endedBy === 'SIGKILL' && !this.#stopped && this.#memoryKills.happened());
    const failure: Failure = outOfMemory ? { class: 'capacity', report: { code: 'MEMORY', message: how, remedy: 'Give this machine fewer tasks at once, or more memory.' } } : hostFailure(how);
    // Whoever hears that a task has failed finds nothing of it.
    await rm(runner.scratchRoot, { recursive: true, force: true }).catch(() => {});
    for (const { reject } of runner.pending.values()) reject(new RunFailure(failure));
  }

  /** The agent ends without having time to wait. */
  #killAtOnce(): void {
    if (!this.#current) return;
    this.#current.service.kill();
    void endAllOf(this.#current);
  }
}

/** Kills what a runner has started, at once, and waits until it has gone: what was killed may still hold files. */
async function endAllOf({ service: { pid }, startTime }: Runner): Promise<void> {
  if (pid === undefined || startTime === undefined) return;
  // A look finds those that are still dying, too.
  for (let looks = 0; endChildrenOf({ pid, startTime }).length > 0 && looks < 50; looks += 1) await sleep(10);
}

function hostFailure(message: string): Failure {
  return { class: 'host', report: { code: 'RUNNER_ENDED', message, remedy: 'See the log of that machine; its other tasks go on.' } };
}
