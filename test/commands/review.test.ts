import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runReview, type ReviewFlags } from '../../src/commands/review.js';
import { loadSettings } from '../../src/config/load.js';
import { resolvePaths } from '../../src/config/paths.js';
import { appAt, deliverJob } from '../support/delivered-job.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { keepingStream } from '../ui/fixtures/streams.js';

interface Place {
  dir: string;
  home: string;
}

async function delivered(changes: Parameters<typeof deliverJob>[2] = {}): Promise<Place> {
  const dir = temporaryFolder();
  const home = join(dir, 'home');
  mkdirSync(home);
  await deliver({ dir, home }, changes);
  return { dir, home };
}

async function deliver({ dir, home }: Place, changes: Parameters<typeof deliverJob>[2]): Promise<void> {
  const app = await appAt(home);
  deliverJob(app, dir, changes);
  await app.close();
}

async function review({ dir, home }: Place, flags: ReviewFlags, given: { json?: boolean; job?: string } = {}): Promise<string> {
  const paths = resolvePaths({ SNVG_HOME: home }, home);
  const loaded = await loadSettings({ flags: { json: given.json ?? false }, env: {}, cwd: dir, configDir: paths.configDir });
  const stdout = keepingStream();
  expect(await runReview({ loaded, paths, version: '0', cwd: dir, env: {}, stdout, stderr: keepingStream(), signal: new AbortController().signal }, given.job, flags)).toBe(0);
  return stdout.text();
}

async function decisions(place: Place, flags: ReviewFlags = {}): Promise<(string | null)[]> {
  const { clips } = JSON.parse(await review(place, flags, { json: true })) as { clips: { decision: string | null }[] };
  return clips.map(({ decision }) => decision);
}

test('lists clips with their receipts where there is no terminal', async () => {
  const place = await delivered({ notices: [{ code: 'NO_FACE_FOUND', message: 'No face was followed', remedy: 'Look at it.', severity: 'degraded', stage: 'render' }] });
  const lines = (await review(place, {})).split('\n');
  expect(lines[0]).toBe('·  1  What is the first thing you notice?  (waiting, 1bbbbbbbbbbbbbbb)');
  const text = lines.join('\n');
  expect(text).toMatch(/score +80\.0 · chosen with 80 points/);
  expect(text).toMatch(/moment +1:00 to 1:30 · begins “What”, ends “then\.”/);
  expect(text).toMatch(/sound +−14\.1 LUFS, true peak −1\.7 dBTP/);
  expect(text).toMatch(/doubtful +1 word: seventeen/);
  expect(text).toMatch(/warning +NO_FACE_FOUND: No face was followed/);
  expect(text).toMatch(/files +vertical 30 s .*01-What-is-the-first-thing-you-notice-\.vertical\.mp4/);
  expect(lines.at(-2)).toBe('0 approved, 0 rejected, 3 waiting');
});

test('approves and rejects by number, lineage and all, and keeps it', async () => {
  const place = await delivered();
  expect(await decisions(place, { approve: ['1,3'], reject: ['2bbb'] })).toEqual(['approved', 'rejected', 'approved']);
  expect(await decisions(place)).toEqual(['approved', 'rejected', 'approved']);
  expect(await decisions(place, { reject: ['all'] })).toEqual(['rejected', 'rejected', 'rejected']);
});

test('a film that was made anew needs a new yes', async () => {
  const place = await delivered();
  await decisions(place, { approve: ['all'] });
  await deliver(place, { film: 'corrected' });
  expect(await decisions(place)).toEqual([null, null, null]);
});

test.each([
  [{ approve: ['9'] }, 'There is no clip "9"'],
  [{ approve: ['bbbb'] }, 'There is no clip "bbbb"'],
  [{ approve: ['1'], reject: ['all'] }, 'Clip 1 is to be approved and rejected'],
])('refuses %j and decides nothing', async (flags, message) => {
  const place = await delivered();
  await expect(review(place, flags)).rejects.toMatchObject({ code: 'USAGE', message });
  expect(await decisions(place)).toEqual([null, null, null]);
});

test('finds the job by its folder, its id, or as the newest, and says when there is none', async () => {
  const place = await delivered();
  for (const job of ['talk.snvg', 'job1', undefined]) expect(await review(place, { list: true }, job === undefined ? {} : { job })).toContain('3 waiting');
  await expect(review(place, {}, { job: 'other' })).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
});
