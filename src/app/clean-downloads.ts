import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { downloadNamesOf } from '../sources/registry.js';
import type { App } from './app.js';
import { downloadKey, downloadsDirOf } from './fetch-source.js';

/**
 * Removes downloads, whole and half, of inputs that no job has any more. One that a process works on just now is left alone.
 * @returns files removed, and their bytes
 */
export async function cleanDownloads(app: Pick<App, 'jobs' | 'claims' | 'paths'>): Promise<{ removed: number; freedBytes: number }> {
  const dir = downloadsDirOf(app.paths);
  const needed = new Set(app.jobs.list().flatMap(({ sourcePath }) => downloadNamesOf(sourcePath)));
  let removed = 0;
  let freedBytes = 0;
  for (const name of await readdir(dir).catch(() => [])) {
    if (needed.has(name) || !app.claims.take(downloadKey(name))) continue;
    try {
      for (const file of await readdir(join(dir, name)).catch(() => [])) {
        const info = await stat(join(dir, name, file)).catch(() => undefined);
        if (!info?.isFile()) continue;
        removed += 1;
        freedBytes += info.size;
      }
      await rm(join(dir, name), { recursive: true, force: true });
    } finally {
      app.claims.release(downloadKey(name));
    }
  }
  return { removed, freedBytes };
}
