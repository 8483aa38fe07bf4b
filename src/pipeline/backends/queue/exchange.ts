import type { ArtifactStore } from '../../../artifacts/store.js';
import type { TaskResult } from '../../../artifacts/task-results.js';

/** What the queue needs of the place where coordinators and workers leave files for each other. All of them see the same. */
export interface QueueExchange {
  readonly artifacts: ArtifactStore & {
    /** Keeps bytes that are no artifact of a kind. */
    keep(source: { bytes: Uint8Array }): Promise<{ hash: string; sizeBytes: number }>;
    /** Writes an artifact to a new file, verified. @throws {ArtifactMissing}, {ArtifactDamaged} */
    fetch(hash: string, path: string, signal?: AbortSignal): Promise<void>;
    remove(hash: string): Promise<boolean>;
  };
  readonly results: {
    get(key: string): Promise<TaskResult | undefined>;
    putIfAbsent(result: TaskResult): Promise<'written' | 'there'>;
    delete(key: string): Promise<void>;
  };
}

/** Whether an artifact itself is at fault, not the way to it. */
export function isUnusable(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ARTIFACT_MISSING' || code === 'ARTIFACT_DAMAGED';
}
