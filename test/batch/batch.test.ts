import { copyFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Workplace } from '../end-to-end/workplace.js';
import { fixture } from '../wrong-inputs/run-snvg.js';
import { startSnvg } from './run-beside.js';

interface Result {
  jobs: { id: string; state: string; source: string; error?: { code: string } }[];
  summary: Record<string, number>;
}

/** A working folder with copies of a cheap video under these names. */
function placeWith(...names: string[]): Workplace {
  const place = new Workplace();
  onTestFinished(() => place.leave());
  for (const name of names) copyFileSync(fixture('beep-flash.mp4'), join(place.cwd, name));
  return place;
}

const states = (stdout: string): string[] => (JSON.parse(stdout) as Result).jobs.map(({ source, state }) => `${source} ${state}`);

test('after a failure no new input is started; with --keep-going all are tried; each failed input is two lines', async () => {
  const place = placeWith('a.mp4', 'c.mp4', 'd.mp4');
  const stopped = await place.snvg('ingest', 'a.mp4', 'b.mp4', 'c.mp4', 'd.mp4', '--jobs', '1');
  expect(stopped.exitCode).toBe(7);
  expect(stopped.stderr.trimEnd().split('\n')).toEqual(['error MEDIA_MISSING: There is no file b.mp4', expect.stringMatching(/^→ /)]);
  expect(stopped.stdout).toContain('no new input is started: 2 inputs left out (--keep-going tries all)');
  expect(stopped.stdout).toMatch(/^d\.mp4 +not started$/m);

  const tried = await place.snvg('ingest', 'a.mp4', 'b.mp4', 'c.mp4', 'e.mp4', '--keep-going', '--json');
  expect(tried.exitCode).toBe(7);
  expect(tried.stderr).toBe('');
  expect(states(tried.stdout)).toEqual(['a.mp4 done', 'b.mp4 failed', 'c.mp4 done', 'e.mp4 failed']);
  expect((JSON.parse(tried.stdout) as Result).summary).toMatchObject({ inputs: 4, done: 2, failed: 2, notStarted: 0 });

  const listed = await place.snvg('jobs', 'list');
  expect(listed.stdout).toMatch(/failed +MEDIA_MISSING .*e\.mp4/);
  expect(listed.stdout).toMatch(/done .*c\.mp4/);
});

test('all failing in the same way is that way, and nothing was started for what was left out', async () => {
  const place = placeWith('c.mp4');
  const outcome = await place.snvg('ingest', 'a.mp4', 'b.mp4', 'c.mp4', '--jobs', '1', '--json');
  expect(outcome.exitCode).toBe(3);
  expect(states(outcome.stdout)).toEqual(['a.mp4 failed', 'b.mp4 not-started', 'c.mp4 not-started']);
  expect((await place.snvg('jobs', 'list')).stdout).not.toContain('c.mp4');
});

test('an input listed twice, also by a link, is one job, under two names two jobs that share every task', async () => {
  const place = placeWith('a.mp4', 'copy.mp4', 'third.mp4');
  symlinkSync('a.mp4', join(place.cwd, 'link.mp4'));
  const run = startSnvg(place, 'ingest', 'a.mp4', './a.mp4', 'copy.mp4', 'third.mp4', 'link.mp4', '--jobs', '3');
  expect(await run.ended, run.stderr()).toBe(0);
  const of = (type: string): unknown[] => run.events.filter((event) => event.type === type);
  expect(of('job-finished')).toHaveLength(3);
  expect(of('task-started')).toHaveLength(1);
  expect(of('task-finished')).toHaveLength(3);
  expect(run.events.at(-1)).toMatchObject({ type: 'batch-finished', inputs: 3, done: 3 });
});

test('an input that goes away while the batch runs fails alone', async () => {
  const place = placeWith('a.mp4', 'b.mp4', 'c.mp4');
  const run = startSnvg(place, 'ingest', 'a.mp4', 'b.mp4', 'c.mp4', '--jobs', '1', '--keep-going');
  await run.until((event) => event.type === 'job-started');
  rmSync(join(place.cwd, 'b.mp4'));
  expect(await run.ended).toBe(7);
  expect(run.stderr()).toBe('');
  const ends = run.events.flatMap((event) => (event.type === 'job-finished' ? [event.error?.code ?? event.state] : []));
  expect(ends).toEqual(['done', 'MEDIA_MISSING', 'done']);
});

test('one flag about one input is refused for several', async () => {
  const place = placeWith('a.mp4', 'b.mp4');
  const outcome = await place.snvg('ingest', 'a.mp4', 'b.mp4', '--out', 'x.json');
  expect(outcome.exitCode).toBe(2);
  expect(outcome.stderr).toContain('--out is about one input, and 2 were given');
});
