import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { downloadNamesOf } from '../sources/registry.js';
import type { App } from './app.js';
import { downloadKey, downloadsDirOf } from './fetch-source.js';

/**
 * Removes downloads, whole and half, of inputs that no job has any more. One that a process works on just now is left alone.
 * @param options.beforeMs what was written since stays
 * @param options.dryRun removes nothing: says what would go
 * @returns files removed, and their bytes
 */
export async function cleanDownloads(app: Pick<App, 'jobs' | 'claims' | 'paths'>, options: { beforeMs?: number; dryRun?: boolean } = {}): Promise<{ removed: number; freedBytes: number }> {
  const dir = downloadsDirOf(app.paths);
  const needed = new Set(app.jobs.list().flatMap(({ sourcePath }) => downloadNamesOf(sourcePath)));
  let removed = 0;
  let freedBytes = 0;
  for (const name of await readdir(dir).catch(() => [])) {
    if (needed.has(name) || !(options.dryRun || app.claims.take(downloadKey(name)))) continue;
    try {
      const files = await filesIn(join(dir, name));
      if (options.beforeMs !== undefined && files.some(({ writtenMs }) => writtenMs >= (options.beforeMs ?? 0))) continue;
      removed += files.length;
      freedBytes += files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      if (!options.dryRun) await rm(join(dir, name), { recursive: true, force: true });
    } finally {
      if (!options.dryRun) app.claims.release(downloadKey(name));
    }
  }
  return { removed, freedBytes };
}

async function filesIn(dir: string): Promise<{ sizeBytes: number; writtenMs: number }[]> {
  const names = await readdir(dir).catch(() => []);
  const infos = await Promise.all(names.map((name) => stat(join(dir, name)).catch(() => undefined)));
  return infos.flatMap((info) => (info?.isFile() ? [{ sizeBytes: info.size, writtenMs: info.mtimeMs }] : []));
}
