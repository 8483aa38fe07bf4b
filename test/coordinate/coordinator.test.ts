import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type App, openApp } from '../../src/app/app.js';
import { cancelJob } from '../../src/app/coordinate/cancel-job.js';
import { coordinate } from '../../src/app/coordinate/coordinator.js';
import { leftToCoordinator, ownSettings, settingsForElsewhere } from '../../src/app/coordinate/kept-settings.js';
import { readKeptRequest } from '../../src/app/job-request.js';
import { loadSettings } from '../../src/config/load.js';
import { resolvePaths } from '../../src/config/paths.js';
import type { RunEvent } from '../../src/pipeline/run-event.js';
import { temporaryFolder } from '../support/temporary-folder.js';

async function openTestApp(signal: AbortSignal = new AbortController().signal): Promise<App> {
  const dir = temporaryFolder();
  const paths = resolvePaths({ SNVG_HOME: join(dir, 'home') }, dir);
  const { settings } = await loadSettings({ flags: { logLevel: 'silent' }, env: {}, cwd: dir, configDir: paths.configDir });
  const app = await openApp({ settings, paths, signal });
  onTestFinished(() => app.close());
  return app;
}

function submit(app: App, id: string, settings: Record<string, unknown> = {}): void {
  app.queue.submit({ id, sourcePath: `/nowhere/${id}.mp4`, outputDir: join(app.paths.dataDir, '..', id), settings: { ...app.settings, ...settings }, request: {}, priority: 0 }, () => false, () => {});
}

test('a job that ends whoever begins it fails after ten starts; one with settings that are none fails alone; the next is tried', async () => {
  const app = await openTestApp();
  for (const id of ['deadly', 'strange', 'missing']) submit(app, id, id === 'strange' ? { clips: 'many' } : {});
  for (let at = 0; at < 10; at += 1) app.events.append({ type: 'job-started', jobId: 'deadly', at, source: 'deadly.mp4', outputDir: '/' });
  const events: RunEvent[] = [];
  const { outcomes, interrupted } = await coordinate(app, { once: true, atOnce: 1, event: (event) => events.push(event), say: () => {} });
  expect(interrupted).toBe(0);
  const codes = { deadly: 'TOOL_FAILED', strange: 'USAGE', missing: expect.stringMatching(/^(MEDIA_MISSING|FFMPEG_|MODEL_)/) as string };
  expect(outcomes.map(({ jobId, state }) => [jobId, state])).toEqual(Object.keys(codes).map((id) => [id, 'failed']));
  expect(Object.fromEntries(events.flatMap((event) => (event.type === 'job-finished' ? [[event.jobId, event.error?.code]] : [])))).toEqual(codes);
  for (const id of Object.keys(codes)) expect(app.jobs.get(id)).toMatchObject({ state: 'failed', lease: null });
  expect(app.queue.coordinators()).toEqual([]);
});

test('without work it waits until it is told to stop, and is known meanwhile', async () => {
  const stop = new AbortController();
  const app = await openTestApp(stop.signal);
  const over = coordinate(app, { once: false, atOnce: 2, event: () => {}, say: () => {} });
  await expect.poll(() => app.queue.coordinators().length).toBe(1);
  stop.abort(new Error('enough'));
  expect(await over).toEqual({ outcomes: [], interrupted: 0 });
  expect(app.queue.coordinators()).toEqual([]);
});

test('what is kept of a request: the last stage, words and cuts; earlier versions kept nothing and meant clips', () => {
  const cuts = [[{ startUs: 1, endUs: 2 }]];
  expect(readKeptRequest({ until: 'ingest', transcriptFile: '/w.json', cuts })).toEqual({ until: 'ingest', byHand: { transcriptFile: '/w.json', cuts } });
  expect(readKeptRequest({})).toEqual({ until: 'render', byHand: {} });
  expect(() => readKeptRequest({ until: 'publish' })).toThrowError();
});

test('settings mean the same from every folder, and what the coordinator decides is not the job’s', async () => {
  const flags = { ledger: 'posts.db', store: 's3://bucket/x', to: ['file:outbox', 'youtube:main'], models: 'models', ffmpeg: './ffmpeg', ffprobe: 'ffprobe', output: '{source}', fromList: 'list.txt', concurrency: 3, clips: 2 };
  const { settings } = await loadSettings({ flags, env: {}, cwd: '/work', configDir: '/none' });
  const kept = settingsForElsewhere(settings, '/films');
  expect(kept).toMatchObject({ ledger: '/films/posts.db', store: 's3://bucket/x', to: ['file:/films/outbox', 'youtube:main'], models: '/films/models', ffmpeg: '/films/ffmpeg', ffprobe: 'ffprobe', output: '{source}', fromList: null, clips: 2 });
  const own = ownSettings(kept);
  expect(own).toMatchObject({ clips: 2, ledger: '/films/posts.db' });
  for (const key of ['ffmpeg', 'models', 'concurrency', 'backend', 'store', 'json']) expect(own).not.toHaveProperty(key);
  expect(leftToCoordinator(['clips', 'ffmpeg', 'json', 'backend'])).toEqual(['ffmpeg', 'backend']);
});

test('a job that a host of another name has left behind can be had back: the second wish to cancel takes its process for dead', async () => {
  const app = await openTestApp();
  submit(app, 'left');
  app.queue.takeNext({ host: 'the-container-before', pid: 1, startTime: '1' });
  expect(app.queue.takeNext(app.self)).toBeUndefined();
  expect(cancelJob(app, app.jobs.get('left'))).toBe('asked');
  expect(cancelJob(app, app.jobs.get('left'))).toBe('cancelled');
  expect(app.jobs.get('left')).toMatchObject({ state: 'cancelled', lease: null });
  expect(app.events.read('left').at(-1)?.event).toMatchObject({ type: 'job-finished', state: 'cancelled', error: { code: 'TERMINATED' } });
  submit(app, 'left');
  expect(app.queue.takeNext(app.self)?.job.id).toBe('left');
});
