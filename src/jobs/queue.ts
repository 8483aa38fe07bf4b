import type { Clock } from '../clock.js';
import { SnvgError } from '../errors.js';
import { type Database, explained } from './database.js';
import { jobFromRow, type JobRow, type LeaseHolder, type RawJobRow } from './jobs.js';

/** A job to be done by whoever comes for it. */
export interface QueuedJob {
  id: string;
  sourcePath: string;
  outputDir: string;
  settings: Record<string, unknown>;
  request: Record<string, unknown>;
  priority: number;
}

/** `queued` now; it was `waiting` already, with these or (`changed`) other settings; or it is `running`. */
export type Submission = 'queued' | 'waiting' | 'changed' | 'running';

/** The jobs that were handed to coordinators: in order of priority, then of their coming. Several coordinators never take the same. */
export class JobQueue {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #isAlive: (holder: LeaseHolder) => boolean;

  constructor(db: Database, clock: Clock, isAlive: (holder: LeaseHolder) => boolean) {
    this.#db = db;
    this.#clock = clock;
    this.#isAlive = isAlive;
  }

  /**
   * Hands over a job. One that waits keeps its place and takes the newer settings; one that a living process works on stays as it is.
   *
   * @param isSame whether a known job asks for the same
   * @param queued called within the same transaction when the job begins to wait
   * @throws {SnvgError} JOB_BUSY when a living process works on it with other settings; DATABASE_*, DISK_FULL
   */
  submit(job: QueuedJob, isSame: (known: JobRow) => boolean, queued: () => void): Submission {
    const submit = this.#db.transaction((): Submission => {
      const known = this.#find(job.id);
      if (known?.state === 'running' && known.lease && this.#isAlive(known.lease)) {
        if (isSame(known)) return 'running';
        throw new SnvgError('JOB_BUSY', `Job ${job.id} is being worked on with other settings`, `Wait for it (snvg jobs attach ${job.id}) or stop it (snvg jobs cancel ${job.id}), then run again.`);
      }
      this.#db
        .prepare(
          `INSERT INTO jobs (id, source_path, output_dir, state, settings, request, created_ms, updated_ms, detached, priority, queue_order)
           VALUES (@id, @sourcePath, @outputDir, 'queued', @settings, @request, @now, @now, 1, @priority, (SELECT coalesce(max(queue_order), 0) + 1 FROM jobs))
           ON CONFLICT (id) DO UPDATE SET state = 'queued', error = NULL, settings = excluded.settings, request = excluded.request, updated_ms = excluded.updated_ms,
             cancel_requested = 0, detached = 1, priority = excluded.priority, queue_order = CASE WHEN state = 'queued' THEN queue_order ELSE excluded.queue_order END,
             lease_host = NULL, lease_pid = NULL, lease_start = NULL`,
        )
        .run({ ...job, settings: JSON.stringify(job.settings), request: JSON.stringify(job.request), now: this.#clock.nowMs() });
      if (known?.state !== 'queued') {
        queued();
        return 'queued';
      }
      return isSame(known) && known.priority === job.priority ? 'waiting' : 'changed';
    });
    return explained(this.#db.name, () => submit.immediate());
  }

  /**
   * Takes the next job: one that waits, or one whose process died before it was done. Only reads while there is none.
   * @throws {SnvgError} DATABASE_*, DISK_FULL
   */
  takeNext(holder: LeaseHolder): { job: JobRow; /** Its process had died. */ orphaned: boolean } | undefined {
    const take = this.#db.transaction(() => {
      let job = this.#free();
      // Its process died before it could stop: somebody wanted it to.
      for (; job?.cancelRequested; job = this.#free()) this.#cancelled(job.id);
      if (!job) return undefined;
      this.#db
        .prepare("UPDATE jobs SET state = 'running', updated_ms = @now, lease_host = @host, lease_pid = @pid, lease_start = @startTime WHERE id = @id")
        .run({ id: job.id, now: this.#clock.nowMs(), ...holder });
      return { job: { ...job, lease: holder }, orphaned: job.state === 'running' };
    });
    return explained(this.#db.name, () => (this.#free() ? take.immediate() : undefined));
  }

  /**
   * Gives a job back that was not done, when it is still this process's; it is the next of its priority.
   * @param queued called within the same transaction
   * @throws {SnvgError} DATABASE_*, DISK_FULL
   */
  putBack(id: string, holder: LeaseHolder, queued: () => void): void {
    const back = this.#db.transaction(() => {
      const { changes } = this.#db
        .prepare(
          `UPDATE jobs SET state = 'queued', error = NULL, updated_ms = @now, lease_host = NULL, lease_pid = NULL, lease_start = NULL
           WHERE id = @id AND lease_host = @host AND lease_pid = @pid AND lease_start = @startTime`,
        )
        .run({ id, now: this.#clock.nowMs(), ...holder });
      if (changes > 0) queued();
    });
    explained(this.#db.name, () => back.immediate());
  }

  /** How many wait. */
  waiting(): number {
    return this.#toDo().filter(({ state }) => state === 'queued').length;
  }

  /** Says that this process takes jobs. */
  open(holder: LeaseHolder): void {
    const open = this.#db.transaction(() => {
      for (const other of this.#coordinators()) if (!this.#isAlive(other)) this.close(other);
      this.#db.prepare('INSERT OR REPLACE INTO coordinators (host, pid, start_time, since_ms) VALUES (@host, @pid, @startTime, @now)').run({ ...holder, now: this.#clock.nowMs() });
    });
    explained(this.#db.name, () => open.immediate());
  }

  close(holder: LeaseHolder): void {
    this.#db.prepare('DELETE FROM coordinators WHERE host = @host AND pid = @pid AND start_time = @startTime').run(holder);
  }

  /** The living processes that take jobs. */
  coordinators(): LeaseHolder[] {
    return this.#coordinators().filter((holder) => this.#isAlive(holder));
  }

  #coordinators(): LeaseHolder[] {
    return this.#db.prepare<[], LeaseHolder>('SELECT host, pid, start_time AS startTime FROM coordinators ORDER BY since_ms').all();
  }

  #free(): JobRow | undefined {
    return this.#toDo().find(({ state, lease }) => state === 'queued' || lease === null || !this.#isAlive(lease));
  }

  #toDo(): JobRow[] {
    return this.#db.prepare<[], RawJobRow>("SELECT * FROM jobs WHERE detached = 1 AND state IN ('queued', 'running') ORDER BY priority DESC, queue_order").all().map(jobFromRow);
  }

  #find(id: string): JobRow | undefined {
    const row = this.#db.prepare<[string], RawJobRow>('SELECT * FROM jobs WHERE id = ?').get(id);
    return row && jobFromRow(row);
  }

  #cancelled(id: string): void {
    this.#db.prepare("UPDATE jobs SET state = 'cancelled', updated_ms = ?, lease_host = NULL, lease_pid = NULL, lease_start = NULL WHERE id = ?").run(this.#clock.nowMs(), id);
  }
}
