import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import { SnvgError } from '../errors.js';
import { backupPathOf, dayOfBackup } from './backup.js';
import { lockHolders } from './lock-holders.js';
import { migrations } from './migrations/index.js';

export type Database = Sqlite.Database;

/** How long a lock of another process is waited for: longer than any write of ours takes on a loaded machine. */
const busyTimeoutMs = 15_000;

/**
 * Opens (and when needed creates and migrates) the database. WAL; a second process waits its turn.
 * One that is up to date is only read, so that what is known can be seen on a full disk.
 * `path` may be `:memory:` for a run that must write nothing.
 * @param patienceMs how long a lock of another process is waited for, then and later
 * @throws {SnvgError} DATABASE_CORRUPT, DATABASE_BUSY, DISK_FULL
 */
export function openDatabase(path: string, patienceMs = busyTimeoutMs): Database {
  return explained(path, () => {
    if (path !== ':memory:') makeDatabaseFolder(dirname(path));
    const db = new Sqlite(path, { timeout: patienceMs });
    try {
      switchToWal(db, patienceMs);
      // A killed process loses nothing in WAL at NORMAL; only a power cut may lose the last moments, which are then done again.
      db.pragma('synchronous = NORMAL');
      // Off while it is migrated: making a table anew must not take along what refers to it.
      db.pragma('foreign_keys = OFF');
      const health = db.pragma('quick_check(1)', { simple: true });
      if (health !== 'ok') throw corrupt(path);
      migrate(db, path);
      db.pragma('foreign_keys = ON');
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** Where two processes make a database at the same time, SQLite answers the second one's switch with BUSY at once, whatever the timeout. */
function switchToWal(db: Database, patienceMs: number): void {
  const untilMs = performance.now() + patienceMs;
  for (;;) {
    try {
      db.pragma('journal_mode = WAL');
      return;
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'SQLITE_BUSY' || performance.now() > untilMs) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

/** As mkdir's recursive form, which in Node 20 says "no such file" also for a full or read-only disk. */
export function makeDatabaseFolder(dir: string): void {
  if (existsSync(dir)) return;
  makeDatabaseFolder(dirname(dir));
  try {
    mkdirSync(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function migrate(db: Database, path: string): void {
  if (versionOf(db) === migrations.length) return;
  const apply = db.transaction(() => {
    const version = versionOf(db);
    if (version > migrations.length) {
      throw new SnvgError('DATABASE_CORRUPT', `The database ${path} was made by a newer snvg`, 'Update snvg, or set SNVG_HOME to another folder.');
    }
    // For migrations that make ids of what tables hold.
    db.function('sha256', { deterministic: true }, (text) => createHash('sha256').update(String(text)).digest('hex'));
    for (const sql of migrations.slice(version)) db.exec(sql);
    db.pragma(`user_version = ${migrations.length}`);
  });
  // Immediate: two first starts at once must not both see version 0.
  apply.immediate();
}

function versionOf(db: Database): number {
  return db.pragma('user_version', { simple: true }) as number;
}

/**
 * Runs `body`, turning SQLite's refusals into errors that say what to do.
 * @param path of the database, for people
 * @throws {SnvgError} DATABASE_CORRUPT, DATABASE_BUSY naming who holds the lock, DISK_FULL, OUTPUT_UNWRITABLE
 */
export function explained<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    const code = error instanceof Sqlite.SqliteError ? error.code : (error as NodeJS.ErrnoException).code;
    if (code?.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') throw corrupt(path, error);
    if (code?.startsWith('SQLITE_BUSY')) throw busy(path, error);
    if (code === 'SQLITE_FULL' || code === 'ENOSPC') {
      throw new SnvgError('DISK_FULL', `No space left for the database ${path}`, 'Free some space or set SNVG_HOME to a folder on another disk.', { cause: error });
    }
    if (code === 'SQLITE_CANTOPEN' || code === 'SQLITE_READONLY' || code === 'EACCES' || code === 'EROFS') {
      throw new SnvgError('OUTPUT_UNWRITABLE', `The database ${path} cannot be opened for writing`, 'Set SNVG_HOME to a folder you may write to.', { cause: error });
    }
    throw error;
  }
}

function busy(path: string, cause: unknown): SnvgError {
  const holders = lockHolders(path);
  const who = holders.map(({ pid, command }) => `process ${pid} (${command})`).join(', ');
  return new SnvgError('DATABASE_BUSY', `The database ${path} stayed locked${who === '' ? '' : ` by ${who}`}`, holders.length === 0 ? 'Another program is writing to it: wait for it to end, then run again.' : 'Wait for it to end, or end it, then run again.', { cause });
}

/** What was posted is in it too: an older copy is better than none, and nothing is posted again before a person has looked. */
function corrupt(path: string, cause?: unknown): SnvgError {
  const backup = backupPathOf(path);
  const day = dayOfBackup(path);
  const lost = 'clips and cached work are kept';
  const remedy =
    day === undefined
      ? `Move that file (and those beside it that end in -wal and -shm) away and run again: ${lost}, the list of jobs and of what was posted is lost, so look at your accounts before you publish.`
      : `Put the copy of ${day} in its place (mv ${backup} ${path}, without the files that end in -wal and -shm): ${lost}; look at your accounts before you publish, since posts made later are not in it.`;
  return new SnvgError('DATABASE_CORRUPT', `The database ${path} is damaged; nothing is read from it or written to it`, remedy, { cause });
}
