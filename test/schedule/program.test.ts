import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { addToSchedule } from '../../src/app/publishing/schedule.js';
import { Workshop, threeClips } from './delivered-job.js';

const minuteMs = 60_000;

interface Answer {
  status: number | null;
  stdout: string;
  stderr: string;
}

function snvg(shop: Workshop, ...args: string[]): Answer {
  const { PATH } = process.env;
  return spawnSync(process.execPath, [join(import.meta.dirname, '../../bin/snvg.js'), ...args], { cwd: shop.dir, encoding: 'utf8', env: { PATH, HOME: shop.dir, SNVG_HOME: join(shop.dir, 'home'), NO_COLOR: '1' } });
}

it('the program plans, lists, moves, takes out and, when it is time, posts; a timer hears nothing in between', async () => {
  const shop = new Workshop(Date.now() - 30 * minuteMs);
  await shop.deliver('talk', threeClips);
  const outbox = join(shop.dir, 'outbox');
  const target = `file:${outbox}`;
  const added = snvg(shop, 'schedule', 'add', '--to', target, '--clips', '2,3', '--slots', 'daily 18:00', '--zone', 'Asia/Tokyo');
  expect(added).toMatchObject({ status: 0, stderr: '' });
  expect(added.stdout).toMatch(/^[0-9a-f]{8} {2}\d{4}-\d\d-\d\d 18:00 GMT\+9 {2}Second words +file .*planned/m);
  const listed = JSON.parse(snvg(shop, 'schedule', 'list', '--json').stdout) as { publications: { key: string; title: string; state: string }[] };
  expect(listed.publications.map(({ title, state }) => [title, state])).toEqual([['Second words', 'planned'], ['Third words', 'planned']]);
  const [second, third] = listed.publications.map(({ key }) => key.slice(0, 8));
  expect(snvg(shop, 'schedule', 'move', second!, '--at', '2099-01-01 12:00', '--zone', 'UTC').stdout).toContain('2099-01-01 12:00 UTC');
  expect(snvg(shop, 'schedule', 'remove', third!)).toMatchObject({ status: 0 });
  expect(snvg(shop, 'publish', '--due')).toEqual(expect.objectContaining({ status: 0, stdout: '', stderr: '' }));

  // Planned half an hour ago for a minute later.
  const app = await shop.open({ to: [target], timeZone: 'UTC' });
  await addToSchedule(app, { jobOrFolder: undefined, cwd: shop.dir, at: new Date(shop.nowMs + minuteMs).toISOString(), clips: [1], env: {} });
  expect(snvg(shop, 'publish', '--due', '--dry-run').stdout).toContain('First words');
  expect(existsSync(outbox)).toBe(false);
  expect(snvg(shop, 'publish', '--due').status).toBe(0);
  expect(readdirSync(outbox)).toEqual(['01-m1']);
  expect(snvg(shop, 'publish', '--due')).toEqual(expect.objectContaining({ status: 0, stdout: '' }));
});

it.each([
  [['schedule', 'add', '--to', 'file:outbox', '--at', 'soon'], 2, 'USAGE', '2026-12-01 18:00'],
  [['schedule', 'add', '--to', 'file:outbox', '--slots', 'whenever'], 2, 'USAGE', 'mon-fri 18:00'],
  [['schedule', 'add', '--to', 'file:outbox', '--at', '18:00', '--clips', 'one'], 2, 'USAGE', '--clips 1,3'],
  [['schedule', 'add', '--to', 'file:outbox', '--at', '18:00', '--quiet-hours', 'night'], 2, 'USAGE', '22:00-07:00'],
  [['schedule', 'remove', '1a2b3c4d'], 2, 'PUBLICATION_NOT_FOUND', 'snvg publish --status'],
])('%j says in two lines what is wrong', async (args, status, code, remedy) => {
  const shop = new Workshop(Date.now());
  await shop.deliver('talk', threeClips);
  const answer = snvg(shop, ...args);
  expect(answer.status).toBe(status);
  const lines = answer.stderr.trimEnd().split('\n');
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain(code);
  expect(answer.stderr).toContain(remedy);
});
