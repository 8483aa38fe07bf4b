import type { Clock } from '../clock.js';
import { SnvgError, type ErrorReport } from '../errors.js';
import type { JobState } from '../pipeline/run-event.js';
import type { ProcessIdentity } from '../process/identity.js';
import { type Database, explained } from './database.js';

/** Who holds a job: a process on a host. */
export interface LeaseHolder extends ProcessIdentity {
  host: string;
}

export interface JobRow {
  id: string;
  sourcePath: string;
  outputDir: string;
  /** `queued`: it waits for a coordinator. */
  state: JobState | 'queued';
  settings: Record<string, unknown>;
  /** What was asked beyond settings, as whoever asked wrote it down. */
  request: Record<string, unknown>;
  error: ErrorReport | null;
  createdMs: number;
  updatedMs: number;
  cancelRequested: boolean;
  /** It is a coordinator's to do, also after a crash. */
  detached: boolean;
  /** Of queued jobs, larger ones go first. */
  priority: number;
  lease: LeaseHolder | null;
}

export interface RawJobRow {
  id: string;
  source_path: string;
  output_dir: string;
  state: JobRow['state'];
  settings: string;
  request: string;
  error: string | null;
  created_ms: number;
  updated_ms: number;
  cancel_requested: number;
  detached: number;
  priority: number;
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
   * dead is taken over at once. A job that waits for a coordinator stays one: whoever begins it now may die before it is done.
   * @throws {SnvgError} JOB_BUSY when a living process holds it; DATABASE_*, DISK_FULL
   */
  claim(job: { id: string; sourcePath: string; outputDir: string; settings: Record<string, unknown>; request?: Record<string, unknown> }, holder: LeaseHolder): void {
    const now = this.#clock.nowMs();
    const claim = this.#db.transaction(() => {
      const existing = this.find(job.id);
      if (existing?.lease && !isSameHolder(existing.lease, holder) && this.#isAlive(existing.lease)) {
        throw new SnvgError(
          'JOB_BUSY',
          `Job ${job.id} is already being worked on by process ${existing.lease.pid} on ${existing.lease.host}`,
          `Wait for it, watch it with: snvg jobs attach ${job.id}, or stop it with: snvg jobs cancel ${job.id}`,
        );
      }
      this.#db
        .prepare(
          `INSERT INTO jobs (id, source_path, output_dir, state, settings, request, created_ms, updated_ms, lease_host, lease_pid, lease_start)
           VALUES (@id, @sourcePath, @outputDir, 'running', @settings, @request, @now, @now, @host, @pid, @startTime)
           ON CONFLICT (id) DO UPDATE SET state = 'running', error = NULL, settings = excluded.settings, request = excluded.request, updated_ms = excluded.updated_ms,
             detached = CASE WHEN state IN ('queued', 'running') THEN detached ELSE 0 END,
             cancel_requested = CASE WHEN lease_host IS excluded.lease_host AND lease_pid IS excluded.lease_pid AND lease_start IS excluded.lease_start THEN cancel_requested ELSE 0 END,
             lease_host = excluded.lease_host, lease_pid = excluded.lease_pid, lease_start = excluded.lease_start`,
        )
        .run({ ...job, settings: JSON.stringify(job.settings), request: JSON.stringify(job.request ?? {}), now, ...holder });
    });
    explained(this.#db.name, () => claim.immediate());
  }

  /** The living process that has the job. */
  livingHolder(id: string): LeaseHolder | undefined {
    const lease = this.find(id)?.lease;
    return lease && this.#isAlive(lease) ? lease : undefined;
  }

  /** Records how the run ended and gives the lease back. */
  release(id: string, state: Exclude<JobState, 'running'>, error: ErrorReport | null): void {
    const update = this.#db.prepare('UPDATE jobs SET state = ?, error = ?, updated_ms = ?, lease_host = NULL, lease_pid = NULL, lease_start = NULL WHERE id = ?');
    explained(this.#db.name, () => update.run(state, error && JSON.stringify(error), this.#clock.nowMs(), id));
  }

  /**
   * `asked`: a living process works on it and looks for this several times a second. `cancelled`: it waited in the queue, or its process
   * had died before it was done. `idle`: there was nothing to stop.
   */
  requestCancel(id: string): 'asked' | 'cancelled' | 'idle' {
    const cancel = this.#db.transaction(() => {
      const job = this.get(id);
      if (this.isActive(job)) {
        this.#db.prepare('UPDATE jobs SET cancel_requested = 1, updated_ms = ? WHERE id = ?').run(this.#clock.nowMs(), id);
        return 'asked';
      }
      if (job.state !== 'running' && job.state !== 'queued') return 'idle';
      this.release(id, 'cancelled', null);
      return 'cancelled';
    });
    return explained(this.#db.name, () => cancel.immediate());
  }

  cancelRequested(id: string): boolean {
    const row = this.#db.prepare<[string], { cancel_requested: number }>('SELECT cancel_requested FROM jobs WHERE id = ?').get(id);
    return row?.cancel_requested === 1;
  }

  find(id: string): JobRow | undefined {
    const row = this.#db.prepare<[string], RawJobRow>('SELECT * FROM jobs WHERE id = ?').get(id);
    return row && jobFromRow(row);
  }

  /**
   * By id or an unambiguous beginning of it.
   * @throws {SnvgError} JOB_NOT_FOUND
   */
  get(idOrPrefix: string): JobRow {
    const rows = this.#db.prepare<[{ given: string }], RawJobRow>('SELECT * FROM jobs WHERE id = @given OR substr(id, 1, length(@given)) = @given LIMIT 2').all({ given: idOrPrefix });
    const exact = rows.find((row) => row.id === idOrPrefix) ?? (rows.length === 1 ? rows[0] : undefined);
    if (!exact) {
      const why = rows.length > 1 ? `More than one job begins with ${idOrPrefix}` : `There is no job ${idOrPrefix}`;
      throw new SnvgError('JOB_NOT_FOUND', why, 'List the jobs with: snvg jobs list');
    }
    return jobFromRow(exact);
  }

  /** Newest first. */
  list(): JobRow[] {
    return this.#db.prepare<[], RawJobRow>('SELECT * FROM jobs ORDER BY updated_ms DESC, id').all().map(jobFromRow);
  }

  /** Whether a living process works on it now. */
  isActive(job: JobRow): boolean {
    return job.state === 'running' && job.lease !== null && this.#isAlive(job.lease);
  }

  /**
   * Removes the job with its events and tasks, unless a living process works on it or it waits for one: false then. Publications stay: they are facts
   * about the outside.
   */
  deleteIdle(id: string): boolean {
    const remove = this.#db.transaction(() => {
      const job = this.find(id);
      if (job && (job.state === 'queued' || this.isActive(job))) return false;
      this.#db.prepare('DELETE FROM jobs WHERE id = ?').run(id);
      return true;
    });
    return remove.immediate();
  }
}

function isSameHolder(a: LeaseHolder, b: LeaseHolder): boolean {
  return a.host === b.host && a.pid === b.pid && a.startTime === b.startTime;
}

export function jobFromRow(row: RawJobRow): JobRow {
  const lease = row.lease_host !== null && row.lease_pid !== null && row.lease_start !== null ? { host: row.lease_host, pid: row.lease_pid, startTime: row.lease_start } : null;
  return {
    id: row.id,
    sourcePath: row.source_path,
    outputDir: row.output_dir,
    state: row.state,
    settings: JSON.parse(row.settings) as Record<string, unknown>,
    request: JSON.parse(row.request) as Record<string, unknown>,
    error: row.error === null ? null : (JSON.parse(row.error) as ErrorReport),
    createdMs: row.created_ms,
    updatedMs: row.updated_ms,
    cancelRequested: row.cancel_requested === 1,
    detached: row.detached === 1,
    priority: row.priority,
    lease,
  };
}
