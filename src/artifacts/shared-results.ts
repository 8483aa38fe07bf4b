import { SnvgError } from '../errors.js';
import { atOnce } from './at-once.js';
import type { ExchangeArtifacts, ExchangeResults } from './exchange.js';
import { readOnlyStore } from './faults.js';
import { contentOf, isHash, requireHash } from './hash.js';
import type { Holds } from './holds.js';
import { type ObjectInfo, readText, type SharedObjects } from './shared-objects.js';
import type { Freed } from './store.js';
import { sweep, type SweepOptions } from './sweep.js';
import { readTaskResult, type TaskResult } from './task-results.js';

const requestsAtOnce = 16;
/** How often a record is written anew because a collection took it away. */
const mostTurns = 5;
const folder = 'results/';

function resultKey(key: string): string {
  return `${folder}${requireHash(key).slice(0, 2)}/${key}.json`;
}

/** The task key that a key of `resultKey` names; undefined for other keys. */
function taskOfKey(key: string): string | undefined {
  const task = key.slice(key.lastIndexOf('/') + 1, -'.json'.length);
  return isHash(task) && resultKey(task) === key ? task : undefined;
}

/** Results of tasks in a place that several machines see. */
export class SharedResults implements ExchangeResults {
  readonly #objects: SharedObjects;
  readonly #holds: Holds;
  readonly #artifacts: ExchangeArtifacts;
  readonly #readOnly: boolean;

  constructor(objects: SharedObjects, options: { holds: Holds; artifacts: ExchangeArtifacts; readOnly: boolean }) {
    this.#objects = objects;
    this.#holds = options.holds;
    this.#artifacts = options.artifacts;
    this.#readOnly = options.readOnly;
  }

  async get(key: string): Promise<TaskResult | undefined> {
    return (await this.#holds.hold(resultKey(key))) && this.peek(key);
  }

  /** Without a promise. */
  async peek(key: string): Promise<TaskResult | undefined> {
    const text = await readText(this.#objects, resultKey(key));
    const result = text === undefined ? undefined : readTaskResult(text);
    return result?.key === key ? result : undefined;
  }

  async putIfAbsent(result: TaskResult): Promise<'written' | 'there'> {
    if (this.#readOnly) throw readOnlyStore(this.#objects.place);
    const bytes = new TextEncoder().encode(JSON.stringify(result));
    const key = resultKey(result.key);
    for (let turn = 1; ; turn += 1) {
      if ((await this.#holds.create(key, { bytes }, await contentOf({ bytes }))) === 'created') return 'written';
      const there = await this.get(result.key);
      if (there && (await this.#isWhole(there))) return 'there';
      if (await this.#holds.replace(key, bytes)) return 'written';
      if (turn === mostTurns) throw new SnvgError('STORE_UNAVAILABLE', `Results that are left in ${this.#objects.place} are taken away at once`, 'See what removes files there, then run again.');
    }
  }

  async delete(key: string): Promise<void> {
    if (this.#readOnly) throw readOnlyStore(this.#objects.place);
    await this.#objects.delete(resultKey(key));
  }

  async *all(): AsyncIterable<{ result: TaskResult; sizeBytes: number; writtenMs: number }> {
    const read = async ({ key, sizeBytes, modifiedMs }: ObjectInfo): Promise<{ result: TaskResult; sizeBytes: number; writtenMs: number } | undefined> => {
      const task = taskOfKey(key);
      const result = task === undefined ? undefined : await this.peek(task);
      return result && { result, sizeBytes, writtenMs: modifiedMs };
    };
    for await (const found of atOnce(this.#objects.list(folder), requestsAtOnce, read)) if (found) yield found;
  }

  /** Removes old results but those that are kept, by their task keys. */
  async collect(options: SweepOptions): Promise<Freed & { kept: number }> {
    if (this.#readOnly && !options.dryRun) throw readOnlyStore(this.#objects.place);
    return sweep(this.#objects, this.#holds, folder, taskOfKey, options);
  }

  async #isWhole(result: TaskResult): Promise<boolean> {
    const there = await Promise.all(Object.values(result.outputs).map(({ hash }) => this.#artifacts.has(hash)));
    return there.every(Boolean);
  }
}
