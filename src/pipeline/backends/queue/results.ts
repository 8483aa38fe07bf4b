import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../../artifacts/atomic-file.js';
import { isUnusableArtifact } from '../../../artifacts/faults.js';
import { isJsonKind, type ArtifactKind, type ArtifactRef } from '../../../artifacts/kinds.js';
import { anyRef } from '../../../artifacts/schemas/common.js';
import type { ArtifactStore } from '../../../artifacts/store.js';
import type { TaskResult } from '../../../artifacts/task-results.js';
import { knownResult } from '../../known-result.js';
import type { QueueExchange } from './exchange.js';

/** Thrown when an artifact in the exchange is not what its name says, or is gone: the result is worth nothing. */
export class ResultDamaged extends Error {
  override readonly name = 'ResultDamaged';
}

/** The result of a task, when it is in the exchange with all it names. */
export function resultIn(exchange: QueueExchange, key: string): Promise<TaskResult | undefined> {
  return knownResult(key, { store: exchange.artifacts, results: exchange.results });
}

/**
 * Takes over the artifacts of a result, and those they name, into a store of this machine. Every byte is checked against its hash.
 * @param scratchDir where they lie while they are not known to be right
 * @returns bytes fetched
 * @throws {ResultDamaged} after it was fetched twice; what was damaged is removed from the exchange with the result
 * @throws {SnvgError} when the exchange does not answer
 */
export async function fetchArtifacts(exchange: QueueExchange, store: ArtifactStore, result: TaskResult, scratchDir: string, signal: AbortSignal): Promise<number> {
  let fetchedBytes = 0;
  const seen = new Set<string>();
  const wanted: ArtifactRef[] = Object.values(result.outputs);
  for (let ref = wanted.pop(); ref !== undefined; ref = wanted.pop()) {
    signal.throwIfAborted();
    if (seen.has(ref.hash)) continue;
    seen.add(ref.hash);
    if (!(await store.has(ref.hash))) {
      await store.put(ref.kind, { path: await fetchOne(exchange, ref, result.key, { scratchDir, signal }) });
      fetchedBytes += ref.sizeBytes;
    }
    if (isJsonKind(ref.kind)) wanted.push(...refsIn(await readFile(await store.materialize(ref.hash), 'utf8')));
  }
  return fetchedBytes;
}

async function fetchOne(exchange: QueueExchange, { hash, kind }: ArtifactRef, key: string, { scratchDir, signal }: { scratchDir: string; signal: AbortSignal }): Promise<string> {
  await makeFolder(scratchDir);
  const path = join(scratchDir, `fetched-${randomBytes(8).toString('hex')}`);
  try {
    await exchange.artifacts.fetch(hash, path, signal);
    return path;
  } catch (error) {
    if (!isUnusableArtifact(error)) throw error;
    await exchange.results.delete(key);
    await exchange.artifacts.remove(hash);
    throw new ResultDamaged(`An artifact in the exchange cannot be used (${kind} ${hash.slice(0, 12)})`, { cause: error });
  }
}

/** Artifacts that a JSON artifact names: a clip's description its film, captions and cover. */
function refsIn(text: string): ArtifactRef[] {
  const refs: ArtifactRef[] = [];
  JSON.parse(text, (_key, value: unknown) => {
    const ref = anyRef.safeParse(value);
    // Written by the operation under a schema that knows its kinds.
    if (ref.success) refs.push({ ...ref.data, kind: ref.data.kind as ArtifactKind });
    return value;
  });
  return refs;
}
