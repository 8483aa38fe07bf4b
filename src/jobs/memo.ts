import type { Database } from './database.js';

/** Small facts remembered between runs (file fingerprints, tool inspections). Losing one only costs time. */
export class Memo {
  readonly #get;
  readonly #set;

  constructor(db: Database) {
    this.#get = db.prepare<[string], { value: string }>('SELECT value FROM memo WHERE key = ?');
    this.#set = db.prepare('INSERT INTO memo (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value');
  }

  get(key: string): string | undefined {
    return this.#get.get(key)?.value;
  }

  set(key: string, value: string): void {
    try {
      this.#set.run(key, value);
    } catch (error) {
      // A disk without room for a memory still has done the work, and so has one that another program keeps to itself.
      if (!/^SQLITE_(BUSY|FULL|IOERR|READONLY)/.test(String((error as { code?: unknown }).code))) throw error;
    }
  }
}
