import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Workplace } from '../end-to-end/workplace.js';
import { runSnvg } from '../wrong-inputs/run-snvg.js';
import { makeSmallFilm, quick, writeWords } from './small-talk.js';

const place = new Workplace();
const args = ['render', 'film.mp4', '--transcript', 'words.json', '--clips', '1', ...quick];

beforeAll(() => {
  makeSmallFilm(join(place.cwd, 'film.mp4'));
  writeWords(place.cwd, ['The horse ran over the hill', 'Nobody saw it come back']);
});
afterAll(() => place.leave());

function filmIn(folder: string): Buffer {
  const name = readdirSync(folder).find((one) => one.endsWith('.mp4')) ?? '';
  return readFileSync(join(folder, name));
}

test('fault 19, a corrupted artifact: the run that meets it makes it anew, and never hands it out', async () => {
  const output = join(place.cwd, 'film.snvg');
  const first = await runSnvg({ args, cwd: place.cwd, env: place.environment });
  expect(first.exitCode, first.stderr).toBe(0);
  const film = filmIn(output);
  const artifacts = join(place.home, 'cache', 'artifacts');
  const files = readdirSync(artifacts, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  // The film of the clip, and every description: all that the second run reads.
  let damaged = 0;
  for (const entry of files) {
    const path = join(entry.parentPath, entry.name);
    const bytes = readFileSync(path);
    if (!bytes.equals(film) && bytes[0] !== '{'.charCodeAt(0)) continue;
    bytes[bytes.length - 5] = (bytes[bytes.length - 5] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    damaged += 1;
  }
  expect(damaged).toBeGreaterThan(3);
  rmSync(output, { recursive: true });
  const second = await runSnvg({ args, cwd: place.cwd, env: place.environment });
  expect(second.exitCode, second.stderr).toBe(0);
  expect(filmIn(output).equals(film)).toBe(true);
});
