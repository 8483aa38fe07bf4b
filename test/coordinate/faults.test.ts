import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashFile } from '../../src/artifacts/fingerprint.js';
import { Workplace } from '../end-to-end/workplace.js';
import { type Beside, beside, captionedFilm, eventsOf, handOver, states, taskCounts } from './captioned-film.js';

/** Several runs each, on a machine that may be busy with other tests. */
const patienceMs = 300_000;

const place = new Workplace();
beforeAll(() => captionedFilm(place, 'film'));
afterAll(() => place.leave());

const coordinator = (...args: string[]): Beside => beside(place, ['coordinate', '--events', ...args]);
const rendering = (line: string): boolean => line.includes('"type":"task-started"') && line.includes('"op":"render.clip"');

/** Processes that were started with this workplace's home in their environment, as children are. */
function processesOf(home: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        return Number.isInteger(pid) && pid !== process.pid && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(home);
      } catch {
        return false;
      }
    });
}

function partsIn(dir: string): string[] {
  return readdirSync(dir, { recursive: true }).map(String).filter((name) => name.endsWith('.part'));
}

test('fault 2 and 14: interrupted once, killed, and interrupted twice, a job is done in the end, and nothing that was finished is done again', async () => {
  const id = await handOver(place, 'film.mp4');
  const once = coordinator();
  await once.until(rendering);
  process.kill(once.pid, 'SIGINT');
  expect(await once.ended, once.stderr()).toBe(130);
  expect(once.stderr()).toContain('1 job waiting again');
  expect(states(place)).toEqual({ [id]: 'queued' });
  expect(readdirSync(join(place.home, 'cache', 'scratch'))).toEqual([]);
  expect(processesOf(place.home)).toEqual([]);

  const killed = coordinator();
  await killed.until(rendering);
  process.kill(killed.pid, 'SIGKILL');
  expect(await killed.ended).toBeNull();
  expect(states(place)).toEqual({ [id]: 'running' });

  const twice = coordinator();
  await twice.until(rendering);
  process.kill(twice.pid, 'SIGTERM');
  process.kill(twice.pid, 'SIGINT');
  // Two signals that were sent together may come in either order.
  expect([130, 143, null]).toContain(await twice.ended);

  const last = await place.snvg('coordinate', '--once');
  expect(last.exitCode, last.stdout + last.stderr).toBe(0);
  expect(states(place)).toEqual({ [id]: 'done' });
  expect(processesOf(place.home)).toEqual([]);
  const events = eventsOf(place, id);
  const { started, finished } = taskCounts(events);
  expect([...finished.values()].filter((count) => count > 1)).toEqual([]);
  const begunAgain = [...started].filter(([, count]) => count > 1).map(([key]) => key);
  const renders = new Set(events.flatMap((event) => (event.type === 'task-started' && event.op === 'render.clip' ? [event.taskKey] : [])));
  expect(begunAgain.filter((key) => !renders.has(key))).toEqual([]);
  expect(events.filter(({ type }) => type === 'job-finished')).toHaveLength(1);
  expect(place.manifest('film.snvg').clips).toHaveLength(1);
}, patienceMs);

test.each([
  // Done again, and what is there already is found by its hash.
  { point: 'artifacts-stored', started: 2, finished: 1, crf: 21 },
  // Known by its result, which no event had told.
  { point: 'result-stored', started: 1, finished: 0, crf: 22 },
  // Known, told and not delivered.
  { point: 'event-stored', started: 1, finished: 1, crf: 23 },
])('fault 3: killed at $point, the clip is made and delivered once', async ({ point, started, finished, crf }) => {
  const folder = `at-${point}`;
  const id = await handOver(place, 'film.mp4', '--output', folder, '--crf', String(crf));
  const killed = beside(place, ['coordinate', '--once', '--events'], { SNVG_CRASH_AT: `${point}:render.clip` });
  expect(await killed.ended, killed.stderr()).toBeNull();
  expect(readdirSync(place.cwd)).not.toContain(folder);
  const films = (): string[] => readdirSync(join(place.home, 'cache', 'artifacts'), { recursive: true }).map(String).filter((name) => /[0-9a-f]{64}$/.test(name));
  const before = films();
  const resumed = await place.snvg('coordinate', '--once');
  expect(resumed.exitCode, resumed.stdout + resumed.stderr).toBe(0);
  expect(films().toSorted()).toEqual(before.toSorted());
  const counts = taskCounts(eventsOf(place, id).filter((event) => 'op' in event && event.op === 'render.clip'));
  expect([[...counts.started.values()], [...counts.finished.values()]]).toEqual([[started], finished === 0 ? [] : [finished]]);
  const [clip] = place.manifest(folder).clips;
  const output = clip?.outputs[0];
  expect((await hashFile(join(place.cwd, folder, output?.path ?? ''))).sha256).toBe(output?.sha256);
  expect(readdirSync(join(place.cwd, folder)).filter((name) => name.endsWith('.mp4'))).toHaveLength(1);
  expect([...partsIn(place.home), ...partsIn(join(place.cwd, folder))]).toEqual([]);
}, patienceMs);
