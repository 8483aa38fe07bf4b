import { SnvgError } from '../errors.js';
import { moduleArguments } from '../process/module-entry.js';
import { ToolFailure } from '../process/run.js';
import { startService, type Service } from '../process/service.js';
import { runtimeFlag, type RuntimeChoice, type WorkerFault, type WorkerMethods, type WorkerReply, type WorkerRequest } from './worker-protocol.js';

export interface ModelWorkerOptions {
  /** Shown in errors: "speech recogniser". */
  name: string;
  /** The entry module, which calls `serveModelWorker`; see `moduleEntry`. */
  entry: URL;
  /** Working directory; nothing is written there. */
  cwd: string;
  runtime?: RuntimeChoice;
}

export interface RequestOptions {
  signal?: AbortSignal;
  onProgress?: (fraction: number) => void;
}

interface Pending {
  resolve: (answer: { result: unknown; cpuSeconds: number }) => void;
  reject: (error: unknown) => void;
  onProgress: ((fraction: number) => void) | undefined;
}

/** One running child and what it owes. */
interface Incarnation {
  service: Service;
  pending: Map<number, Pending>;
  cpuSecondsTotal: number;
  cpuSecondsClaimed: number;
}

type Death = Awaited<Service['ended']>;

/** After this many deaths without an answer in between, another start would only die again. */
const deathsAllowed = 2;

/**
 * A child process that holds models and answers requests, several at a time. It is started by the first request.
 * When it dies, every request it owed is refused with its last words, and the next request starts it once more.
 */
export class ModelWorker<M extends WorkerMethods> {
  private current: Incarnation | undefined;
  private nextId = 1;
  private deathsInARow = 0;
  private closed = false;

  constructor(private readonly options: ModelWorkerOptions) {}

  /** The child's process id while it runs. */
  get pid(): number | undefined {
    return this.current?.service.pid;
  }

  /**
   * Asks the child. `cpuSeconds` is what the child used since the last answer that was handed out: over all
   * answers the sum is the child's CPU, loading included, and nothing is counted twice.
   *
   * @throws {SnvgError} what the child's handler threw; TOOL_FAILED when the child died
   * @throws the signal's reason when aborted
   */
  async request<K extends keyof M & string>(method: K, params: M[K]['params'], options: RequestOptions = {}): Promise<{ value: M[K]['result']; cpuSeconds: number }> {
    const { signal, onProgress } = options;
    signal?.throwIfAborted();
    const worker = this.running();
    const id = this.nextId++;
    const send = (request: WorkerRequest): void => worker.service.send(request);
    let onAbort: (() => void) | undefined;
    try {
      const answer = await new Promise<{ result: unknown; cpuSeconds: number }>((resolve, reject) => {
        worker.pending.set(id, { resolve, reject, onProgress });
        onAbort = () => {
          send({ cancel: id });
          reject(signal?.reason as Error);
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        send({ id, method, params });
      });
      return { value: answer.result, cpuSeconds: answer.cpuSeconds };
    } finally {
      worker.pending.delete(id);
      if (onAbort) signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Ends the child; requests still open are refused. */
  async close(): Promise<void> {
    this.closed = true;
    await this.current?.service.close();
  }

  private running(): Incarnation {
    if (this.closed) throw new Error(`the ${this.options.name} is closed`);
    if (this.current) return this.current;
    if (this.deathsInARow >= deathsAllowed) throw this.deathError('died twice in a row and is not started again', { exitCode: undefined, endedBy: undefined, stderrTail: [] });
    const service = startService({
      command: process.execPath,
      args: [...moduleArguments(this.options.entry), `${runtimeFlag}${this.options.runtime ?? 'auto'}`],
      cwd: this.options.cwd,
    });
    const worker: Incarnation = { service, pending: new Map(), cpuSecondsTotal: 0, cpuSecondsClaimed: 0 };
    service.onMessage((message) => this.receive(worker, message as WorkerReply));
    void service.ended.then((end) => this.bury(worker, end));
    this.current = worker;
    return worker;
  }

  private receive(worker: Incarnation, reply: WorkerReply): void {
    const pending = worker.pending.get(reply.id);
    if ('progress' in reply) {
      pending?.onProgress?.(reply.progress);
      return;
    }
    this.deathsInARow = 0;
    worker.cpuSecondsTotal = reply.cpuSeconds;
    // An answer nobody waits for (cancelled) leaves its CPU to the next one.
    if (!pending) return;
    if ('error' in reply) {
      pending.reject(errorOf(reply.error));
      return;
    }
    const cpuSeconds = worker.cpuSecondsTotal - worker.cpuSecondsClaimed;
    worker.cpuSecondsClaimed = worker.cpuSecondsTotal;
    pending.resolve({ result: reply.result, cpuSeconds });
  }

  private bury(worker: Incarnation, end: Death): void {
    this.current = undefined;
    if (!this.closed) this.deathsInARow += 1;
    const how = end.exitCode === undefined ? 'was killed' : `ended with code ${end.exitCode}`;
    const error = this.closed ? new Error(`the ${this.options.name} was closed`) : this.deathError(how, end);
    for (const pending of worker.pending.values()) pending.reject(error);
  }

  private deathError(how: string, { exitCode, endedBy, stderrTail }: Death): SnvgError {
    const lastWords = stderrTail.filter((line) => line.trim() !== '').slice(-3).join(' | ');
    return new SnvgError(
      'TOOL_FAILED',
      `the ${this.options.name} ${how}${lastWords === '' ? '' : `: ${lastWords}`}`,
      'Run again: finished work is kept. If it repeats, free memory (it needs about 1 GB) or see snvg doctor.',
      { cause: new ToolFailure(`the ${this.options.name} ${how}`, { exitCode, endedBy, stderrTail, notStarted: false }) },
    );
  }
}

function errorOf(fault: WorkerFault): Error {
  return fault.code ? new SnvgError(fault.code, fault.message, fault.remedy ?? 'See snvg doctor.') : new Error(fault.message);
}
