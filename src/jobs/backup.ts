import { renameSync, rmSync, statSync } from 'node:fs';
import type { Database } from './database.js';

const dayMs = 24 * 60 * 60 * 1000;

/** Where the copy of a database is kept. */
export function backupPathOf(path: string): string {
  return `${path}.backup`;
}

/** The day (UTC) the copy was made; undefined where there is none. */
export function dayOfBackup(path: string): string | undefined {
  return statSync(backupPathOf(path), { throwIfNoEntry: false })?.mtime.toISOString().slice(0, 10);
}

/**
 * Keeps a whole copy of the database beside it, a day old at most, made while others go on writing. A database of today has none yet.
 * What kept it from being made is thrown; the copy before it is still there then.
 */
export async function keepBackup(db: Database, nowMs: number): Promise<void> {
  const path = db.name;
  const ageMs = nowMs - (statSync(backupPathOf(path), { throwIfNoEntry: false })?.mtimeMs ?? statSync(path).birthtimeMs);
  if (ageMs < dayMs) return;
  const part = `${backupPathOf(path)}.part`;
  try {
    await db.backup(part);
    renameSync(part, backupPathOf(path));
  } finally {
    rmSync(part, { force: true });
  }
}
