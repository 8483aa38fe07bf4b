import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Workplace } from '../end-to-end/workplace.js';
import { appAt, deliverJob } from '../support/delivered-job.js';
import { openAppLedger } from '../../src/app/publishing/open-ledger.js';
import type { PublishRow } from '../../src/app/publishing/rows.js';

let place: Workplace;

beforeAll(async () => {
  place = new Workplace();
  mkdirSync(place.home, { recursive: true });
  const app = await appAt(place.home);
  deliverJob(app, place.cwd);
  await app.close();
});

afterAll(() => place.leave());

function rows(stdout: string): PublishRow[] {
  return (JSON.parse(stdout) as { publications: PublishRow[] }).publications;
}

/** Folders that hold a whole clip: laid out by one rename. */
function posts(outbox: string): string[] {
  return readdirSync(join(place.cwd, outbox)).filter((name) => !name.startsWith('.'));
}

test('two processes that publish the same job at once post each clip once (postiz-app#1779)', async () => {
  const runs = await Promise.all([1, 2].map(() => place.snvg('publish', 'talk.snvg', '--to', 'file:at-once', '--json')));
  for (const { exitCode, stderr } of runs) expect(exitCode, stderr).toBe(0);
  expect(posts('at-once')).toHaveLength(3);
  expect(runs.flatMap(({ stdout }) => rows(stdout).map(({ outcome }) => outcome)).toSorted()).toEqual(['already', 'already', 'already', 'published', 'published', 'published']);
});

test('five simultaneous runs of --due post what is due once, and those that find the account taken exit 0 (ocw-studio#828, django-cronjobs#1)', async () => {
  const app = await appAt(place.home);
  const ledger = await openAppLedger(app);
  const account = join(place.cwd, 'planned');
  for (const clip of [1, 2, 3]) {
    const film = readFileSync(join(place.cwd, 'talk.snvg', readdirSync(join(place.cwd, 'talk.snvg')).find((name) => name.startsWith(`0${clip}-`) && name.endsWith('.mp4')) ?? ''));
    const { createHash } = await import('node:crypto');
    const identity = { sourceSha256: 'a'.repeat(64), lineage: `${clip}${'b'.repeat(15)}`, platform: 'file', account };
    const later = clip === 3 ? 3_600_000 : -60_000;
    await ledger.claim(identity, { jobId: 'job1', clipSha256: createHash('sha256').update(film).digest('hex'), title: `Clip ${clip}`, ranges: [{ startUs: clip * 60e6, endUs: clip * 60e6 + 30e6 }], accountName: account, dueMs: Date.now() + later, saga: null });
  }
  await ledger.close();
  await app.close();
  const runs = await Promise.all([1, 2, 3, 4, 5].map(() => place.snvg('publish', '--due', '--json')));
  for (const { exitCode, stderr } of runs) expect(exitCode, stderr).toBe(0);
  expect(posts('planned')).toHaveLength(2);
  const ended = runs.flatMap(({ stdout }) => rows(stdout).map(({ outcome }) => outcome));
  expect(ended.filter((outcome) => outcome === 'published')).toHaveLength(2);
  for (const outcome of ended) expect(['published', 'already', 'busy']).toContain(outcome);
  const status = await place.snvg('publish', '--status', '--json');
  expect(rows(status.stdout).filter(({ account: at }) => at === account).map(({ state }) => state).toSorted()).toEqual(['planned', 'published', 'published']);
});

test('what waits is taken back by its key, tried again by it, and is there once', async () => {
  const before = rows((await place.snvg('publish', '--status', '--json')).stdout).find(({ state }) => state === 'planned');
  const key = before?.key?.slice(0, 8) ?? '';
  expect(rows((await place.snvg('publish', '--cancel', key, '--json')).stdout)).toMatchObject([{ state: 'cancelled', outcome: 'cancelled' }]);
  expect(rows((await place.snvg('publish', 'talk.snvg', '--to', 'file:planned', '--json')).stdout).map(({ outcome }) => outcome)).toEqual(['already', 'already', 'kept']);
  expect(posts('planned')).toHaveLength(2);
  expect(rows((await place.snvg('publish', '--retry', key, '--json')).stdout)).toMatchObject([{ outcome: 'published' }]);
  expect(posts('planned')).toHaveLength(3);
  const again = await place.snvg('publish', '--retry', key);
  expect(again).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('PUBLICATION_STATE') });
});

test('under CI a public platform needs a ledger that outlives the run', async () => {
  const refused = await place.snvgWith({ CI: 'true' }, 'publish', 'talk.snvg', '--to', 'youtube');
  expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/^error LEDGER_EPHEMERAL: .*\n→ .*--ledger s3:\/\/.*\n$/) });
  const local = await place.snvgWith({ CI: 'true' }, 'publish', 'talk.snvg', '--to', 'file:ci');
  expect(local.exitCode, local.stderr).toBe(0);
});

test('a throw-away machine that runs twice with a ledger of its own file posts once', async () => {
  const ledger = join(place.root, 'kept', 'ledger.db');
  const first = await place.snvgWith({ CI: 'true' }, 'publish', 'talk.snvg', '--to', 'file:kept', '--ledger', ledger, '--json');
  expect(first.exitCode, first.stderr).toBe(0);
  // A machine without the first one's disk, on which the job was made anew.
  const other = new Workplace();
  mkdirSync(other.home, { recursive: true });
  const app = await appAt(other.home);
  deliverJob(app, other.cwd);
  await app.close();
  const second = await other.snvg('publish', 'talk.snvg', '--to', `file:${join(place.cwd, 'kept')}`, '--ledger', ledger, '--json');
  other.leave();
  expect(second.exitCode, second.stderr).toBe(0);
  expect(rows(second.stdout).map(({ outcome }) => outcome)).toEqual(['already', 'already', 'already']);
  expect(posts('kept')).toHaveLength(3);
});

test('a platform nobody is logged in to is said, and the others go on: exit 7; alone: exit 6', async () => {
  const both = await place.snvg('publish', 'talk.snvg', '--to', 'youtube', '--to', 'file:both', '--auto-approve');
  expect(both).toMatchObject({ exitCode: 7, stderr: expect.stringContaining('snvg auth login youtube') });
  expect(posts('both')).toHaveLength(3);
  expect((await place.snvg('publish', 'talk.snvg', '--to', 'youtube', '--auto-approve')).exitCode).toBe(6);
});

test('an outbox that cannot be written ends in two lines, and succeeds once it can', async () => {
  writeFileSync(join(place.cwd, 'occupied'), 'a file');
  const failed = await place.snvg('publish', 'talk.snvg', '--to', 'file:occupied');
  expect(failed).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('error OUTPUT_UNWRITABLE') });
});

test('--check and --dry-run write nothing and say what would be', async () => {
  const checked = await place.snvg('publish', 'talk.snvg', '--to', 'file:nowhere', '--to', 'youtube', '--check', '--json');
  expect(checked.exitCode).toBe(6);
  expect(JSON.parse(checked.stdout)).toMatchObject({ accounts: [{ platform: 'youtube', problem: { code: 'AUTH_NEEDED' } }, { platform: 'file', problem: null }] });
  const dry = await place.snvg('publish', 'talk.snvg', '--to', 'file:nowhere', '--dry-run');
  expect(dry).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/(.* post +\n){3}/) });
  expect(readdirSync(place.cwd)).not.toContain('nowhere');
});

test('--history says who posted what, when, from which machine', async () => {
  const { stdout } = await place.snvg('publish', '--history', '--json');
  const { history } = JSON.parse(stdout) as { history: { what: string; by: { host: string; pid: number }; url?: string }[] };
  const published = history.filter(({ what }) => what === 'published');
  expect(published.length).toBeGreaterThanOrEqual(9);
  for (const { by, url } of published) {
    expect(by.pid).toBeGreaterThan(1);
    expect(url).toMatch(/^file:/);
  }
});

test('--sandbox-faults rehearses failures too: no clip is there twice, and the same command may be run again', async () => {
  const run = await place.snvg('publish', 'talk.snvg', '--to', 'youtube', '--sandbox', '--sandbox-faults', '7', '--json');
  expect([0, 5, 6, 7], run.stderr).toContain(run.exitCode);
  const ended = rows(run.stdout);
  expect(ended).toHaveLength(3);
  const urls = ended.flatMap(({ url }) => (url === null ? [] : [url]));
  expect(new Set(urls).size).toBe(urls.length);
  expect(ended.map(({ outcome }) => outcome)).toContain('published');
});

test('--sandbox rehearses against strict stand-ins: no account, no yes, no ledger under CI, and nothing is kept', async () => {
  const rehearsed = await place.snvgWith({ CI: 'true' }, 'publish', 'talk.snvg', '--to', 'youtube', '--to', 'x', '--sandbox', '--json');
  expect(rehearsed.exitCode, rehearsed.stderr + rehearsed.stdout).toBe(0);
  expect(rows(rehearsed.stdout).map(({ platform, outcome }) => `${platform} ${outcome}`)).toEqual([...Array<string>(3).fill('youtube published'), ...Array<string>(3).fill('x published')]);
  const { stdout } = await place.snvg('publish', '--status', '--json');
  expect(rows(stdout).filter(({ platform }) => platform !== 'file')).toEqual([]);
});
