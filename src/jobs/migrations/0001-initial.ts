/** Jobs with their lease, the append-only event log, its task projection, and what is remembered about files and children. */
export const initial = `
CREATE TABLE jobs (
  id               TEXT PRIMARY KEY,
  source_path      TEXT NOT NULL,
  output_dir       TEXT NOT NULL,
  state            TEXT NOT NULL CHECK (state IN ('running', 'done', 'partly-done', 'failed', 'cancelled')),
  settings         TEXT NOT NULL,
  error            TEXT,
  created_ms       INTEGER NOT NULL,
  updated_ms       INTEGER NOT NULL,
  cancel_requested INTEGER NOT NULL DEFAULT 0,
  lease_host       TEXT,
  lease_pid        INTEGER,
  lease_start      TEXT
) STRICT;

CREATE TABLE events (
  job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  seq    INTEGER NOT NULL,
  at_ms  INTEGER NOT NULL,
  type   TEXT NOT NULL,
  data   TEXT NOT NULL,
  PRIMARY KEY (job_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE tasks (
  job_id      TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  key         TEXT NOT NULL,
  stage       TEXT NOT NULL,
  op          TEXT NOT NULL,
  label       TEXT NOT NULL,
  state       TEXT NOT NULL CHECK (state IN ('queued', 'running', 'finished', 'failed')),
  cached      INTEGER NOT NULL DEFAULT 0,
  cpu_seconds REAL NOT NULL DEFAULT 0,
  updated_ms  INTEGER NOT NULL,
  PRIMARY KEY (job_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE publications (
  key            TEXT PRIMARY KEY,
  source_sha256  TEXT NOT NULL,
  lineage        TEXT NOT NULL,
  platform       TEXT NOT NULL,
  account        TEXT NOT NULL,
  job_id         TEXT NOT NULL,
  clip_sha256    TEXT NOT NULL,
  revision       INTEGER NOT NULL DEFAULT 1,
  ranges         TEXT NOT NULL,
  title          TEXT NOT NULL,
  state          TEXT NOT NULL CHECK (state IN ('claimed', 'prepared', 'uploading', 'processing', 'published', 'scheduled', 'draft', 'failed', 'unknown')),
  handle         TEXT,
  url            TEXT,
  error          TEXT,
  created_ms     INTEGER NOT NULL,
  updated_ms     INTEGER NOT NULL
) STRICT;
CREATE INDEX publications_by_source ON publications (source_sha256, platform, account);

CREATE TABLE memo (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE children (
  pid         INTEGER NOT NULL,
  start_time  TEXT NOT NULL,
  owner_pid   INTEGER NOT NULL,
  owner_start TEXT NOT NULL,
  command     TEXT NOT NULL,
  PRIMARY KEY (pid, start_time)
) STRICT, WITHOUT ROWID;
`;
