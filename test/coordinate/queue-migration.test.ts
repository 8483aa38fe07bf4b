import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/jobs/database.js';
import { EventLog } from '../../src/jobs/events.js';
import { Jobs } from '../../src/jobs/jobs.js';
import { migrations } from '../../src/jobs/migrations/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const clock = { nowMs: () => 5, monotonicMs: () => 0 };

test('jobs of the version before the queue keep their events and tasks, and forgetting one still takes both along', () => {
  const path = join(temporaryFolder(), 'snvg.db');
  const earlier = new Sqlite(path);
  earlier.function('sha256', (text) => String(text));
  for (const sql of migrations.slice(0, 4)) earlier.exec(sql);
  earlier.pragma('user_version = 4');
  earlier.exec(`
    INSERT INTO jobs (id, source_path, output_dir, state, settings, error, created_ms, updated_ms) VALUES
      ('a', '/v/a.mp4', '/v/a.snvg', 'failed', '{"clips":2}', '{"code":"NO_CLIP","message":"m","remedy":"r","exitCode":8}', 1, 2),
      ('b', '/v/b.mp4', '/v/b.snvg', 'done', '{}', NULL, 1, 3);
    INSERT INTO events (job_id, seq, at_ms, type, data) VALUES ('a', 1, 1, 'job-started', '{"source":"a","outputDir":"/v/a.snvg"}'), ('b', 1, 1, 'job-started', '{}');
    INSERT INTO tasks (job_id, key, stage, op, label, state, updated_ms) VALUES ('a', 'k', 'ingest', 'ingest.probe', 'x', 'finished', 1);
  `);
  earlier.close();
  const db = openDatabase(path);
  const jobs = new Jobs(db, clock, () => false);
  const events = new EventLog(db);
  expect(jobs.list()).toMatchObject([
    { id: 'b', state: 'done', request: {}, detached: false, priority: 0 },
    { id: 'a', state: 'failed', settings: { clips: 2 }, error: { code: 'NO_CLIP' }, createdMs: 1, updatedMs: 2 },
  ]);
  expect([events.read('a').length, events.tasks('a').length]).toEqual([1, 1]);
  expect(jobs.deleteIdle('a')).toBe(true);
  expect([events.read('a').length, events.tasks('a').length, events.read('b').length]).toEqual([0, 0, 1]);
  expect(db.pragma('foreign_key_check')).toEqual([]);
  expect(() => events.append({ type: 'job-started', jobId: 'a', at: 1, source: 'a', outputDir: '/' })).toThrowError(/FOREIGN KEY/);
  db.close();
});
