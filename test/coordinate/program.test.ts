import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Workplace } from '../end-to-end/workplace.js';
import { quick, writeWords } from '../places/small-talk.js';
import { type Beside, beside, captionedFilm, eventsOf, handOver, oneClip, states, taskCounts } from './captioned-film.js';

/** Several runs each, on a machine that may be busy with other tests. */
const patienceMs = 200_000;

const place = new Workplace();
const started: Beside[] = [];
beforeAll(() => {
  for (const name of ['one', 'two']) captionedFilm(place, name);
});
afterAll(async () => {
  for (const { pid, ended } of started) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
    await ended;
  }
  place.leave();
});

function start(...args: string[]): Beside {
  const run = beside(place, args);
  started.push(run);
  return run;
}

interface Listed {
  jobs: { id: string; state: string; source: string }[];
}

test('what cannot be done is refused at once and nothing is queued; with --keep-going the rest is', async () => {
  writeFileSync(join(place.cwd, 'empty.mp4'), '');
  const refused = await place.snvg('process', 'one.mp4', 'missing.mp4', ...oneClip, '--detach');
  expect(refused.exitCode).toBe(3);
  expect(refused.stderr.trim().split('\n')).toEqual([expect.stringContaining('MEDIA_MISSING'), expect.stringMatching(/^→ /)]);
  expect(states(place)).toEqual({});
  const some = await place.snvg('process', 'empty.mp4', 'one.mp4', ...oneClip, '--output', 'some', '--detach', '--keep-going', '--json');
  expect(some.exitCode).toBe(7);
  const { jobs, coordinators } = JSON.parse(some.stdout) as Listed & { coordinators: number };
  expect(jobs.map(({ state }) => state)).toEqual(['refused', 'queued']);
  expect(coordinators).toBe(0);
  const id = jobs[1]?.id ?? '';
  expect(states(place)).toEqual({ [id]: 'queued' });
  expect((await place.snvg('jobs', 'clean', id)).stderr).toContain('waits for a coordinator');
  expect((await place.snvg('jobs', 'cancel', id)).stdout).toContain('taken out of the queue');
  const attached = await place.snvg('jobs', 'attach', id);
  expect([attached.exitCode, attached.stderr.split('\n')[0]]).toEqual([143, `error TERMINATED: Job ${id} was cancelled`]);
  const signed = await place.snvg('process', 'https://example.org/a.mp4?X-Amz-Signature=abcdefgh123', '--detach');
  expect([signed.exitCode, signed.stderr]).toEqual([2, expect.stringContaining('never kept')]);
  expect((await place.snvg('process', 'one.mp4', '--priority', '3')).stderr).toContain('Give it with --detach');
}, patienceMs);

test('two coordinators never take the same; a watcher sees the job as its own command would; a stopped one leaves with 0', async () => {
  const one = await handOver(place, 'one.mp4');
  const again = await place.snvg('process', ...oneClip, 'one.mp4', '--detach', '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({ jobs: [{ id: one, submission: 'waiting' }], coordinators: 0 });
  const two = await handOver(place, 'two.mp4', '--priority', '7');
  const watcher = start('jobs', 'attach', one, '--events');
  const [first, second] = [start('coordinate', '--jobs', '1'), start('coordinate', '--jobs', '1')];
  const shown = await place.snvg('jobs', 'attach', two);
  expect([shown.exitCode, shown.stderr]).toEqual([0, '']);
  expect(shown.stdout).toMatch(/clip 1 ready: .*two\.snvg/);
  expect(await watcher.ended).toBe(0);
  const log = eventsOf(place, one);
  const seen = watcher.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(seen.map(({ type }) => type)).toEqual(log.slice(-seen.length).map(({ type }) => type));
  expect(seen.at(-1)).toMatchObject({ type: 'job-finished', state: 'done', clips: 1 });
  for (const id of [one, two]) expect([...taskCounts(eventsOf(place, id)).started.values()].filter((count) => count > 1)).toEqual([]);
  expect(states(place)).toMatchObject({ [one]: 'done', [two]: 'done' });
  // The ends of both are written before their processes have put everything away.
  for (const run of [first, second]) process.kill(run.pid, 'SIGTERM');
  expect([await first.ended, await second.ended], first.stderr() + second.stderr()).toEqual([0, 0]);
  expect([...first.lines, ...second.lines].filter((line) => line.includes('stopped; nothing was interrupted'))).toHaveLength(2);
}, patienceMs);

test('a job that fails ends --once, its watcher and its retry with its own code; a retry waits in the queue again', async () => {
  captionedFilm(place, 'gone');
  const id = await handOver(place, 'gone.mp4');
  rmSync(join(place.cwd, 'gone.mp4'));
  const once = await place.snvg('coordinate', '--once');
  expect([once.exitCode, once.stderr]).toEqual([3, '']);
  expect(once.stdout).toContain(`${id} gone.mp4: MEDIA_MISSING: There is no file gone.mp4 → `);
  const watched = await place.snvg('jobs', 'attach', id);
  expect([watched.exitCode, watched.stderr.split('\n')[0]]).toEqual([3, 'error MEDIA_MISSING: There is no file gone.mp4']);
  captionedFilm(place, 'gone');
  expect((await place.snvg('jobs', 'retry', id)).stdout).toContain(`job ${id} queued`);
  expect(states(place)).toMatchObject({ [id]: 'queued' });
  const retried = await place.snvg('coordinate', '--once', '--log-level', 'debug');
  expect(retried.exitCode, retried.stdout + retried.stderr).toBe(0);
  const logged = retried.stderr.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  const keys = new Set(eventsOf(place, id).flatMap((event) => (event.type === 'task-started' ? [event.taskKey.slice(0, 12)] : [])));
  expect(new Set(logged.filter(({ msg }) => msg === 'task started').map(({ task }) => task))).toEqual(keys);
  expect(logged.filter(({ task }) => task !== undefined).every(({ job }) => job === id)).toBe(true);
  expect(place.manifest('gone.snvg').clips).toHaveLength(1);
}, patienceMs);

test('Ctrl-C ends the showing, not the job; cancelling ends the job, also for a coordinator, which goes on with the next', async () => {
  const run = start('coordinate', '--jobs', '1');
  await run.until('at once');
  const id = await handOver(place, 'one.mp4', '--output', 'cancelled', '--preset', 'slow', '--format', 'vertical,wide');
  const next = await handOver(place, 'two.mp4', '--output', 'next');
  const watcher = start('jobs', 'attach', id, '--events');
  await watcher.until((line) => line.includes('"type":"task-started"'));
  process.kill(watcher.pid, 'SIGINT');
  expect(await watcher.ended).toBe(130);
  expect(watcher.stderr().trim().split('\n')).toEqual([`error INTERRUPTED: Job ${id} is not watched any more; it goes on`, expect.stringContaining(`snvg jobs cancel ${id}`)]);
  expect((await place.snvg('jobs', 'cancel', id)).stdout).toContain('will stop within a second');
  const cancelled = await place.snvg('jobs', 'attach', id);
  expect([cancelled.exitCode, cancelled.stderr]).toEqual([143, expect.stringContaining('was cancelled')]);
  expect((await place.snvg('jobs', 'attach', next)).exitCode).toBe(0);
  expect(states(place)).toMatchObject({ [id]: 'cancelled', [next]: 'done' });
  process.kill(run.pid, 'SIGINT');
  expect(await run.ended).toBe(0);
}, patienceMs);

test('a job of another command can be watched; a retry keeps the words and cuts given by hand', async () => {
  const words = writeWords(place.cwd, ['The horse ran over the hill', 'Nobody saw it come back']);
  const other = start('render', 'one.mp4', '--transcript', words, '--cut', '0:01-0:05', '--format', 'square', ...quick, '--output', 'by-hand', '--events');
  const { jobId } = JSON.parse(await other.until('"type":"job-started"')) as { jobId: string };
  const watched = await place.snvg('jobs', 'attach', jobId, '--json');
  expect(await other.ended, other.stderr()).toBe(0);
  expect([watched.exitCode, JSON.parse(watched.stdout)]).toMatchObject([0, { jobs: [{ id: jobId, state: 'done', clips: [{ title: '1-5' }] }], summary: { done: 1, clips: 1 } }]);
  const before = place.manifest('by-hand').clips;
  const retried = await place.snvg('jobs', 'retry', jobId, '--json');
  expect(retried.exitCode, retried.stderr).toBe(0);
  expect(place.manifest('by-hand').clips).toEqual(before);
}, patienceMs);
