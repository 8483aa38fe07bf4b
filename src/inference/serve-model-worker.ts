import { createInterface } from 'node:readline';
import { SnvgError } from '../errors.js';
import { loadRuntime } from './runtime.js';
import type { WorkerFault, WorkerMethods, WorkerReply, WorkerRequest } from './worker-protocol.js';

export interface HandlerContext {
  /** Aborted when the parent no longer wants the answer. */
  readonly signal: AbortSignal;
  /** 0…1 of this request. */
  progress(fraction: number): void;
}

export type WorkerHandlers<M extends WorkerMethods> = {
  [K in keyof M]: (params: M[K]['params'], context: HandlerContext) => Promise<M[K]['result']>;
};

/**
 * The whole body of a worker's entry module: answers requests on stdin until stdin ends, then exits.
 * Requests run concurrently as far as they wait for anything; a handler that needs an order keeps one.
 */
export function serveModelWorker<M extends WorkerMethods>(handlers: WorkerHandlers<M>): void {
  const running = new Map<number, AbortController>();
  const known = handlers as Record<string, (params: unknown, context: HandlerContext) => Promise<unknown>>;

  const answer = async (id: number, method: string, params: unknown): Promise<void> => {
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const handler = method === 'runtime' ? describeRuntime : known[method];
      if (!handler) throw new Error(`this worker has no method ${method}`);
      const result = await handler(params, { signal: controller.signal, progress: (progress) => write({ id, progress }) });
      write({ id, result, cpuSeconds: ownCpuSeconds() });
    } catch (error) {
      write({ id, error: faultOf(error), cpuSeconds: ownCpuSeconds() });
    } finally {
      running.delete(id);
    }
  };

  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const request = JSON.parse(line) as WorkerRequest;
    if ('cancel' in request) running.get(request.cancel)?.abort(new Error('cancelled'));
    else void answer(request.id, request.method, request.params);
  });
  // The parent is gone or done: whatever is still running has no reader.
  lines.on('close', () => process.exit(0));
}

async function describeRuntime(): Promise<{ kind: string; name: string; nativeFailure: string | undefined }> {
  const { kind, name, nativeFailure } = await loadRuntime();
  return { kind, name, nativeFailure };
}

function write(reply: WorkerReply): void {
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}

function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function faultOf(error: unknown): WorkerFault {
  if (error instanceof SnvgError) return { code: error.code, message: error.message, remedy: error.remedy };
  return { message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
