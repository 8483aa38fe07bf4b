import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openApp } from '../../src/app/app.js';
import { ageMs } from '../../src/app/store/age.js';
import type { ArtifactRef } from '../../src/artifacts/kinds.js';
import { openExchange } from '../../src/artifacts/open-exchange.js';
import { loadSettings } from '../../src/config/load.js';
import { resolvePaths } from '../../src/config/paths.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const program = fileURLToPath(new URL('../../bin/snvg.js', import.meta.url));
const dayMs = 86_400_000;

interface Run {
  code: number;
  stdout: string;
  stderr: string;
}

function snvg(dir: string, ...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { cwd: dir, env: { PATH: process.env['PATH'], HOME: dir, SNVG_HOME: dir } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

const hexOf = (digit: string): string => digit.repeat(64);

/** A home with a job that is done, its clip, and a clip of a job that was forgotten. */
async function home(): Promise<{ dir: string; pathOf(ref: ArtifactRef): string; resultOf(key: string): string; film: ArtifactRef; description: ArtifactRef; orphan: ArtifactRef }> {
  const dir = temporaryFolder();
  const paths = resolvePaths({ SNVG_HOME: dir });
  const { settings } = await loadSettings({ flags: {}, env: {}, cwd: dir, configDir: paths.configDir });
  const app = await openApp({ settings, paths, signal: new AbortController().signal });
  const film = await app.store.put('clip.mp4', { bytes: Buffer.from('a film of a job') });
  const description = await app.store.put('clip', { bytes: Buffer.from(JSON.stringify({ film })) });
  const orphan = await app.store.put('clip.mp4', { bytes: Buffer.from('nobody’s') });
  app.jobs.claim({ id: 'job', sourcePath: '/talk.mp4', outputDir: '/talk.snvg', settings: {} }, app.self);
  for (const [key, output] of [[hexOf('a'), description], [hexOf('b'), orphan]] as const) {
    await app.results.put({ key, op: 'render.clip', outputs: { clip: output }, notices: [], cpuSeconds: 0, wallMs: 0 });
  }
  app.events.append({ type: 'task-finished', jobId: 'job', at: 0, taskKey: hexOf('a'), stage: 'render', op: 'render.clip', label: 'x', cached: false, cpuSeconds: 0, wallMs: 0 });
  app.jobs.release('job', 'done', null);
  await app.close();
  return {
    dir,
    film,
    description,
    orphan,
    pathOf: ({ hash }) => join(paths.artifactsDir, hash.slice(0, 2), hash),
    resultOf: (key) => join(paths.cacheDir, 'results', key.slice(0, 2), `${key}.json`),
  };
}

function makeOld(path: string, ms: number): void {
  const then = (Date.now() - ms) / 1000;
  utimesSync(path, then, then);
}

it('du says what takes how much room, by kind and age', async () => {
  const { dir, film, pathOf } = await home();
  makeOld(pathOf(film), 10 * dayMs);
  const { code, stdout } = await snvg(dir, 'store', 'du', '--json');
  expect(code).toBe(0);
  const { store } = JSON.parse(stdout) as { store: { place: string; files: number; bytes: number; kinds: { kind: string; files: number; bytes: number; byAge: Record<string, number> }[] } };
  expect(store.place).toBe(join(dir, 'cache'));
  expect(store.kinds.find(({ kind }) => kind === 'clip.mp4')).toEqual({ kind: 'clip.mp4', files: 2, bytes: 25, byAge: { day: 10, week: 0, month: 15, older: 0 } });
  expect(store.kinds.find(({ kind }) => kind === 'results')?.files).toBe(2);
  expect(store.bytes).toBe(store.kinds.reduce((sum, { bytes }) => sum + bytes, 0));
  const plain = await snvg(dir, 'store', 'du');
  expect(plain.stdout).toMatch(/kind +files +size +< 1 day/);
  expect(plain.stdout).toMatch(/clip\.mp4 +2 +25 B +10 B +– +15 B +–/);
});

it('gc removes what no job refers to and is old, and says before what it would remove', async () => {
  const { dir, film, description, orphan, pathOf, resultOf } = await home();
  const all = [film, description, orphan];
  const young = await snvg(dir, 'store', 'gc');
  expect(young.stdout).toContain('removed 0 artifacts, 0 results');
  for (const ref of all) makeOld(pathOf(ref), 8 * dayMs);
  for (const key of ['a', 'b']) makeOld(resultOf(hexOf(key)), 8 * dayMs);
  const would = await snvg(dir, 'store', 'gc', '--dry-run', '--json');
  expect(JSON.parse(would.stdout)).toMatchObject({ store: { dryRun: true, artifacts: 1, results: 1, kept: 2 } });
  expect(existsSync(pathOf(orphan))).toBe(true);
  const later = await snvg(dir, 'store', 'gc', '--older-than', '2w', '--json');
  expect(JSON.parse(later.stdout)).toMatchObject({ store: { artifacts: 0, results: 0 } });
  const done = await snvg(dir, 'store', 'gc');
  expect(done).toMatchObject({ code: 0, stdout: expect.stringMatching(/removed 1 artifact, 1 result \(.*\) from .*cache\nkept what jobs still need: 2 artifacts/) });
  expect(all.map((ref) => existsSync(pathOf(ref)))).toEqual([true, true, false]);
  expect(['a', 'b'].map((key) => existsSync(resultOf(hexOf(key))))).toEqual([true, false]);
});

it('fault 19, a corrupted artifact in the cache: verify finds it, and repair removes it with the results that need it', async () => {
  const { dir, film, orphan, pathOf, resultOf } = await home();
  expect(await snvg(dir, 'store', 'verify')).toMatchObject({ code: 0, stdout: expect.stringContaining('3 artifacts') });
  writeFileSync(pathOf(film), 'a film 0f a job');
  truncateSync(pathOf(orphan), 3);
  const found = await snvg(dir, 'store', 'verify');
  expect(found.code).toBe(4);
  expect(found.stdout).toContain(`damaged   ${film.hash}`);
  expect(found.stderr).toMatch(/^error ARTIFACT_DAMAGED: 2 artifacts in .* are not what was put there\n→ .*--repair/);
  expect(found.stderr.trim().split('\n')).toHaveLength(2);
  expect(existsSync(pathOf(film))).toBe(true);
  const asJson = await snvg(dir, 'store', 'verify', '--json');
  expect(asJson.code).toBe(4);
  const { store } = JSON.parse(asJson.stdout) as { store: { damaged: { hash: string }[]; broken: { key: string; missing: { kind: string }[] }[] } };
  expect(store.damaged.map(({ hash }) => hash).toSorted()).toEqual([film.hash, orphan.hash].toSorted());
  // The description is whole, and the film it names is not.
  expect(store.broken.map(({ key, missing }) => [key, missing.map(({ kind }) => kind)]).toSorted()).toEqual([[hexOf('a'), ['clip.mp4']], [hexOf('b'), ['clip.mp4']]]);
  expect(await snvg(dir, 'store', 'verify', '--repair')).toMatchObject({ code: 0, stdout: expect.stringContaining('made anew') });
  expect([existsSync(pathOf(film)), existsSync(pathOf(orphan)), existsSync(resultOf(hexOf('a')))]).toEqual([false, false, false]);
  expect((await snvg(dir, 'store', 'verify')).code).toBe(0);
});

it('verify reports results that name what is not there', async () => {
  const { dir, film, pathOf } = await home();
  rmSync(pathOf(film));
  const found = await snvg(dir, 'store', 'verify');
  expect(found).toMatchObject({ code: 4, stderr: expect.stringContaining('error ARTIFACT_MISSING: 1 result in') });
  expect(found.stdout).toContain(`broken    result ${'a'.repeat(12)} of render.clip: clip.mp4 ${film.hash.slice(0, 12)}`);
});

it('looks after a store that machines share, and leaves there what a live job needs', async () => {
  const dir = temporaryFolder();
  const share = join(dir, 'share');
  mkdirSync(share);
  const exchange = await openExchange(share, { cacheDir: join(dir, 'other'), s3Endpoint: null });
  const needed = await exchange.artifacts.put('captions.srt', { bytes: Buffer.from('needed') });
  const old = await exchange.artifacts.put('captions.srt', { bytes: Buffer.from('old') });
  await exchange.results.putIfAbsent({ key: hexOf('c'), op: 'x', outputs: { needed }, notices: [], cpuSeconds: 0, wallMs: 0 });
  const pin = await exchange.pins.open({ jobId: 'job-7', host: 'anna' });
  await pin.add({ keys: [hexOf('c')] });
  const pathOf = ({ hash }: { hash: string }): string => join(share, 'artifacts', hash.slice(0, 2), hash);
  for (const ref of [needed, old]) makeOld(pathOf(ref), 8 * dayMs);
  makeOld(join(share, 'results', 'cc', `${hexOf('c')}.json`), 8 * dayMs);
  const at = ['--store', share];

  const usage = await snvg(dir, 'store', 'du', ...at);
  expect(usage.stdout).toMatch(/captions\.srt +1 +6 B/);
  expect(usage.stdout).toMatch(/unnamed +1 +3 B/);
  expect(usage.stdout).toContain('job job-7 of anna needs some of it');
  const done = await snvg(dir, 'store', 'gc', ...at, '--json');
  expect(JSON.parse(done.stdout)).toMatchObject({ store: { place: share, artifacts: 1, results: 0, kept: 2 } });
  expect([existsSync(pathOf(needed)), existsSync(pathOf(old))]).toEqual([true, false]);
  await pin.release();

  writeFileSync(pathOf(needed), 'n33ded');
  expect(await snvg(dir, 'store', 'verify', ...at)).toMatchObject({ code: 4, stderr: expect.stringContaining('ARTIFACT_DAMAGED') });
  expect((await snvg(dir, 'store', 'verify', ...at, '--repair')).code).toBe(0);
  expect(existsSync(pathOf(needed))).toBe(false);
  expect(await exchange.results.get(hexOf('c'))).toBeUndefined();
  expect(JSON.parse((await snvg(dir, 'store', 'du', ...at, '--local', '--json')).stdout)).toMatchObject({ store: { place: join(dir, 'cache') } });
  await exchange.close();
});

it('ends in two lines when there is no such store, and when an age is none', async () => {
  const dir = temporaryFolder();
  expect(await snvg(dir, 'store', 'du', '--store', join(dir, 'not-mounted'))).toMatchObject({ code: 5, stderr: expect.stringMatching(/^error STORE_UNAVAILABLE: .*\n→ .*\n$/) });
  expect(await snvg(dir, 'store', 'verify', '--store', 'redis://x')).toMatchObject({ code: 2, stderr: expect.stringContaining('STORE_INVALID') });
  expect(await snvg(dir, 'store', 'gc', '--older-than', 'soon')).toMatchObject({ code: 2, stderr: expect.stringMatching(/^error USAGE: .*soon.*\n→ .*36h, 7d or 2w/) });
  mkdirSync(join(dir, 'empty'));
  expect(await snvg(dir, 'store', 'du', '--store', join(dir, 'empty'))).toMatchObject({ code: 2, stderr: expect.stringContaining('no store in') });
});

it('reads ages', () => {
  expect(['90m', '36h', '7d', '2w', ' 1 d '].map(ageMs)).toEqual([5_400_000, 129_600_000, 604_800_000, 1_209_600_000, dayMs]);
  for (const wrong of ['', '7', 'd', '-1d', '1y', '1.5d', '99999999d']) expect(() => ageMs(wrong)).toThrow(/is no age/);
});
