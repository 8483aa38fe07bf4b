import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PublishRow } from '../../src/app/publishing/rows.js';
import { serveStandIns, type SandboxServer } from '../../src/sandbox/server.js';
import { XStandIn } from '../../src/sandbox/x/index.js';
import { YoutubeStandIn } from '../../src/sandbox/youtube/index.js';
import { Workplace } from '../end-to-end/workplace.js';
import { appAt, deliverJob } from '../support/delivered-job.js';

const channel = { id: 'UCchannel0000000000000000', name: 'Channel' };
const person = { id: '2244994945', name: 'person' };

const place = new Workplace();
const youtube = new YoutubeStandIn({ nowMs: () => Date.now(), processingMs: 0 });
const x = new XStandIn({ nowMs: () => Date.now() });
/** Everything that may not be found anywhere afterwards. */
const secrets: string[] = [];
let sandbox: SandboxServer;

beforeAll(async () => {
  x.uploads.processingMs = 0;
  sandbox = await serveStandIns({ standIns: [youtube, x] });
  mkdirSync(place.home, { recursive: true });
  const app = await appAt(place.home);
  deliverJob(app, place.cwd);
  await app.close();
});

afterAll(async () => {
  await sandbox.close();
  place.leave();
});

function kept(...values: string[]): void {
  secrets.push(...values);
}

/** The environment of a run that is logged in to X, and to YouTube as `more` says. */
function environment(more: Record<string, string>): Record<string, string> {
  const { accessToken } = x.issue(person);
  kept(accessToken, ...Object.entries(more).flatMap(([name, value]) => (/TOKEN|SECRET/.test(name) ? [value] : [])));
  return {
    SNVG_PLATFORM_HOSTS: JSON.stringify({ '*': sandbox.url }),
    SNVG_VAULT: 'file',
    SNVG_X_ACCESS_TOKEN: accessToken,
    SNVG_X_ACCOUNT_ID: person.id,
    SNVG_X_ACCOUNT_NAME: person.name,
    SNVG_YOUTUBE_CLIENT_ID: 'client-of-a-test',
    SNVG_YOUTUBE_ACCOUNT_ID: channel.id,
    ...more,
  };
}

async function publish(clip: string, env: Record<string, string>): Promise<{ exitCode: number | null; youtube: PublishRow[]; x: PublishRow[] }> {
  const run = await place.snvgWith(env, 'publish', 'talk.snvg', '--to', 'youtube', '--to', 'x', '--auto-approve', '--min-score', clip, '--json', '--log-level', 'debug');
  said.push(run.stdout, run.stderr);
  const { publications } = JSON.parse(run.stdout) as { publications: PublishRow[] };
  return { exitCode: run.exitCode, youtube: publications.filter(({ platform }) => platform === 'youtube'), x: publications.filter(({ platform }) => platform === 'x') };
}

const said: string[] = [];
/** Scores of the delivered clips are 80, 70 and 60: one more clip with each test. */
const [first, second, third] = ['75', '65', '55'];

test('a login that may not upload ends its own platform alone: exit 7, and what to do', async () => {
  const { accessToken } = youtube.issue(channel, ['https://www.googleapis.com/auth/youtube.readonly']);
  const run = await publish(first, environment({ SNVG_YOUTUBE_ACCESS_TOKEN: accessToken }));
  expect(run.x.map(({ outcome }) => outcome)).toContain('published');
  expect(run.youtube.every(({ outcome }) => outcome !== 'published')).toBe(true);
  expect(run.youtube.find(({ problem }) => problem)?.problem?.message).toContain('insufficientPermissions');
  expect(run.exitCode).toBe(7);
  expect(youtube.posts()).toEqual([]);
});

test('an expired access token with a revoked refresh token: nothing is sent, the other platform goes on, exit 6 where it is alone (youtubeuploader#115)', async () => {
  const { accessToken, refreshToken } = youtube.issue(channel);
  youtube.login.expire(accessToken);
  youtube.login.revoke(refreshToken);
  const env = environment({ SNVG_YOUTUBE_ACCESS_TOKEN: accessToken, SNVG_YOUTUBE_REFRESH_TOKEN: refreshToken, SNVG_YOUTUBE_CLIENT_SECRET: 'client-secret-of-a-test' });
  const run = await publish(second, env);
  expect(run.x.map(({ outcome }) => outcome).toSorted()).toEqual(['already', 'held-back', 'published']);
  expect(run.youtube.filter(({ outcome }) => outcome !== 'held-back').every(({ problem }) => problem?.code === 'AUTH_NEEDED')).toBe(true);
  expect(run.exitCode).toBe(7);
  expect(youtube.posts()).toEqual([]);
  const alone = await place.snvgWith(env, 'publish', 'talk.snvg', '--to', 'youtube', '--auto-approve', '--min-score', second, '--json');
  said.push(alone.stdout, alone.stderr);
  expect(alone.exitCode).toBe(6);
});

test('a token of another account than the one that was named posts nothing', async () => {
  const { accessToken } = youtube.issue({ id: 'UCother000000000000000000', name: 'Other' });
  const run = await publish(second, environment({ SNVG_YOUTUBE_ACCESS_TOKEN: accessToken }));
  expect(run.youtube.every(({ outcome }) => outcome !== 'published')).toBe(true);
  expect(JSON.stringify(run.youtube)).toMatch(/AUTH_WRONG_ACCOUNT|UCother000000000000000000|another|other channel/i);
  expect(youtube.posts()).toEqual([]);
});

test('a good login goes on with what the bad ones left, and each moment is there once', async () => {
  const { accessToken, refreshToken } = youtube.issue(channel);
  const run = await publish(third, environment({ SNVG_YOUTUBE_ACCESS_TOKEN: accessToken, SNVG_YOUTUBE_REFRESH_TOKEN: refreshToken, SNVG_YOUTUBE_CLIENT_SECRET: 'client-secret-of-a-test' }));
  expect([...run.x, ...run.youtube].map(({ state }) => state).filter((state) => state !== 'published' && state !== 'draft')).toEqual([]);
  expect(youtube.posts()).toHaveLength(3);
  expect(x.posts()).toHaveLength(3);
  expect(run.exitCode).toBe(0);
});

test('a login that is about to end is said while it still works (youtubeuploader#128)', async () => {
  const { accessToken, refreshToken } = youtube.issue(channel);
  kept(accessToken, refreshToken);
  const file = join(place.cwd, 'vault-of-another-machine.json');
  const sixDaysAgo = new Date(Date.now() - 6 * 86_400_000).toISOString();
  writeFileSync(file, JSON.stringify({ accessToken, refreshToken, clientId: 'client-of-a-test', grantedAt: sixDaysAgo }));
  const env = { SNVG_PLATFORM_HOSTS: JSON.stringify({ '*': sandbox.url }), SNVG_VAULT: 'file' };
  const taken = await place.snvgWith(env, 'auth', 'import', 'youtube', file, '--as', 'main');
  expect(taken.exitCode, taken.stderr).toBe(0);
  const run = await place.snvgWith(env, 'publish', 'talk.snvg', '--to', 'youtube:main', '--auto-approve', '--min-score', third);
  said.push(taken.stdout, taken.stderr, run.stdout, run.stderr);
  expect(run.stderr).toMatch(/LOGIN_ENDING: .*youtube:main.*7 days[^]*→ .*snvg auth login youtube/);
  expect(run.exitCode).toBe(0);
  expect(youtube.posts()).toHaveLength(3);
});

test('no secret is in any output, log, event, ledger, manifest or other file', async () => {
  for (const args of [['publish', '--status', '--json'], ['publish', '--history', '--json'], ['jobs', 'events', 'job1'], ['jobs', 'show', 'job1', '--json'], ['config', 'show', '--json']]) {
    const { stdout, stderr } = await place.snvgWith(environment({ SNVG_YOUTUBE_ACCESS_TOKEN: secrets[0] ?? '' }), ...args);
    said.push(stdout, stderr);
  }
  const files = readdirSync(place.root, { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []));
  expect(files.some((path) => path.includes('snvg.db'))).toBe(true);
  expect(secrets.length).toBeGreaterThan(6);
  for (const secret of new Set(secrets)) {
    for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('base64').replace(/=+$/, '').slice(0, -2)]) {
      expect(said.findIndex((text) => text.includes(form))).toBe(-1);
      // The vault is where renewed logins belong; everything else is for others to read.
      expect(files.filter((path) => !/vault/.test(path) && readFileSync(path).includes(form))).toEqual([]);
    }
  }
});
