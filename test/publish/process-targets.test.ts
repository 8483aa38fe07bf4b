import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Workplace } from '../end-to-end/workplace.js';

let place: Workplace;

beforeAll(() => {
  place = new Workplace();
});

afterAll(() => place.leave());

test.each([
  ['an account that nobody is logged in to', 'youtube:main', 6, 'AUTH_NEEDED'],
  ['a platform that there is none of', 'myspace', 2, 'TARGET_UNKNOWN'],
])('%s is said before any work', async (_what, target, exitCode, code) => {
  const run = await place.snvg('process', resolve('fixtures/talk.mp4'), '--to', target, '--json');
  expect(run.exitCode, run.stderr).toBe(exitCode);
  expect(JSON.parse(run.stdout)).toMatchObject({ jobs: [{ error: { code } }] });
  expect(existsSync(join(place.cwd, 'talk.snvg'))).toBe(false);
});
