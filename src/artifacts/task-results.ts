import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { makeFolder, writeFileAtomically } from './atomic-file.js';
import { fileKinds, jsonKinds, type ArtifactKind } from './kinds.js';
import { notice } from './schemas/common.js';

/** Every kind of artifact. */
export const kindNames = [...Object.keys(jsonKinds), ...Object.keys(fileKinds)] as [ArtifactKind, ...ArtifactKind[]];

/** A task's result as it is kept and sent. */
export const taskResult = z.object({
  key: z.string(),
  op: z.string(),
  outputs: z.record(z.string(), z.object({ kind: z.enum(kindNames), hash: z.string(), sizeBytes: z.number() })),
  notices: z.array(notice),
  cpuSeconds: z.number(),
  wallMs: z.number(),
});
/** What a finished task left behind; written once, after its artifacts are durable. */
export type TaskResult = z.infer<typeof taskResult>;

/** @returns undefined for a text that is no record of a result */
export function readTaskResult(text: string): TaskResult | undefined {
  try {
    return taskResult.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Task key → result, as small files beside the artifacts: what makes a second run cost nothing. */
export class TaskResults {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Undefined when the task never finished, or its record cannot be read (it is then simply done again). */
  async get(key: string): Promise<TaskResult | undefined> {
    return readFile(this.#pathOf(key), 'utf8').then(readTaskResult, () => undefined);
  }

  async put(result: TaskResult): Promise<void> {
    const path = this.#pathOf(result.key);
    await makeFolder(dirname(path));
    await writeFileAtomically(path, JSON.stringify(result));
  }

  async delete(key: string): Promise<void> {
    await rm(this.#pathOf(key), { force: true });
  }

  /** `writtenMs`: milliseconds since the epoch. */
  async *all(): AsyncIterable<{ result: TaskResult; sizeBytes: number; writtenMs: number }> {
    for (const entry of await readdir(this.#root, { recursive: true, withFileTypes: true }).catch(() => [])) {
      if (!entry.isFile() || !entry.name.endsWith('.json')) continue;
      const result = await this.get(entry.name.slice(0, -'.json'.length));
      const info = result && (await stat(join(entry.parentPath, entry.name)).catch(() => undefined));
      if (result && info) yield { result, sizeBytes: info.size, writtenMs: info.mtimeMs };
    }
  }

  #pathOf(key: string): string {
    return join(this.#root, key.slice(0, 2), `${key}.json`);
  }
}
