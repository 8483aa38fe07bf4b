import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { makeDatabaseFolder } from './database.js';

/** How often it is looked whether another process has let go. */
const pollMs = 50;

/**
 * Sections that one process at a time may be in, whichever host name or pid it has: SQLite's own lock on a small file, which the
 * system takes back from a process that dies. For sections in which nobody may be taken for dead who only sleeps.
 */
export class HeldFiles {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Runs `work` when nobody else is at `name`; undefined: somebody was for all of `patienceMs`. @throws the signal's reason */
  async run<T>(name: string, signal: AbortSignal, patienceMs: number, work: () => Promise<T>): Promise<{ result: T } | undefined> {
    makeDatabaseFolder(this.#dir);
    const file = new Sqlite(join(this.#dir, `${createHash('sha256').update(name).digest('hex').slice(0, 32)}.lock`), { timeout: 0 });
    try {
      const startedMs = performance.now();
      while (!taken(file)) {
        if (performance.now() - startedMs > patienceMs) return undefined;
        await sleep(pollMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
      signal.throwIfAborted();
      return { result: await work() };
    } finally {
      // Closing gives the lock back.
      file.close();
    }
  }
}

function taken(file: Sqlite.Database): boolean {
  try {
    file.exec('BEGIN IMMEDIATE');
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'SQLITE_BUSY') return false;
    throw error;
  }
}
