import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, it } from 'vitest';
import { openLedgerDocuments } from '../../src/jobs/ledger-documents.js';
import { migrations } from '../../src/jobs/migrations/index.js';
import { publicationKey } from '../../src/ledger/ids.js';
import { clip, identity, seconds, testLedger } from '../ledger/open-test-ledger.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** A database as the version before the ledger left it. */
function earlierDatabase(): { path: string; add(lineage: string, row: Record<string, unknown>): void; close(): void } {
  const path = join(temporaryFolder(), 'snvg.db');
  const db = new Sqlite(path);
  for (const sql of migrations.slice(0, 2)) db.exec(sql);
  db.pragma('user_version = 2');
  const insert = db.prepare(
    `INSERT INTO publications (key, source_sha256, lineage, platform, account, job_id, clip_sha256, revision, ranges, title, state, handle, url, error, created_ms, updated_ms)
     VALUES (@key, @source, @lineage, 'file', @account, 'old-job', 'c1', @revision, @ranges, @title, @state, @handle, @url, @error, @created, @updated)`,
  );
  const account = '/media/out "box"\n日本';
  return {
    path,
    add: (lineage, row) => {
      const key = publicationKey({ sourceSha256: 'b'.repeat(64), lineage, platform: 'file', account });
      insert.run({ key, source: 'b'.repeat(64), lineage, account, revision: 1, ranges: JSON.stringify(seconds([0, 30])), title: 'It’s “quoted”', state: 'published', handle: null, url: null, error: null, created: 1, updated: 2, ...row });
    },
    close: () => db.close(),
  };
}

const account = '/media/out "box"\n日本';

it('what earlier versions posted is in the ledger, and is posted by nobody again', async () => {
  const earlier = earlierDatabase();
  earlier.add('m1', { handle: '01-first-words', url: 'file:///media/outbox/01-first-words', revision: 2 });
  earlier.add('m2', { state: 'failed', error: 'No space left', handle: '{"folder":"02"}', ranges: JSON.stringify(seconds([40, 70])), created: 3 });
  earlier.add('m3', { state: 'claimed', ranges: JSON.stringify(seconds([100, 130])), created: 4 });
  earlier.close();
  const ledger = testLedger(openLedgerDocuments(earlier.path));
  const listed = await ledger.list();
  expect(listed).toHaveLength(3);
  expect(listed[0]).toEqual({
    key: publicationKey(identity({ platform: 'file', account })),
    version: 1,
    sourceSha256: 'b'.repeat(64),
    lineage: 'm1',
    platform: 'file',
    account,
    accountName: account,
    jobId: 'old-job',
    clipSha256: 'c1',
    ranges: seconds([0, 30]),
    revision: 2,
    title: 'It’s “quoted”',
    state: 'published',
    handle: { folder: '01-first-words' },
    url: 'file:///media/outbox/01-first-words',
    problem: null,
    notBeforeMs: null,
    dueMs: null,
    saga: null,
  });
  expect(listed[1]).toMatchObject({ lineage: 'm2', state: 'failed', handle: { folder: '02' }, problem: { message: 'No space left' } });
  expect(listed[2]).toMatchObject({ lineage: 'm3', state: 'claimed', handle: null });
  expect((await ledger.history()).map(({ event }) => [event.atMs, event.what, event.url])).toEqual([
    [1, 'claimed', undefined],
    [2, 'published', 'file:///media/outbox/01-first-words'],
    [2, 'failed', undefined],
    [3, 'claimed', undefined],
    [4, 'claimed', undefined],
  ]);
  expect(await ledger.claim(identity({ platform: 'file', account }), clip())).toMatchObject({ kind: 'existing', publication: { state: 'published' } });
  expect(await ledger.claim(identity({ lineage: 'm4', platform: 'file', account }), clip({ ranges: seconds([5, 35]) }))).toMatchObject({ kind: 'overlapping', with: { lineage: 'm1' } });
  expect(await ledger.claim(identity({ lineage: 'm5', platform: 'file', account }), clip({ ranges: seconds([45, 75]) }))).toMatchObject({ kind: 'new' });
  await expect(ledger.record(listed[1]!, { state: 'prepared' })).rejects.toMatchObject({ code: 'LEDGER_OVERLAP' });
  expect(await ledger.record(listed[2]!, { state: 'prepared' })).toMatchObject({ version: 2, state: 'prepared' });
  await ledger.close();
});

it('a database without posts gets an empty ledger, once', async () => {
  const earlier = earlierDatabase();
  earlier.close();
  for (let open = 0; open < 2; open += 1) {
    const ledger = testLedger(openLedgerDocuments(earlier.path));
    expect(await ledger.list()).toEqual([]);
    await ledger.close();
  }
});

it('a commit of the ledger waits for the disk, also beside a connection that does not', async () => {
  const path = join(temporaryFolder(), 'snvg.db');
  const pragmas: string[] = [];
  const before = Sqlite.prototype.pragma;
  Sqlite.prototype.pragma = function (this: Sqlite.Database, ...given: Parameters<typeof before>) {
    pragmas.push(given[0]);
    return before.apply(this, given);
  } as typeof before;
  try {
    await openLedgerDocuments(path).close();
    expect(pragmas.findLast((pragma) => pragma.startsWith('synchronous'))).toBe('synchronous = FULL');
    await openLedgerDocuments(join(temporaryFolder(), 'posts.db'), { shared: true }).close();
    expect(pragmas.slice(-2)).toEqual(['journal_mode = DELETE', 'synchronous = EXTRA']);
  } finally {
    Sqlite.prototype.pragma = before;
  }
});
