import { type ChildProcess, fork } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { SimulationReply, SimulationRequest } from './simulate-worker.js';
import { addTo, type Tally, tally } from './tally.js';

const clipsPerBatch = 10;

export interface Simulated {
  tally: Tally;
  /** Of as many publications under the same faults: what a tool that starts again after any error does. */
  naive: { publications: number; twice: number; denied: number };
}

function answered(worker: ChildProcess, request: SimulationRequest): Promise<SimulationReply> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error(`the worker ended in ${request.platform}, seed ${request.seed}`));
    worker.once('exit', ended);
    worker.once('message', (reply) => {
      worker.off('exit', ended);
      resolve(reply as SimulationReply);
    });
    worker.send(request);
  });
}

/** Workers that run seeded batches, one each at a time. */
export class Simulators {
  readonly #workers: ChildProcess[] = Array.from({ length: Math.max(1, cpus().length) }, () => fork(join(import.meta.dirname, 'simulate-worker.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));

  /** Batches from seed 1 on, until `faulted` publications have been befallen by something. */
  async run(platform: string, faulted: number): Promise<Simulated> {
    const total = tally();
    await this.#each((seed) => (total.faulted < faulted ? { kind: 'engine', platform, seed, clips: clipsPerBatch } : undefined), (reply) => {
      if (reply.kind === 'engine') addTo(total, reply.outcome);
    });
    const naive = { publications: 0, twice: 0, denied: 0 };
    const naiveBatches = Math.ceil(faulted / clipsPerBatch / 10);
    await this.#each((seed) => (seed <= naiveBatches ? { kind: 'naive', platform, seed, clips: clipsPerBatch } : undefined), (reply) => {
      if (reply.kind !== 'naive') return;
      naive.publications += reply.outcome.publications;
      naive.twice += reply.outcome.twice;
      naive.denied += reply.outcome.denied;
    });
    return { tally: total, naive };
  }

  close(): void {
    for (const worker of this.#workers) worker.disconnect();
  }

  async #each(request: (seed: number) => SimulationRequest | undefined, take: (reply: SimulationReply) => void): Promise<void> {
    let seed = 0;
    await Promise.all(
      this.#workers.map(async (worker) => {
        for (;;) {
          seed += 1;
          const next = request(seed);
          if (!next) return;
          take(await answered(worker, next));
        }
      }),
    );
  }
}
