import type { ArtifactStore } from '../artifacts/store.js';
import type { TaskResult, TaskResults } from '../artifacts/task-results.js';

/** What a task with this key left behind, as long as every artifact it names is still there. */
export async function knownResult(key: string, from: { store: Pick<ArtifactStore, 'has'>; results: Pick<TaskResults, 'get'> }): Promise<TaskResult | undefined> {
  const result = await from.results.get(key);
  return result && (await isComplete(result, from.store)) ? result : undefined;
}

/** Whether every artifact it names is there. */
export async function isComplete(result: TaskResult, store: Pick<ArtifactStore, 'has'>): Promise<boolean> {
  for (const ref of Object.values(result.outputs)) {
    if (!(await store.has(ref.hash))) return false;
  }
  return true;
}
