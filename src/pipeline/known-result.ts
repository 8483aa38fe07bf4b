import { withParts } from '../artifacts/parts.js';
import type { ArtifactStore } from '../artifacts/store.js';
import type { TaskResult, TaskResults } from '../artifacts/task-results.js';

/** What a task with this key left behind, as long as every artifact it names is still there. */
export async function knownResult(key: string, from: { store: Pick<ArtifactStore, 'has' | 'materialize'>; results: Pick<TaskResults, 'get'> }): Promise<TaskResult | undefined> {
  const result = await from.results.get(key);
  return result && (await isComplete(result, from.store)) ? result : undefined;
}

/** Whether every artifact it names is there, and of a clip also what its description names. */
export async function isComplete(result: TaskResult, store: Pick<ArtifactStore, 'has' | 'materialize'>): Promise<boolean> {
  for (const ref of Object.values(result.outputs)) {
    if (!(await store.has(ref.hash))) return false;
    if (ref.kind !== 'clip') continue;
    for (const part of await withParts(store, ref)) if (!(await store.has(part.hash))) return false;
  }
  return true;
}
