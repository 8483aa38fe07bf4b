/** What a person said about clips: a yes or no belongs to one film exactly, words put in stay with the moment. */
export const reviews = `
CREATE TABLE reviews (
  source_sha256 TEXT NOT NULL,
  lineage       TEXT NOT NULL,
  clip_sha256   TEXT NOT NULL,
  decision      TEXT NOT NULL CHECK (decision IN ('approved', 'rejected')),
  decided_ms    INTEGER NOT NULL,
  PRIMARY KEY (source_sha256, lineage, clip_sha256)
) STRICT, WITHOUT ROWID;

CREATE TABLE clip_texts (
  source_sha256 TEXT NOT NULL,
  lineage       TEXT NOT NULL,
  title         TEXT,
  description   TEXT,
  hashtags      TEXT,
  edited_ms     INTEGER NOT NULL,
  PRIMARY KEY (source_sha256, lineage)
) STRICT, WITHOUT ROWID;
`;
