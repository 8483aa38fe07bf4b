import { atOnce } from '../../artifacts/at-once.js';
import { ArtifactDamaged, ArtifactMissing } from '../../artifacts/faults.js';
import { withParts } from '../../artifacts/parts.js';
import type { ListedStore, StoredArtifact } from '../../artifacts/store.js';
import type { KeptFiles } from './kept-files.js';

/** Read at the same time: enough to keep a network busy, and two cores. */
const readsAtOnce = 4;

export interface StoreVerdict {
  place: string;
  artifacts: number;
  bytes: number;
  damaged: { hash: string; sizeBytes: number }[];
  results: number;
  /** Results that name artifacts which are not there, or are damaged. */
  broken: { key: string; op: string; missing: { kind: string; hash: string }[] }[];
  /** Whether what is damaged and the results that need it were removed. */
  repaired: boolean;
}

/**
 * Reads everything and compares it with its hash, and looks whether all that results name is there.
 * @param options.repair removes what is damaged, and results that name what is not there: both are then made anew when they are needed
 */
export async function verifyStore(kept: KeptFiles, options: { repair: boolean; signal: AbortSignal; progress(artifacts: number, bytes: number): void }): Promise<StoreVerdict> {
  const verdict: StoreVerdict = { place: kept.place, artifacts: 0, bytes: 0, damaged: [], results: 0, broken: [], repaired: options.repair };
  const whole = new Set<string>();
  for await (const { hash, sizeBytes, state } of atOnce(kept.artifacts.list(), readsAtOnce, (artifact) => examine(kept.artifacts, artifact, options.signal))) {
    if (state === 'gone') continue;
    verdict.artifacts += 1;
    verdict.bytes += sizeBytes;
    if (state === 'whole') whole.add(hash);
    else {
      verdict.damaged.push({ hash, sizeBytes });
      if (options.repair) await kept.artifacts.remove(hash);
    }
    options.progress(verdict.artifacts, verdict.bytes);
  }
  const damaged = new Set(verdict.damaged.map(({ hash }) => hash));
  for await (const { result } of kept.results.all()) {
    options.signal.throwIfAborted();
    verdict.results += 1;
    const missing: { kind: string; hash: string }[] = [];
    for (const ref of Object.values(result.outputs)) {
      // A damaged description cannot be asked for its parts.
      const parts = damaged.has(ref.hash) ? [ref] : await withParts(kept.artifacts, ref);
      for (const { kind, hash } of parts) {
        // It may have been put since the list was made.
        if (!whole.has(hash) && (damaged.has(hash) || !(await kept.artifacts.has(hash)))) missing.push({ kind, hash });
      }
    }
    if (missing.length === 0) continue;
    verdict.broken.push({ key: result.key, op: result.op, missing });
    if (options.repair) await kept.results.delete(result.key);
  }
  return verdict;
}

async function examine(store: ListedStore, { hash, sizeBytes }: StoredArtifact, signal: AbortSignal): Promise<{ hash: string; sizeBytes: number; state: 'whole' | 'damaged' | 'gone' }> {
  signal.throwIfAborted();
  try {
    for await (const chunk of store.open(hash)) if ((chunk as Uint8Array).byteLength > 0) signal.throwIfAborted();
    return { hash, sizeBytes, state: 'whole' };
  } catch (error) {
    if (error instanceof ArtifactDamaged) return { hash, sizeBytes, state: 'damaged' };
    // Collected since the list was made.
    if (error instanceof ArtifactMissing) return { hash, sizeBytes, state: 'gone' };
    throw error;
  }
}
