import Sqlite from 'better-sqlite3';
import { explainSystemError, SnvgError } from '../errors.js';
import type { LedgerDocument, LedgerDocuments } from '../ledger/documents.js';
import { openDatabase, type Database } from './database.js';

interface Row {
  id: string;
  version: number;
  body: string;
}

const pageRows = 500;

/**
 * The ledger's documents in a database: the one with the jobs, or a file of its own that processes share.
 *
 * It opens a connection of its own, on which every commit waits until the disk has it: that a post was begun must outlive a power cut,
 * while jobs, which can be done again, need not wait. `shared`: the file may lie on a network's disk, where the write-ahead log's shared
 * memory does not reach from machine to machine, so the older journal is used.
 *
 * @param path of the database, or `:memory:`
 * @throws {SnvgError} DATABASE_CORRUPT, DATABASE_BUSY, DISK_FULL, OUTPUT_UNWRITABLE
 */
export function openLedgerDocuments(path: string, options: { shared?: boolean } = {}): LedgerDocuments {
  const db = openDatabase(path);
  try {
    if (options.shared) useRollbackJournal(db);
    // EXTRA is FULL, and syncs the folder when the rollback journal goes, which is how that journal commits.
    db.pragma(options.shared ? 'synchronous = EXTRA' : 'synchronous = FULL');
    return new SqliteDocuments(db, path);
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Refused while others have it open in the other way; it then stays as these have it. */
function useRollbackJournal(db: Database): void {
  try {
    db.pragma('journal_mode = DELETE');
  } catch (error) {
    if (!(error instanceof Sqlite.SqliteError && error.code === 'SQLITE_BUSY')) throw error;
  }
}

class SqliteDocuments implements LedgerDocuments {
  readonly place: string;
  readonly #db: Database;
  readonly #read;
  readonly #create;
  readonly #replace;
  readonly #page;

  constructor(db: Database, place: string) {
    this.#db = db;
    this.place = place;
    this.#read = db.prepare<[string], Row>('SELECT id, version, body FROM ledger_documents WHERE id = ?');
    this.#create = db.prepare<[string, string]>('INSERT INTO ledger_documents (id, version, body) VALUES (?, 1, ?) ON CONFLICT (id) DO NOTHING');
    this.#replace = db.prepare<[string, string, number]>('UPDATE ledger_documents SET body = ?, version = version + 1 WHERE id = ? AND version = ?');
    this.#page = db.prepare<[{ after: string; prefix: string }], Row>(`SELECT id, version, body FROM ledger_documents WHERE id > @after AND substr(id, 1, length(@prefix)) = @prefix ORDER BY id LIMIT ${pageRows}`);
  }

  async read(id: string): Promise<LedgerDocument | undefined> {
    const row = this.#explained(() => this.#read.get(id));
    return row && documentOf(row);
  }

  async write(id: string, version: number, body: unknown): Promise<boolean> {
    const text = JSON.stringify(body);
    return this.#explained(() => (version === 0 ? this.#create.run(id, text) : this.#replace.run(text, id, version)).changes === 1);
  }

  async *list(prefix: string): AsyncIterable<LedgerDocument> {
    // By pages: an open cursor would keep this connection from writing.
    for (let after = prefix; ; ) {
      const rows = this.#explained(() => this.#page.all({ after, prefix }));
      for (const row of rows) yield documentOf(row);
      const last = rows.at(-1);
      if (!last || rows.length < pageRows) return;
      after = last.id;
    }
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  #explained<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      if (error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY')) {
        throw new SnvgError('LEDGER_UNAVAILABLE', `The ledger ${this.place} stayed locked`, 'Another program is writing to it: run again when it has ended.', { cause: error });
      }
      throw explainSystemError(error, `for the ledger ${this.place}`) ?? error;
    }
  }
}

function documentOf({ id, version, body }: Row): LedgerDocument {
  return { id, version, body: JSON.parse(body) };
}
