import { createHash } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { Range } from '../artifacts/schemas/common.js';
import type { Handle, Publication, PublicationState, PublicationStep } from '../publishers/publisher.js';
import type { Database } from './database.js';

/** What identifies a publication for ever. Never the bytes: a corrected caption is a revision of the same moment. */
export interface PublicationIdentity {
  sourceSha256: string;
  lineage: string;
  platform: string;
  account: string;
}

interface RawRow {
  key: string;
  source_sha256: string;
  lineage: string;
  platform: string;
  account: string;
  job_id: string;
  clip_sha256: string;
  revision: number;
  ranges: string;
  title: string;
  state: PublicationState;
  handle: string | null;
  url: string | null;
  error: string | null;
}

/** The idempotency key: sha256 of source, lineage, platform and account. */
function publicationKey(identity: PublicationIdentity): string {
  return createHash('sha256').update([identity.sourceSha256, identity.lineage, identity.platform, identity.account].join('\0')).digest('hex');
}

/** The ledger of everything that was, or may have been, made public. Rows are never deleted. */
export class Publications {
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** Makes the row before any work, or returns the one that exists: two runs at once get the same row. */
  claim(identity: PublicationIdentity, clip: { jobId: string; sha256: string; ranges: Range[]; title: string }): Publication {
    const key = publicationKey(identity);
    const now = this.#clock.nowMs();
    const claim = this.#db.transaction(() => {
      this.#db
        .prepare(
          `INSERT INTO publications (key, source_sha256, lineage, platform, account, job_id, clip_sha256, ranges, title, state, created_ms, updated_ms)
           VALUES (@key, @sourceSha256, @lineage, @platform, @account, @jobId, @sha256, @ranges, @title, 'claimed', @now, @now)
           ON CONFLICT (key) DO NOTHING`,
        )
        .run({ key, ...identity, ...clip, ranges: JSON.stringify(clip.ranges), now });
      return this.#get(key);
    });
    return claim.immediate();
  }

  /** Starts a new revision of something already public: only when a person asks for it. */
  revise(key: string, clip: { jobId: string; sha256: string }): Publication {
    const revise = this.#db.transaction(() => {
      this.#db
        .prepare("UPDATE publications SET state = 'claimed', handle = NULL, url = NULL, error = NULL, revision = revision + 1, clip_sha256 = ?, job_id = ?, updated_ms = ? WHERE key = ?")
        .run(clip.sha256, clip.jobId, this.#clock.nowMs(), key);
      return this.#get(key);
    });
    return revise.immediate();
  }

  /** Persists one step. A handle, once known, is never lost by a later step that does not name it. */
  record(key: string, step: PublicationStep): Publication {
    const record = this.#db.transaction(() => {
      this.#db
        .prepare('UPDATE publications SET state = ?, handle = coalesce(?, handle), url = coalesce(?, url), error = ?, updated_ms = ? WHERE key = ?')
        .run(step.state, step.handle ? JSON.stringify(step.handle) : null, step.url ?? null, step.problem?.message ?? null, this.#clock.nowMs(), key);
      return this.#get(key);
    });
    return record.immediate();
  }

  list(jobId?: string): Publication[] {
    const rows =
      jobId === undefined
        ? this.#db.prepare<[], RawRow>('SELECT * FROM publications ORDER BY created_ms').all()
        : this.#db.prepare<[string], RawRow>('SELECT * FROM publications WHERE job_id = ? ORDER BY created_ms').all(jobId);
    return rows.map(fromRow);
  }

  #get(key: string): Publication {
    const row = this.#db.prepare<[string], RawRow>('SELECT * FROM publications WHERE key = ?').get(key);
    if (!row) throw new Error(`no publication ${key}`);
    return fromRow(row);
  }
}

function fromRow(row: RawRow): Publication {
  return {
    key: row.key,
    version: row.revision,
    sourceSha256: row.source_sha256,
    lineage: row.lineage,
    platform: row.platform,
    account: row.account,
    jobId: row.job_id,
    clipSha256: row.clip_sha256,
    revision: row.revision,
    title: row.title,
    state: row.state,
    accountName: row.account,
    ranges: JSON.parse(row.ranges) as Range[],
    handle: row.handle === null ? null : readHandle(row.handle),
    url: row.url,
    problem: row.error === null ? null : { code: 'REMOTE_REFUSED', message: row.error, remedy: 'Publish again.' },
    notBeforeMs: null,
    dueMs: null,
    saga: null,
  };
}

/** Earlier versions wrote the folder's name alone. */
function readHandle(text: string): Handle {
  return text.startsWith('{') ? (JSON.parse(text) as Handle) : { folder: text };
}
