import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openApp } from '../../src/app/app.js';
import { runBatch } from '../../src/app/batch.js';
import { placeJobs } from '../../src/app/job-places.js';
import { loadSettings } from '../../src/config/load.js';
import { resolvePaths } from '../../src/config/paths.js';
import { SnvgError } from '../../src/errors.js';
import type { RunEvent } from '../../src/pipeline/run-event.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { fixture } from '../wrong-inputs/run-snvg.js';

test('remote inputs are fetched inside their jobs, one ahead of the work; one that cannot be had fails alone', async () => {
  const dir = temporaryFolder();
  const { settings } = await loadSettings({ flags: { minLength: 3 }, env: {}, cwd: dir, configDir: dir });
  const app = await openApp({ settings, paths: resolvePaths({ SNVG_HOME: join(dir, 'home') }, dir), signal: new AbortController().signal });
  const urls = ['one', 'two', 'gone', 'three'].map((name) => ({ given: `https://example.org/${name}.mp4`, name: `${name}.mp4` }));
  const places = await placeJobs([{ given: fixture('beep-flash.mp4'), name: 'here.mp4' }, ...urls], settings, dir);
  const events: RunEvent[] = [];
  let fetching = 0;
  let most = 0;
  const outcomes = await runBatch(app, places, {
    until: 'ingest',
    atOnce: 1,
    keepGoing: true,
    event: (event) => events.push(event),
    stopping: () => {},
    fetch: async (place, { progress }) => {
      fetching += 1;
      most = Math.max(most, fetching);
      await sleep(30);
      fetching -= 1;
      if (place.sourcePath.includes('gone')) throw new SnvgError('REMOTE_UNAVAILABLE', 'No answer', 'Run again later.');
      progress(5, 10);
      const path = join(dir, place.name ?? 'fetched.mp4');
      await copyFile(fixture('beep-flash.mp4'), path);
      return { path };
    },
  });
  expect(outcomes.map(({ name, state, source }) => [name, state, source])).toEqual([
    ['here.mp4', 'done', fixture('beep-flash.mp4')],
    ['one.mp4', 'done', 'https://example.org/one.mp4'],
    ['two.mp4', 'done', 'https://example.org/two.mp4'],
    ['gone.mp4', 'failed', 'https://example.org/gone.mp4'],
    ['three.mp4', 'done', 'https://example.org/three.mp4'],
  ]);
  expect(most).toBeLessThanOrEqual(2);
  // The first remote one was on its way while the local one was worked on.
  const order = events.filter((event) => event.type === 'job-started' || event.type === 'job-finished').map(({ type, jobId }) => `${type} ${places.findIndex((place) => place.jobId === jobId)}`);
  expect(order.slice(0, 3)).toEqual(['job-started 0', 'job-started 1', 'job-finished 0']);
  expect(events.filter((event) => event.type === 'fetch-progress')).toHaveLength(3);
  // Shown while it happens, not written down; the job is known by its URL.
  const stored = app.jobs.list().find((job) => job.sourcePath.endsWith('one.mp4'));
  expect(app.events.read(stored?.id ?? '').map(({ event }) => event.type)).not.toContain('fetch-progress');
  await app.close();
});
