import type { Clock } from '../clock.js';
import { SnvgError, type ErrorReport } from '../errors.js';
import type { JobState } from '../pipeline/run-event.js';
import type { ProcessIdentity } from '../process/identity.js';
import type { Database } from './database.js';

/** Who holds a job: a process on a host. */
export interface LeaseHolder extends ProcessIdentity {
  host: string;
}

export interface JobRow {
  id: string;
  sourcePath: string;
  outputDir: string;
  state: JobState;
  settings: Record<string, unknown>;
  error: ErrorReport | null;
  createdMs: number;
  updatedMs: number;
  cancelRequested: boolean;
  lease: LeaseHolder | null;
}

interface RawRow {
  id: string;
  source_path: string;
  output_dir: string;
  state: JobState;
  settings: string;
  error: string | null;
  created_ms: number;
  updated_ms: number;
  cancel_requested: number;
  lease_host: string | null;
  lease_pid: number | null;
  lease_start: string | null;
}

/** The jobs table: one row per (source, output folder), one writer at a time. */
export class Jobs {
  readonly #db: Database;
  readonly #clock: Clock;
  /** Whether a lease holder still lives; processes on other hosts count as alive. */
  readonly #isAlive: (holder: LeaseHolder) => boolean;

  constructor(db: Database, clock: Clock, isAlive: (holder: LeaseHolder) => boolean) {
    this.#db = db;
    this.#clock = clock;
    this.#isAlive = isAlive;
  }

  /**
   * Makes this process the one writer of the job, creating the job when it is new. A lease whose holder is
   * dead is taken over at once.
   * @throws {SnvgError} JOB_BUSY when a living process holds it
   */
  claim(job: { id: string; sourcePath: string; outputDir: string; settings: Record<string, unknown> }, holder: LeaseHolder): void {
    const now = this.#clock.nowMs();
    const claim = this.#db.transaction(() => {
      const existing = this.find(job.id);
      if (existing?.lease && !isSame(existing.lease, holder) && this.#isAlive(existing.lease)) {
        throw new SnvgError(
          'JOB_BUSY',
          `Job ${job.id} is already being worked on by process ${existing.lease.pid} on ${existing.lease.host}`,
          `Wait for it, watch it with: snvg jobs show ${job.id}, or stop it with: snvg jobs cancel ${job.id}`,
        );
      }
      this.#db
        .prepare(
          `INSERT INTO jobs (id, source_path, output_dir, state, settings, created_ms, updated_ms, lease_host, lease_pid, lease_start)
           VALUES (@id, @sourcePath, @outputDir, 'running', @settings, @now, @now, @host, @pid, @startTime)
           ON CONFLICT (id) DO UPDATE SET state = 'running', error = NULL, settings = excluded.settings, updated_ms = excluded.updated_ms,
             cancel_requested = 0, lease_host = excluded.lease_host, lease_pid = excluded.lease_pid, lease_start = excluded.lease_start`,
        )
        .run({ ...job, settings: JSON.stringify(job.settings), now, ...holder });
    });
    claim.immediate();
  }

  /** The living process that has the job. */
  livingHolder(id: string): LeaseHolder | undefined {
    const lease = this.find(id)?.lease;
    return lease && this.#isAlive(lease) ? lease : undefined;
  }

  /** Records how the run ended and gives the lease back. */
  release(id: string, state: Exclude<JobState, 'running'>, error: ErrorReport | null): void {
    this.#db
      .prepare('UPDATE jobs SET state = ?, error = ?, updated_ms = ?, lease_host = NULL, lease_pid = NULL, lease_start = NULL WHERE id = ?')
      .run(state, error && JSON.stringify(error), this.#clock.nowMs(), id);
  }

  /** Asks the writer to stop; it looks several times a second. Returns false when no living process works on the job. */
  requestCancel(id: string): boolean {
    const cancel = this.#db.transaction(() => {
      const job = this.get(id);
      const working = job.state === 'running' && job.lease !== null && this.#isAlive(job.lease);
      if (working) this.#db.prepare('UPDATE jobs SET cancel_requested = 1, updated_ms = ? WHERE id = ?').run(this.#clock.nowMs(), id);
      else if (job.state === 'running') this.release(id, 'cancelled', null);
      return working;
    });
    return cancel.immediate();
  }

  cancelRequested(id: string): boolean {
    const row = this.#db.prepare<[string], { cancel_requested: number }>('SELECT cancel_requested FROM jobs WHERE id = ?').get(id);
    return row?.cancel_requested === 1;
  }

  find(id: string): JobRow | undefined {
    const row = this.#db.prepare<[string], RawRow>('SELECT * FROM jobs WHERE id = ?').get(id);
    return row && fromRow(row);
  }

  /**
   * By id or an unambiguous beginning of it.
   * @throws {SnvgError} JOB_NOT_FOUND
   */
  get(idOrPrefix: string): JobRow {
    const rows = this.#db.prepare<[{ given: string }], RawRow>('SELECT * FROM jobs WHERE id = @given OR substr(id, 1, length(@given)) = @given LIMIT 2').all({ given: idOrPrefix });
    const exact = rows.find((row) => row.id === idOrPrefix) ?? (rows.length === 1 ? rows[0] : undefined);
    if (!exact) {
      const why = rows.length > 1 ? `More than one job begins with ${idOrPrefix}` : `There is no job ${idOrPrefix}`;
      throw new SnvgError('JOB_NOT_FOUND', why, 'List the jobs with: snvg jobs list');
    }
    return fromRow(exact);
  }

  /** Newest first. */
  list(): JobRow[] {
    return this.#db.prepare<[], RawRow>('SELECT * FROM jobs ORDER BY updated_ms DESC, id').all().map(fromRow);
  }

  /** Whether a living process works on it now. */
  isActive(job: JobRow): boolean {
    return job.state === 'running' && job.lease !== null && this.#isAlive(job.lease);
  }

  /**
   * Removes the job with its events and tasks, unless a living process works on it: false then. Publications stay: they are facts
   * about the outside.
   */
  deleteIdle(id: string): boolean {
    const remove = this.#db.transaction(() => {
      const job = this.find(id);
      if (job && this.isActive(job)) return false;
      this.#db.prepare('DELETE FROM jobs WHERE id = ?').run(id);
      return true;
    });
    return remove.immediate();
  }
}

function isSame(a: LeaseHolder, b: LeaseHolder): boolean {
  return a.host === b.host && a.pid === b.pid && a.startTime === b.startTime;
}

function fromRow(row: RawRow): JobRow {
  const lease = row.lease_host !== null && row.lease_pid !== null && row.lease_start !== null ? { host: row.lease_host, pid: row.lease_pid, startTime: row.lease_start } : null;
  return {
    id: row.id,
    sourcePath: row.source_path,
    outputDir: row.output_dir,
    state: row.state,
    settings: JSON.parse(row.settings) as Record<string, unknown>,
    error: row.error === null ? null : (JSON.parse(row.error) as ErrorReport),
    createdMs: row.created_ms,
    updatedMs: row.updated_ms,
    cancelRequested: row.cancel_requested === 1,
    lease,
  };
}
