import type { TaskClaims } from '../pipeline/run-task.js';
import type { Database } from './database.js';
import type { LeaseHolder } from './jobs.js';

interface RawClaim {
  owner_host: string;
  owner_pid: number;
  owner_start: string;
}

/** Task claims of all processes that share a database: a claim counts while the process that made it lives. */
export class StoredTaskClaims implements TaskClaims {
  readonly #self: LeaseHolder;
  readonly #isAlive: (holder: LeaseHolder) => boolean;
  readonly #find;
  readonly #put;
  readonly #remove;
  readonly #any;
  readonly #removeAll;
  readonly #take;

  constructor(db: Database, self: LeaseHolder, isAlive: (holder: LeaseHolder) => boolean) {
    this.#self = self;
    this.#isAlive = isAlive;
    this.#find = db.prepare<[string], RawClaim>('SELECT owner_host, owner_pid, owner_start FROM task_claims WHERE key = ?');
    this.#put = db.prepare('INSERT OR REPLACE INTO task_claims (key, owner_host, owner_pid, owner_start) VALUES (?, ?, ?, ?)');
    this.#remove = db.prepare('DELETE FROM task_claims WHERE key = ? AND owner_host = ? AND owner_pid = ? AND owner_start = ?');
    this.#any = db.prepare<[string, number, string]>('SELECT 1 FROM task_claims WHERE owner_host = ? AND owner_pid = ? AND owner_start = ?');
    this.#removeAll = db.prepare('DELETE FROM task_claims WHERE owner_host = ? AND owner_pid = ? AND owner_start = ?');
    this.#take = db.transaction((key: string) => {
      if (this.heldByOthers(key)) return false;
      this.#put.run(key, self.host, self.pid, self.startTime);
      return true;
    });
  }

  take(key: string): boolean {
    return this.#take.immediate(key);
  }

  heldByOthers(key: string): boolean {
    const claim = this.#find.get(key);
    if (!claim) return false;
    const owner = { host: claim.owner_host, pid: claim.owner_pid, startTime: claim.owner_start };
    const own = owner.host === this.#self.host && owner.pid === this.#self.pid && owner.startTime === this.#self.startTime;
    return !own && this.#isAlive(owner);
  }

  release(key: string): void {
    this.#remove.run(key, this.#self.host, this.#self.pid, this.#self.startTime);
  }

  /** Gives back whatever this process still holds. */
  releaseAll(): void {
    const { host, pid, startTime } = this.#self;
    // A process that holds nothing waits for no lock on its way out.
    if (this.#any.get(host, pid, startTime)) this.#removeAll.run(host, pid, startTime);
  }
}
