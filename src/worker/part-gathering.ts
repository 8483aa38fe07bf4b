import { bytesIn, type ByteRange, type FilePart, without } from '../artifacts/byte-range.js';
import { RunFailure } from './runner-host.js';
import type { WorkerCache } from './worker-cache.js';

/** Bytes that some order has asked for and that are on their way. */
interface Coming {
  sha256: string;
  ranges: readonly ByteRange[];
  /** Settles when the asking has ended, however it ended. */
  over: Promise<void>;
}

/** After so many askings something is wrong with what is sent. */
const mostAskings = 3;

/** Brings the bytes that orders need here. What two of them lack is asked for once. */
export class PartGathering {
  readonly #cache: WorkerCache;
  readonly #coming = new Set<Coming>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(cache: WorkerCache) {
    this.#cache = cache;
  }

  /**
   * Resolves with where the bytes lie, by sha256. The parts must be held.
   * @param ask sends for what is missing, and resolves when all of it has been sent
   * @throws {RunFailure} network: it does not arrive; whatever `ask` throws; {SnvgError} DISK_FULL
   */
  async gather(parts: readonly FilePart[], ask: (missing: FilePart[]) => Promise<void>, signal: AbortSignal): Promise<Record<string, string>> {
    const stored = await this.#stored(parts);
    const partial = parts.filter(({ sha256 }) => !stored.has(sha256));
    for (let askings = 0; ; ) {
      const { own, others } = await this.#inTurn(() => this.#split(partial));
      if (own.length === 0 && others.length === 0) break;
      if (own.length > 0) {
        if (askings === mostAskings) throw new RunFailure({ class: 'network', report: { code: 'PARTS_MISSING', message: `${own.reduce((sum, { ranges }) => sum + bytesIn(ranges), 0)} bytes of inputs did not arrive as they are`, remedy: 'Something on the way changes what is sent.' } });
        askings += 1;
        await this.#askFor(own, ask);
      }
      await Promise.all(others.map(({ over }) => over));
      signal.throwIfAborted();
    }
    return Object.fromEntries(parts.map(({ sha256 }) => [sha256, stored.get(sha256) ?? this.#cache.partials.pathOf(sha256)]));
  }

  /** How much of the parts would have to come now. */
  async missingBytes(parts: readonly FilePart[]): Promise<number> {
    const stored = await this.#stored(parts);
    let sum = 0;
    for (const part of parts) if (!stored.has(part.sha256)) sum += bytesIn(await this.#cache.partials.missing(part));
    return sum;
  }

  /** Where inputs lie that tasks of this machine have made. */
  async #stored(parts: readonly FilePart[]): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (const { sha256 } of parts) if (await this.#cache.store.has(sha256)) found.set(sha256, await this.#cache.store.materialize(sha256));
    return found;
  }

  async #askFor(own: FilePart[], ask: (missing: FilePart[]) => Promise<void>): Promise<void> {
    const asking = ask(own);
    const over = asking.catch(() => {});
    const coming = own.map(({ sha256, ranges }): Coming => ({ sha256, ranges, over }));
    for (const part of coming) this.#coming.add(part);
    try {
      await asking;
    } finally {
      for (const part of coming) this.#coming.delete(part);
    }
  }

  /** What is missing and nobody has asked for, and what others have asked for. */
  async #split(parts: readonly FilePart[]): Promise<{ own: FilePart[]; others: Coming[] }> {
    const own: FilePart[] = [];
    const others: Coming[] = [];
    for (const part of parts) {
      const missing = await this.#cache.partials.missing(part);
      const coming = [...this.#coming].filter(({ sha256 }) => sha256 === part.sha256);
      const left = without(missing, coming.flatMap(({ ranges }) => ranges));
      if (left.length > 0) own.push({ ...part, ranges: left });
      if (bytesIn(left) < bytesIn(missing)) others.push(...coming);
    }
    return { own, others };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#turn.then(work, work);
    this.#turn = next.catch(() => {});
    return next;
  }
}
