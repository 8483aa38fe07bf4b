/**
 * The ledger's documents, and what the table `publications` held as such documents: as src/ledger writes them. `sha256` is a function
 * that the database is given while it is migrated. An earlier version wrote the folder's name alone as the handle, and only the text of an error.
 */
export const ledger = `
CREATE TABLE ledger_documents (
  id      TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  body    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO ledger_documents (id, version, body)
SELECT 'publications/' || key, 1, json_object(
  'format', 1,
  'createdMs', created_ms,
  'publication', json_object(
    'key', key,
    'sourceSha256', source_sha256,
    'lineage', lineage,
    'platform', platform,
    'account', account,
    'accountName', account,
    'jobId', job_id,
    'clipSha256', clip_sha256,
    'ranges', json(ranges),
    'revision', revision,
    'title', title,
    'state', state,
    'handle', CASE WHEN handle IS NULL THEN NULL WHEN substr(handle, 1, 1) = '{' THEN json(handle) ELSE json_object('folder', handle) END,
    'url', url,
    'problem', CASE WHEN error IS NULL THEN NULL ELSE json_object('code', 'REMOTE_REFUSED', 'message', error, 'remedy', 'Publish again.') END,
    'notBeforeMs', NULL,
    'dueMs', NULL,
    'saga', NULL
  ),
  'events', CASE
    WHEN state = 'claimed' THEN json_array(json_object('atMs', created_ms, 'by', json_object('host', 'an earlier version', 'pid', 0), 'what', 'claimed', 'revision', 1))
    WHEN url IS NULL THEN json_array(
      json_object('atMs', created_ms, 'by', json_object('host', 'an earlier version', 'pid', 0), 'what', 'claimed', 'revision', 1),
      json_object('atMs', updated_ms, 'by', json_object('host', 'an earlier version', 'pid', 0), 'what', state, 'revision', revision))
    ELSE json_array(
      json_object('atMs', created_ms, 'by', json_object('host', 'an earlier version', 'pid', 0), 'what', 'claimed', 'revision', 1),
      json_object('atMs', updated_ms, 'by', json_object('host', 'an earlier version', 'pid', 0), 'what', state, 'revision', revision, 'url', url))
  END
)
FROM publications;

INSERT INTO ledger_documents (id, version, body)
SELECT 'moments/' || sha256(source_sha256 || char(10) || platform || char(10) || account), 1, json_object(
  'format', 1,
  'claims', json_group_array(json_object(
    'key', key,
    'spans', json_array(json(ranges)),
    'first', (SELECT json(body) FROM ledger_documents WHERE id = 'publications/' || key)
  ))
)
FROM publications GROUP BY source_sha256, platform, account;

DROP TABLE publications;
`;
