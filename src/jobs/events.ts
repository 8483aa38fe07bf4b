import type { RunEvent } from '../pipeline/run-event.js';
import type { StageId } from '../pipeline/stage.js';
import { redacted } from '../secrets.js';
import { type Database, explained } from './database.js';

export interface TaskRow {
  key: string;
  stage: StageId;
  op: string;
  label: string;
  state: 'queued' | 'running' | 'finished' | 'failed';
  cached: boolean;
  cpuSeconds: number;
}

/**
 * The append-only event log of all jobs, and the task projection kept in the same transaction.
 * Progress is for people who watch and is not kept.
 */
export class EventLog {
  readonly #db: Database;
  readonly #append;
  readonly #project;
  readonly #appendAndProject;

  constructor(db: Database) {
    this.#db = db;
    this.#append = db.prepare('INSERT INTO events (job_id, seq, at_ms, type, data) VALUES (@jobId, (SELECT coalesce(max(seq), 0) + 1 FROM events WHERE job_id = @jobId), @at, @type, @data)');
    this.#project = db.prepare(
      `INSERT INTO tasks (job_id, key, stage, op, label, state, cached, cpu_seconds, updated_ms) VALUES (@jobId, @key, @stage, @op, @label, @state, @cached, @cpuSeconds, @at)
       ON CONFLICT (job_id, key) DO UPDATE SET state = excluded.state, label = excluded.label, cached = excluded.cached, cpu_seconds = max(cpu_seconds, excluded.cpu_seconds), updated_ms = excluded.updated_ms`,
    );
    this.#appendAndProject = db.transaction((event: RunEvent) => {
      const { jobId, at, type, ...data } = event;
      this.#append.run({ jobId, at, type, data: redacted(JSON.stringify(data)) });
      const task = taskStateOf(event);
      if (task) this.#project.run({ jobId, at, ...task });
    });
  }

  append(event: RunEvent): void {
    if (event.type === 'task-progress' || event.type === 'fetch-progress') return;
    explained(this.#db.name, () => this.#appendAndProject.immediate(event));
  }

  /** In order, from `afterSeq` on. */
  read(jobId: string, afterSeq = 0): { seq: number; event: RunEvent }[] {
    return this.#db
      .prepare<[string, number], { seq: number; at_ms: number; type: string; data: string }>('SELECT seq, at_ms, type, data FROM events WHERE job_id = ? AND seq > ? ORDER BY seq')
      .all(jobId, afterSeq)
      .map((row) => ({ seq: row.seq, event: { jobId, at: row.at_ms, type: row.type, ...(JSON.parse(row.data) as object) } as RunEvent }));
  }

  /** How often the job was begun since a task of it was last finished: what kills its process again and again never gets further. */
  startsWithoutWork(jobId: string): number {
    return (
      this.#db
        .prepare<[{ jobId: string }], { starts: number }>(
          `SELECT count(*) AS starts FROM events WHERE job_id = @jobId AND type = 'job-started' AND seq > (
             SELECT coalesce(max(seq), 0) FROM events WHERE job_id = @jobId AND (type = 'job-queued' OR (type = 'task-finished' AND NOT json_extract(data, '$.cached'))))`,
        )
        .get({ jobId })?.starts ?? 0
    );
  }

  tasks(jobId: string): TaskRow[] {
    return this.#db
      .prepare<[string], Omit<TaskRow, 'cached' | 'cpuSeconds'> & { cached: number; cpu_seconds: number }>('SELECT key, stage, op, label, state, cached, cpu_seconds FROM tasks WHERE job_id = ? ORDER BY updated_ms, key')
      .all(jobId)
      .map(({ cached, cpu_seconds, ...row }) => ({ ...row, cached: cached === 1, cpuSeconds: cpu_seconds }));
  }

  /** Keys that any job still refers to; their results and artifacts must be kept. */
  taskKeys(): Set<string> {
    return new Set(
      this.#db
        .prepare<[], { key: string }>("SELECT DISTINCT key FROM tasks WHERE state = 'finished'")
        .all()
        .map((row) => row.key),
    );
  }
}

function taskStateOf(event: RunEvent): { key: string; stage: StageId; op: string; label: string; state: TaskRow['state']; cached: number; cpuSeconds: number } | undefined {
  switch (event.type) {
    case 'task-queued':
    case 'task-started':
    case 'task-finished':
    case 'task-failed': {
      const state = ({ 'task-queued': 'queued', 'task-started': 'running', 'task-finished': 'finished', 'task-failed': 'failed' } as const)[event.type];
      const finished = event.type === 'task-finished';
      return {
        key: event.taskKey,
        stage: event.stage,
        op: event.op,
        label: event.label,
        state,
        cached: finished && event.cached ? 1 : 0,
        cpuSeconds: finished ? event.cpuSeconds : 0,
      };
    }
    default:
      return undefined;
  }
}
