import { utimesSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { type App, openApp } from '../../src/app/app.js';
import { cleanJobs } from '../../src/app/clean-jobs.js';
import type { ArtifactRef } from '../../src/artifacts/kinds.js';
import { loadSettings } from '../../src/config/load.js';
import { resolvePaths } from '../../src/config/paths.js';
import { temporaryFolder } from '../support/temporary-folder.js';

async function openTestApp(): Promise<App> {
  const home = temporaryFolder();
  const paths = resolvePaths({ SNVG_HOME: home });
  const { settings } = await loadSettings({ flags: {}, env: {}, cwd: home, configDir: paths.configDir });
  const app = await openApp({ settings, paths, signal: new AbortController().signal });
  onTestFinished(() => app.close());
  return app;
}

/** A job that has ended, with one task whose artifact is as old as `ageHours`. */
async function endedJob(app: App, id: string, ageHours: number): Promise<ArtifactRef> {
  app.jobs.claim({ id, sourcePath: `/${id}`, outputDir: `/${id}.snvg`, settings: {} }, app.self);
  const artifact = await app.store.put('cover.jpg', { bytes: new TextEncoder().encode(id) });
  await app.results.put({ key: `key-of-${id}`, op: 'x', outputs: { cover: artifact }, notices: [], cpuSeconds: 0, wallMs: 0 });
  app.events.append({ type: 'task-finished', jobId: id, at: 0, taskKey: `key-of-${id}`, stage: 'render', op: 'x', label: 'x', cached: false, cpuSeconds: 0, wallMs: 0 });
  app.jobs.release(id, 'done', null);
  const then = Date.now() / 1000 - ageHours * 3600;
  utimesSync(await app.store.materialize(artifact.hash), then, then);
  return artifact;
}

test('forgets a job with what it alone refers to, and keeps what another refers to', async () => {
  const app = await openTestApp();
  const gone = await endedJob(app, 'gone', 24);
  const kept = await endedJob(app, 'kept', 24);
  expect(await cleanJobs(app, [app.jobs.get('gone')])).toMatchObject({ jobs: 1, removed: 1 });
  expect([await app.store.has(gone.hash), await app.store.has(kept.hash)]).toEqual([false, true]);
  expect(await app.results.get('key-of-gone')).toBeUndefined();
  expect(await app.results.get('key-of-kept')).toBeDefined();
});

test('leaves a living job what it was promised, though it has not written so yet', async () => {
  const app = await openTestApp();
  const asked = await endedJob(app, 'asked', 24);
  const unasked = await endedJob(app, 'unasked', 24);
  app.jobs.claim({ id: 'living', sourcePath: '/living', outputDir: '/living.snvg', settings: {} }, app.self);
  expect(await app.store.has(asked.hash)).toBe(true);
  await cleanJobs(app, [app.jobs.get('asked'), app.jobs.get('unasked')]);
  expect([await app.store.has(asked.hash), await app.store.has(unasked.hash)]).toEqual([true, false]);
});

test('fault 15: a clock that jumps forward by an hour takes nothing from a living job', async () => {
  const app = await openTestApp();
  const asked = await endedJob(app, 'asked', 24);
  app.jobs.claim({ id: 'living', sourcePath: '/living', outputDir: '/living.snvg', settings: {} }, app.self);
  expect(await app.store.has(asked.hash)).toBe(true);
  const jumped = { ...app, clock: { ...app.clock, nowMs: () => app.clock.nowMs() + 3_600_000 } };
  await cleanJobs(jumped, [app.jobs.get('asked')]);
  expect(await app.store.has(asked.hash)).toBe(true);
});

test('leaves a job that starts meanwhile what it puts', async () => {
  const app = await openTestApp();
  const old = await endedJob(app, 'old', 24);
  const results = app.results.all.bind(app.results);
  let young: ArtifactRef | undefined;
  app.results.all = async function* () {
    // The moment after clean has seen that nobody works.
    young = await app.store.put('cover.jpg', { bytes: new TextEncoder().encode('young') });
    yield* results();
  };
  await cleanJobs(app, [app.jobs.get('old')]);
  expect([await app.store.has(old.hash), await app.store.has(young?.hash ?? '')]).toEqual([false, true]);
});

test('refuses a job that is worked on, also one that starts while it cleans', async () => {
  const app = await openTestApp();
  await endedJob(app, 'a', 24);
  const chosen = [app.jobs.get('a')];
  app.jobs.claim({ id: 'a', sourcePath: '/a', outputDir: '/a.snvg', settings: {} }, app.self);
  await expect(cleanJobs(app, chosen)).rejects.toMatchObject({ code: 'JOB_BUSY' });
  await expect(cleanJobs(app, [app.jobs.get('a')])).rejects.toMatchObject({ code: 'JOB_BUSY' });
  expect(app.jobs.find('a')).toBeDefined();
});

test('keeps the parts of what is kept: the film that a clip’s description names', async () => {
  const app = await openTestApp();
  const film = await app.store.put('clip.mp4', { bytes: new TextEncoder().encode('film') });
  const description = await app.store.put('clip', { bytes: new TextEncoder().encode(JSON.stringify({ format: 'vertical', captions: { srt: film } })) });
  await endedJob(app, 'kept', 24);
  await app.results.put({ key: 'key-of-kept', op: 'x', outputs: { clip: description }, notices: [], cpuSeconds: 0, wallMs: 0 });
  await endedJob(app, 'gone', 24);
  const then = Date.now() / 1000 - 24 * 3600;
  for (const { hash } of [film, description]) utimesSync(await app.store.materialize(hash), then, then);
  await cleanJobs(app, [app.jobs.get('gone')]);
  expect([await app.store.has(film.hash), await app.store.has(description.hash)]).toEqual([true, true]);
});
