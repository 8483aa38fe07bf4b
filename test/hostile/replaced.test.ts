import { spawn } from 'node:child_process';
import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Workplace } from '../end-to-end/workplace.js';
import { corpus } from '../fuzz/corpus.js';
import { snvgBin } from '../wrong-inputs/run-snvg.js';

it('a source that is replaced while it is worked on gives no clip, and nothing of it is kept for the next run', async () => {
  const place = new Workplace();
  onTestFinished(() => place.leave());
  const seeds = corpus();
  const bytesOf = (name: string): Buffer => seeds.find((seed) => seed.name === name)?.bytes ?? Buffer.alloc(0);
  writeFileSync(join(place.cwd, 'film.mp4'), bytesOf('film.mp4'));
  writeFileSync(join(place.cwd, 'other.mp4'), bytesOf('front.mp4'));
  writeFileSync(join(place.cwd, 'words.json'), '{"language":"en","words":[{"text":"Hand.","start":0.6,"end":1.4}]}');
  const args = ['render', 'film.mp4', '--cut', '0.5-1.6', '--transcript', 'words.json', '--min-length', '3', '--preset', 'ultrafast', '--output', 'out'];
  const child = spawn(process.execPath, [snvgBin, ...args, '--events'], { cwd: place.cwd, env: { ...process.env, ...place.environment, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  let seen = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    seen += text;
    // Of the same size even: the very same film with its index in front.
    if (seen.includes('"stage":"transcribe"') && existsSync(join(place.cwd, 'other.mp4'))) renameSync(join(place.cwd, 'other.mp4'), join(place.cwd, 'film.mp4'));
  });
  const exitCode = await new Promise((done) => child.once('close', done));
  expect(said).toMatch(/^error MEDIA_UNREADABLE: film\.mp4 was changed, replaced or removed/m);
  expect(exitCode).toBe(3);
  expect(existsSync(join(place.cwd, 'out')) ? readdirSync(join(place.cwd, 'out')).filter((name) => name.endsWith('.mp4')) : []).toEqual([]);

  const again = await place.snvg(...args);
  expect(again.exitCode).toBe(0);
  expect(place.manifest('out').clips).toHaveLength(1);
});
