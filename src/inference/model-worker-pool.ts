import { ModelWorker, type ModelWorkerOptions, type RequestOptions } from './model-worker.js';
import type { WorkerMethods } from './worker-protocol.js';

interface Member<M extends WorkerMethods> {
  worker: ModelWorker<M>;
  open: number;
}

/**
 * Workers of one kind, for requests that may run side by side: onnxruntime-node computes on its worker's only thread,
 * so a second core needs a second worker. One is started only when all others are at work.
 */
export class ModelWorkerPool<M extends WorkerMethods> {
  readonly #options: ModelWorkerOptions;
  readonly #most: number;
  readonly #members: Member<M>[] = [];

  /** @param most never more workers than this */
  constructor(options: ModelWorkerOptions, most: number) {
    this.#options = options;
    this.#most = Math.max(1, most);
  }

  /** As ModelWorker.request, on an idle worker where there is one. */
  async request<K extends keyof M & string>(method: K, params: M[K]['params'], options: RequestOptions = {}): Promise<{ value: M[K]['result']; cpuSeconds: number }> {
    const member = this.#choose();
    member.open += 1;
    try {
      return await member.worker.request(method, params, options);
    } finally {
      member.open -= 1;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map(({ worker }) => worker.close()));
  }

  #choose(): Member<M> {
    const leastBusy = this.#members.toSorted((a, b) => a.open - b.open)[0];
    if (leastBusy && (leastBusy.open === 0 || this.#members.length >= this.#most)) return leastBusy;
    const started = { worker: new ModelWorker<M>(this.#options), open: 0 };
    this.#members.push(started);
    return started;
  }
}
