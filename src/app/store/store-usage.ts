import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { atOnce } from '../../artifacts/at-once.js';
import { withParts } from '../../artifacts/parts.js';
import type { KeptFiles } from './kept-files.js';

const resultsAtOnce = 8;
const dayMs = 86_400_000;

/** Bytes by how long ago they were put or last asked for. */
export interface BytesByAge {
  day: number;
  week: number;
  month: number;
  older: number;
}

export interface KindUsage {
  /** A kind of artifact; `results`; `unnamed` for artifacts that no result names, such as parts of sources; or a folder of the cache. */
  kind: string;
  files: number;
  bytes: number;
  byAge: BytesByAge;
}

export interface StoreUsage {
  place: string;
  files: number;
  bytes: number;
  /** Largest first. */
  kinds: KindUsage[];
  /** Jobs for which something is kept in a shared store. */
  pins?: { jobId: string; host: string; renewedMs: number }[];
}

/** What takes how much room. */
export async function storeUsage(kept: KeptFiles, signal: AbortSignal): Promise<StoreUsage> {
  const now = await kept.nowMs();
  const kinds = new Map<string, KindUsage>();
  const count = (kind: string, sizeBytes: number, usedMs: number): void => {
    const usage = kinds.get(kind) ?? { kind, files: 0, bytes: 0, byAge: { day: 0, week: 0, month: 0, older: 0 } };
    usage.files += 1;
    usage.bytes += sizeBytes;
    usage.byAge[bandOf(now - usedMs)] += sizeBytes;
    kinds.set(kind, usage);
  };
  const kindOf = new Map<string, string>();
  const named = atOnce(kept.results.all(), resultsAtOnce, async ({ result, sizeBytes, writtenMs }) => {
    signal.throwIfAborted();
    const parts = await Promise.all(Object.values(result.outputs).map((ref) => withParts(kept.artifacts, ref)));
    return { parts: parts.flat(), sizeBytes, writtenMs };
  });
  for await (const { parts, sizeBytes, writtenMs } of named) {
    count('results', sizeBytes, writtenMs);
    for (const { kind, hash } of parts) kindOf.set(hash, kind);
  }
  for await (const { hash, sizeBytes, usedMs } of kept.artifacts.list()) {
    signal.throwIfAborted();
    count(kindOf.get(hash) ?? 'unnamed', sizeBytes, usedMs);
  }
  if (kept.app) await countFolders(kept.app.paths.cacheDir, ['artifacts', 'results'], count);
  const all = [...kinds.values()].toSorted((a, b) => b.bytes - a.bytes);
  const usage: StoreUsage = { place: kept.place, files: sum(all, 'files'), bytes: sum(all, 'bytes'), kinds: all };
  if (!kept.exchange) return usage;
  const pins = [];
  for await (const { jobId, host, renewedMs } of kept.exchange.pins.list()) pins.push({ jobId, host, renewedMs });
  return { ...usage, pins };
}

/** Everything else in the cache, by the folder at its top: downloads, parts of films for other machines, what is half made. */
async function countFolders(root: string, but: readonly string[], count: (kind: string, sizeBytes: number, usedMs: number) => void): Promise<void> {
  for (const top of await readdir(root).catch(() => [])) {
    if (but.includes(top)) continue;
    const entries = await readdir(join(root, top), { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const info = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
      // Blocks, not length: files for other machines' films have holes.
      if (info) count(`${top}/`, Math.min(info.size, info.blocks * 512), info.mtimeMs);
    }
  }
}

function bandOf(ms: number): keyof BytesByAge {
  if (ms < dayMs) return 'day';
  if (ms < 7 * dayMs) return 'week';
  return ms < 30 * dayMs ? 'month' : 'older';
}

function sum(all: readonly KindUsage[], what: 'files' | 'bytes'): number {
  return all.reduce((total, usage) => total + usage[what], 0);
}
