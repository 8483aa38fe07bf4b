import type { ProcessIdentity } from '../process/identity.js';
import type { Database } from './database.js';

export interface KnownChild {
  child: ProcessIdentity;
  owner: ProcessIdentity;
  command: string;
}

/** Every child process that may still run, so that a later run can end those whose owner was killed. */
export class Children {
  readonly #add;
  readonly #remove;
  readonly #all;

  constructor(db: Database) {
    this.#add = db.prepare('INSERT OR REPLACE INTO children (pid, start_time, owner_pid, owner_start, command) VALUES (?, ?, ?, ?, ?)');
    this.#remove = db.prepare('DELETE FROM children WHERE pid = ?');
    this.#all = db.prepare<[], { pid: number; start_time: string; owner_pid: number; owner_start: string; command: string }>('SELECT * FROM children');
  }

  add(known: KnownChild): void {
    this.#add.run(known.child.pid, known.child.startTime, known.owner.pid, known.owner.startTime, known.command);
  }

  remove(pid: number): void {
    this.#remove.run(pid);
  }

  all(): KnownChild[] {
    return this.#all.all().map((row) => ({
      child: { pid: row.pid, startTime: row.start_time },
      owner: { pid: row.owner_pid, startTime: row.owner_start },
      command: row.command,
    }));
  }
}
