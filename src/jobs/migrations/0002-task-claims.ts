/** Which process runs a task now: several processes that need the same task let one of them do it. */
export const taskClaims = `
CREATE TABLE task_claims (
  key         TEXT PRIMARY KEY,
  owner_host  TEXT NOT NULL,
  owner_pid   INTEGER NOT NULL,
  owner_start TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;
