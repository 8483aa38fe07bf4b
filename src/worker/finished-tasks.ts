import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { makeFolder, writeFileAtomically } from '../artifacts/atomic-file.js';
import type { ArtifactStore } from '../artifacts/store.js';
import { kindNames, taskResult } from '../artifacts/task-results.js';
import type { Finished } from './runner-protocol.js';

const finished = z.object({
  result: taskResult,
  artifacts: z.array(z.object({ kind: z.enum(kindNames), hash: z.string(), sizeBytes: z.number() })),
});

/** What tasks have left on this machine, by their keys: the same task asked for again, after a connection was lost, is answered by it. */
export class FinishedTasks {
  readonly #root: string;
  readonly #store: Pick<ArtifactStore, 'has'>;

  constructor(root: string, store: Pick<ArtifactStore, 'has'>) {
    this.#root = root;
    this.#store = store;
  }

  /** Undefined when it never finished here, or an artifact is not here any more. */
  async get(key: string): Promise<Finished | undefined> {
    const known = await this.#read(key);
    if (!known) return undefined;
    for (const { hash } of known.artifacts) if (!(await this.#store.has(hash))) return undefined;
    return known;
  }

  /** To be called when its artifacts are durable. @throws {SnvgError} DISK_FULL, OUTPUT_UNWRITABLE */
  async put(task: Finished): Promise<void> {
    const path = this.#pathOf(task.result.key);
    await makeFolder(dirname(path));
    await writeFileAtomically(path, JSON.stringify(task));
  }

  /** @returns what it was, whether or not its artifacts are here */
  async delete(key: string): Promise<Finished | undefined> {
    const known = await this.#read(key);
    await rm(this.#pathOf(key), { force: true });
    return known;
  }

  /** Forgets tasks that finished before a moment, in milliseconds since the epoch. */
  async deleteOlderThan(momentMs: number): Promise<void> {
    for (const entry of await readdir(this.#root, { recursive: true, withFileTypes: true }).catch(() => [])) {
      const path = join(entry.parentPath, entry.name);
      const info = entry.isFile() ? await stat(path).catch(() => undefined) : undefined;
      if (info && info.mtimeMs < momentMs) await rm(path, { force: true });
    }
  }

  async #read(key: string): Promise<Finished | undefined> {
    try {
      return finished.parse(JSON.parse(await readFile(this.#pathOf(key), 'utf8')));
    } catch {
      return undefined;
    }
  }

  #pathOf(key: string): string {
    return join(this.#root, key.slice(0, 2), `${key}.json`);
  }
}
