import { type Holds, leastAgeMs } from './holds.js';
import type { ObjectInfo, SharedObjects } from './shared-objects.js';
import type { Freed } from './store.js';

/** Objects that are taken at once. */
const batchSize = 500;

export interface SweepOptions {
  /** On the place's clock; what is younger than `leastAgeMs` stays whatever is said here. */
  beforeMs: number;
  /** Names that stay however old they are: asked for once before, and anew for each batch that is about to go. */
  kept(): Promise<ReadonlySet<string>>;
  dryRun: boolean;
  signal?: AbortSignal;
  /** Called for each object. */
  looked?(): void;
}

/**
 * Removes the old objects of a folder that nobody needs.
 * @param nameOf what an object is kept by; undefined for keys that are none of ours, which stay
 */
export async function sweep(objects: SharedObjects, holds: Holds, folder: string, nameOf: (key: string) => string | undefined, options: SweepOptions): Promise<Freed & { kept: number }> {
  const beforeMs = Math.min(options.beforeMs, (await objects.nowMs()) - leastAgeMs);
  const keptAtFirst = await options.kept();
  const freed = { removed: 0, freedBytes: 0, kept: 0 };
  const count = (gone: readonly ObjectInfo[]): void => {
    freed.removed += gone.length;
    freed.freedBytes += gone.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  };
  const wanted = async (): Promise<(key: string) => boolean> => {
    const kept = await options.kept();
    return (key) => kept.has(nameOf(key) ?? '');
  };
  let batch: ObjectInfo[] = [];
  for await (const info of objects.list(folder)) {
    options.signal?.throwIfAborted();
    options.looked?.();
    const name = nameOf(info.key);
    if (name === undefined || info.modifiedMs >= beforeMs) continue;
    if (keptAtFirst.has(name)) freed.kept += 1;
    else if (!options.dryRun) batch.push(info);
    else if (await isOld(objects, info.key, beforeMs)) count([info]);
    if (batch.length < batchSize) continue;
    count(await holds.remove(batch, beforeMs, wanted));
    batch = [];
  }
  count(await holds.remove(batch, beforeMs, wanted));
  return freed;
}

async function isOld(objects: SharedObjects, key: string, beforeMs: number): Promise<boolean> {
  const info = await objects.find(key, { touches: true });
  return info !== undefined && info.modifiedMs < beforeMs;
}
