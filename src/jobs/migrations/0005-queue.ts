/**
 * Jobs that wait for a coordinator. A table's checks cannot be changed, so the table is made anew; the migration runs with foreign keys
 * off, or dropping the old one would take every job's events along. `request` is what was asked beyond settings, as JSON.
 */
export const queue = `
CREATE TABLE jobs_with_queue (
  id               TEXT PRIMARY KEY,
  source_path      TEXT NOT NULL,
  output_dir       TEXT NOT NULL,
  state            TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'partly-done', 'failed', 'cancelled')),
  settings         TEXT NOT NULL,
  request          TEXT NOT NULL DEFAULT '{}',
  error            TEXT,
  created_ms       INTEGER NOT NULL,
  updated_ms       INTEGER NOT NULL,
  cancel_requested INTEGER NOT NULL DEFAULT 0,
  detached         INTEGER NOT NULL DEFAULT 0,
  priority         INTEGER NOT NULL DEFAULT 0,
  queue_order      INTEGER NOT NULL DEFAULT 0,
  lease_host       TEXT,
  lease_pid        INTEGER,
  lease_start      TEXT
) STRICT;
INSERT INTO jobs_with_queue (id, source_path, output_dir, state, settings, error, created_ms, updated_ms, cancel_requested, lease_host, lease_pid, lease_start)
SELECT id, source_path, output_dir, state, settings, error, created_ms, updated_ms, cancel_requested, lease_host, lease_pid, lease_start FROM jobs;
DROP TABLE jobs;
ALTER TABLE jobs_with_queue RENAME TO jobs;
CREATE INDEX jobs_to_do ON jobs (priority DESC, queue_order) WHERE detached = 1 AND state IN ('queued', 'running');

CREATE TABLE coordinators (
  host       TEXT NOT NULL,
  pid        INTEGER NOT NULL,
  start_time TEXT NOT NULL,
  since_ms   INTEGER NOT NULL,
  PRIMARY KEY (host, pid, start_time)
) STRICT, WITHOUT ROWID;
`;
