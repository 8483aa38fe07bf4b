import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import { SnvgError } from '../errors.js';
import { migrations } from './migrations/index.js';

export type Database = Sqlite.Database;

const busyTimeoutMs = 15_000;

/**
 * Opens (and when needed creates and migrates) the database. WAL; a second process waits its turn.
 * `path` may be `:memory:` for a run that must write nothing.
 * @throws {SnvgError} DATABASE_CORRUPT, DATABASE_BUSY, DISK_FULL
 */
export function openDatabase(path: string): Database {
  return explained(path, () => {
    if (path !== ':memory:') makeDatabaseFolder(dirname(path));
    const db = new Sqlite(path, { timeout: busyTimeoutMs });
    try {
      switchToWal(db);
      // A killed process loses nothing in WAL at NORMAL; only a power cut may lose the last moments, which are then done again.
      db.pragma('synchronous = NORMAL');
      db.pragma('foreign_keys = ON');
      const health = db.pragma('quick_check(1)', { simple: true });
      if (health !== 'ok') throw corrupt(path);
      migrate(db, path);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** Where two processes make a database at the same time, SQLite answers the second one's switch with BUSY at once, whatever the timeout. */
function switchToWal(db: Database): void {
  const untilMs = performance.now() + busyTimeoutMs;
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
  const apply = db.transaction(() => {
    const version = db.pragma('user_version', { simple: true }) as number;
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

/** Runs `body`, turning SQLite's refusals into errors that say what to do. */
function explained<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    const code = error instanceof Sqlite.SqliteError ? error.code : (error as NodeJS.ErrnoException).code;
    if (code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB') throw corrupt(path, error);
    if (code === 'SQLITE_BUSY') {
      throw new SnvgError('DATABASE_BUSY', `The database ${path} stayed locked for ${busyTimeoutMs / 1000} s`, 'Another snvg is writing: wait for it to end (snvg jobs list), then run again.', { cause: error });
    }
    if (code === 'SQLITE_FULL' || code === 'ENOSPC') {
      throw new SnvgError('DISK_FULL', `No space left for the database ${path}`, 'Free some space or set SNVG_HOME to a folder on another disk.', { cause: error });
    }
    if (code === 'SQLITE_CANTOPEN' || code === 'SQLITE_READONLY' || code === 'EACCES' || code === 'EROFS') {
      throw new SnvgError('OUTPUT_UNWRITABLE', `The database ${path} cannot be opened for writing`, 'Set SNVG_HOME to a folder you may write to.', { cause: error });
    }
    throw error;
  }
}

function corrupt(path: string, cause?: unknown): SnvgError {
  return new SnvgError('DATABASE_CORRUPT', `The database ${path} is damaged`, 'Move that file away and run again; rendered clips and cached work are kept, only the job history is lost.', { cause });
}
