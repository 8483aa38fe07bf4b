import { appendFileSync, chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunEvent } from '../../src/pipeline/run-event.js';
import { Workplace } from '../end-to-end/workplace.js';
import { noSmallDisk, smallDisk } from '../support/small-disk.js';
import { cheap, shortTalk, startSnvg } from './run-beside.js';

interface Listed {
  id: string;
  state: string;
  source: string;
}
interface Result {
  jobs: { state: string; source: string; stages: { cpuSeconds: number }[]; error?: { code: string } }[];
}

/** Several runs each, on a machine that may be busy with other tests. */
const patienceMs = 400_000;

// One place for all: each test goes on from what the one before it has made, as a person's batch does.
const place = new Workplace();
afterAll(() => place.leave());

/** An ffmpeg and ffprobe that write down every start. */
const starts = join(place.root, 'starts');
beforeAll(() => {
  for (const [name, from] of [['one.mp4', 40], ['two.mp4', 80], ['three.mp4', 120]] as const) shortTalk(place, name, from);
  copyFileSync(join(place.cwd, 'two.mp4'), join(place.cwd, 'again.mp4'));
  for (const tool of ['ffmpeg', 'ffprobe']) {
    writeFileSync(join(place.root, tool), `#!/bin/sh\necho "${tool} $*" >>'${starts}'\nexec ${tool} "$@"\n`);
    chmodSync(join(place.root, tool), 0o755);
  }
});
const tools = ['--ffmpeg', join(place.root, 'ffmpeg'), '--ffprobe', join(place.root, 'ffprobe')];
const batch = (...names: string[]): string[] => ['process', ...names, ...cheap, ...tools];
const toolStarts = (): string[] => (existsSync(starts) ? readFileSync(starts, 'utf8').trimEnd().split('\n') : []);

async function jobs(): Promise<Listed[]> {
  return (JSON.parse((await place.snvg('jobs', 'list', '--json')).stdout) as { jobs: Listed[] }).jobs;
}

/** How often each task was started, and finished with work, over all jobs and processes. */
async function work(): Promise<{ started: Map<string, number>; finished: Map<string, number> }> {
  const counts = { started: new Map<string, number>(), finished: new Map<string, number>() };
  for (const job of await jobs()) {
    for (const event of await place.events(job.id)) {
      if (event.type === 'task-started') add(counts.started, event.taskKey);
      if (event.type === 'task-finished' && !event.cached) add(counts.finished, event.taskKey);
    }
  }
  return counts;
}

function add(to: Map<string, number>, key: string): void {
  to.set(key, (to.get(key) ?? 0) + 1);
}

const held = (event: RunEvent): boolean => event.type === 'job-held';
const twice = (counts: Map<string, number>): string[] => [...counts].filter(([, n]) => n > 1).map(([key]) => key);

test('a killed process loses its inputs to the other at once, and what it had finished is not done again', async () => {
  const first = startSnvg(place, ...batch('one.mp4', 'two.mp4'), '--jobs', '1');
  await first.until((event) => event.type === 'task-finished' && event.stage === 'transcribe');
  const second = startSnvg(place, ...batch('one.mp4', 'two.mp4'), '--jobs', '1');
  expect(await second.until(held)).toMatchObject({ source: 'one.mp4', pid: first.pid });
  process.kill(first.pid, 'SIGKILL');
  await first.ended;
  expect(await second.ended, second.stderr()).toBe(0);
  const { finished } = await work();
  expect(twice(finished)).toEqual([]);
  expect((await jobs()).map(({ state }) => state)).toEqual(['done', 'done']);
}, patienceMs);

test('two processes on one batch, with the same content under two names: each task starts once, each input is reported by both', async () => {
  const names = ['one.mp4', 'two.mp4', 'again.mp4', 'three.mp4'];
  const before = await work();
  const first = startSnvg(place, ...batch(...names), '--format', 'square');
  await first.until((event) => event.type === 'task-started');
  const second = startSnvg(place, ...batch(...names), '--format', 'square');
  expect([await first.ended, await second.ended], first.stderr() + second.stderr()).toEqual([0, 0]);
  const after = await work();
  const started = [...after.started].filter(([key]) => !before.started.has(key));
  expect(started.length).toBeGreaterThan(8);
  expect(started.filter(([, n]) => n > 1)).toEqual([]);
  expect(twice(after.finished)).toEqual([]);
  for (const run of [first, second]) {
    expect(run.events.flatMap((event) => (event.type === 'job-finished' ? [event.state] : []))).toEqual(['done', 'done', 'done', 'done']);
    expect(run.events.at(-1)).toMatchObject({ type: 'batch-finished', done: 4, clips: 4 });
  }
}, patienceMs);

test('a batch that is done costs nearly nothing and starts no program; what failed is tried again, what changed is new work', async () => {
  const names = ['one.mp4', 'two.mp4', 'again.mp4', 'three.mp4'];
  rmSync(starts, { force: true });
  const idle = await place.snvg(...batch(...names), '--format', 'square', '--json');
  expect(idle.exitCode, idle.stderr).toBe(0);
  expect(toolStarts()).toEqual([]);
  expect((JSON.parse(idle.stdout) as Result).jobs.flatMap(({ stages }) => stages.map(({ cpuSeconds }) => cpuSeconds)).every((seconds) => seconds === 0)).toBe(true);

  const failing = await place.snvg(...batch('one.mp4', 'late.mp4'), '--format', 'square', '--json');
  expect(failing.exitCode).toBe(7);
  copyFileSync(join(place.cwd, 'two.mp4'), join(place.cwd, 'late.mp4'));
  // The end of an MP4 may hold anything: other bytes, so another source, with the same film in it.
  appendFileSync(join(place.cwd, 'one.mp4'), Buffer.from('00000010736b697000000000000000000000', 'hex').subarray(0, 16));
  rmSync(starts, { force: true });
  const changed = await place.snvg('ingest', 'one.mp4', 'two.mp4', 'late.mp4', ...tools, '--json', '--min-length', '3');
  expect(changed.exitCode, changed.stderr).toBe(0);
  expect((JSON.parse(changed.stdout) as Result).jobs.map(({ state }) => state)).toEqual(['done', 'done', 'done']);
  expect(toolStarts().length).toBeGreaterThan(0);
  expect(toolStarts().every((line) => line.includes('one.mp4'))).toBe(true);
}, patienceMs);

test('two jobs with the same moments publish each once, and take turns at one account', async () => {
  const published = await place.snvg(...batch('two.mp4', 'again.mp4', 'three.mp4'), '--format', 'square', '--to', 'file:outbox', '--json');
  expect(published.exitCode, published.stderr).toBe(0);
  expect(readdirSync(join(place.cwd, 'outbox')).filter((name) => !name.startsWith('.'))).toHaveLength(2);
}, patienceMs);

test.skipIf(noSmallDisk !== undefined)(`a disk too full for one input's clips ends that input alone${noSmallDisk ? ` (skipped: ${noSmallDisk})` : ''}`, async () => {
  const disk = smallDisk('size=1m');
  mkdirSync(join(disk.path, 'late'));
  symlinkSync(join(disk.path, 'late'), join(place.cwd, 'late.snvg'));
  const outcome = await place.snvg(...batch('late.mp4', 'two.mp4', 'three.mp4'), '--format', 'square', '--keep-going', '--json');
  expect(outcome.exitCode, outcome.stderr).toBe(7);
  expect((JSON.parse(outcome.stdout) as Result).jobs.map(({ state, error }) => error?.code ?? state)).toEqual(['DISK_FULL', 'done', 'done']);
  rmSync(join(place.cwd, 'late.snvg'));
}, patienceMs);

test('Ctrl-C ends a batch in two lines, keeps what is done, and the next run goes on from there', async () => {
  const run = startSnvg(place, ...batch('two.mp4', 'three.mp4', 'late.mp4'), '--format', 'wide', '--jobs', '1');
  await run.until((event) => event.type === 'job-finished');
  await run.until((event) => event.type === 'task-started' && event.op === 'render.clip' && event.jobId !== run.events[0]?.jobId);
  process.kill(run.pid, 'SIGINT');
  expect(await run.ended).toBe(130);
  expect(run.stderr().trimEnd().split('\n')).toEqual([expect.stringMatching(/^error INTERRUPTED/), expect.stringMatching(/^→ /)]);
  expect(run.events.at(-1)).toMatchObject({ type: 'batch-finished', done: 1, cancelled: 1, notStarted: 1 });
  const next = await place.snvg(...batch('two.mp4', 'three.mp4', 'late.mp4'), '--format', 'wide', '--json');
  expect(next.exitCode, next.stderr).toBe(0);
  expect(twice((await work()).finished)).toEqual([]);
}, patienceMs);
