import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { type GivenInput, placeJobs } from '../../src/app/job-places.js';
import { loadSettings } from '../../src/config/load.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const cwd = '/work place';
const plain = { output: null, nameTemplate: '{index}-{title}', format: ['vertical' as const] };

function localInput(path: string, from: string): GivenInput {
  return { given: resolve(from, path), name: basename(path) };
}

function local(...paths: string[]): GivenInput[] {
  return paths.map((path) => localInput(path, cwd));
}

async function folders(inputs: readonly GivenInput[], output: string | null): Promise<string[]> {
  return (await placeJobs(inputs, { ...plain, output }, cwd)).map((place) => place.outputDir);
}

test('one folder per source, called after it or put where --output says', async () => {
  expect(await folders(local('a/talk.mp4'), null)).toEqual(['/work place/talk.snvg']);
  expect(await folders(local('talk.mp4'), 'clips')).toEqual(['/work place/clips']);
  expect(await folders(local('a.mp4', 'b.mp4'), 'clips')).toEqual(['/work place/clips/a.snvg', '/work place/clips/b.snvg']);
  expect(await folders(local('a.mp4', 'b.MOV'), '/out/{source}-{ext}/{format}')).toEqual(['/out/a-mp4/vertical', '/out/b-mov/vertical']);
  expect(await folders(local('day 1/talk.mp4', 'day 2/talk.mp4'), 'out/{parent}')).toEqual(['/work place/out/day 1', '/work place/out/day 2']);
  expect(await folders(local('a.mp4'), 'braces {{ }}')).toEqual(['/work place/braces { }']);
});

test('the same input given twice is one job, and the same places give the same jobs', async () => {
  const places = await placeJobs(local('talk.mp4', './talk.mp4'), plain, cwd);
  expect(places).toHaveLength(1);
  expect(places).toEqual(await placeJobs(local('talk.mp4'), plain, cwd));
  const [elsewhere] = await placeJobs(local('talk.mp4'), { ...plain, output: 'clips' }, cwd);
  expect(elsewhere?.jobId).not.toBe(places[0]?.jobId);
});

test('an input may have a folder of its own, and one source two of them', async () => {
  const [a, b] = local('a.mp4', 'b.mp4') as [GivenInput, GivenInput];
  const inputs = [a, { ...b, options: { output: 'special' } }, { ...b, options: { output: 'again/{source}-{format}', format: ['square' as const] } }];
  expect(await folders(inputs, 'clips')).toEqual(['/work place/clips/a.snvg', '/work place/special', '/work place/again/b-square']);
  await expect(folders([a, { ...b, options: { output: 'clips/a.snvg' } }], 'clips')).rejects.toThrow(/would both put their clips/);
});

test('braces in the folder of a configuration file are no fields', async () => {
  const dir = join(temporaryFolder(), 'a {source} folder');
  mkdirSync(dir);
  writeFileSync(join(dir, 'snvg.config.json'), JSON.stringify({ output: 'clips/{source}' }));
  const { settings } = await loadSettings({ flags: {}, env: {}, cwd: dir, configDir: dir });
  expect((await placeJobs(local('talk.mp4'), settings, cwd)).map((place) => place.outputDir)).toEqual([join(dir, 'clips', 'talk')]);
});

test.each([
  ['the same name in two folders', local('a/talk.mp4', 'b/talk.mp4'), null, "--output 'clips/{parent}-{source}'"],
  ['the same name with two endings', local('talk.mp4', 'talk.mkv'), 'out', "--output 'out/{source}-{ext}'"],
  ['both', local('a/talk.mp4', 'a/talk.mkv', 'b/talk.mp4'), null, "--output 'clips/{parent}-{source}-{ext}'"],
  ['names that differ in case alone', local('a/Talk.mp4', 'b/talk.mp4'), 'out', "--output 'out/{parent}-{source}'"],
  ['names that differ in composition alone', local(`a/${'é'.normalize('NFC')}.mp4`, `b/${'é'.normalize('NFD')}.mp4`), null, '{parent}-{source}'],
  ['a template without anything of the source', local('a.mp4', 'b.mp4'), 'out/{format}', '{parent}-{source}'],
  ['nothing that tells them apart', local('x/a/talk.mp4', 'y/a/talk.mp4'), null, 'Run them one after the other'],
])('two inputs that would share a folder are refused: %s', async (_what, inputs, output, remedy) => {
  const refused = expect(folders(inputs, output)).rejects;
  await refused.toMatchObject({ code: 'USAGE', exitCode: 2, remedy: expect.stringContaining(remedy) as string });
  await refused.toThrow(/would both put their clips into/);
});

test('templates that are none are refused with the nearest field', async () => {
  await expect(folders(local('a.mp4'), 'out/{sorce}')).rejects.toMatchObject({ code: 'USAGE', remedy: expect.stringContaining('Did you mean {source}?') as string });
  await expect(folders(local('a.mp4'), 'out/{title}')).rejects.toMatchObject({ code: 'USAGE', remedy: expect.stringContaining('per clip only') as string });
  await expect(folders(local('a.mp4'), 'out/{')).rejects.toMatchObject({ code: 'USAGE', remedy: expect.stringContaining('{{') as string });
  await expect(placeJobs(local('a.mp4'), { ...plain, nameTemplate: '{titel}' }, cwd)).rejects.toMatchObject({ code: 'USAGE', remedy: expect.stringContaining('Did you mean {title}?') as string });
});

test('{date} is the day the file was last changed, and is not asked of an address', async () => {
  const dir = temporaryFolder();
  mkdirSync(join(dir, 'in'));
  writeFileSync(join(dir, 'in', 'a.mp4'), '');
  utimesSync(join(dir, 'in', 'a.mp4'), 0, Date.UTC(2024, 1, 29, 23, 59) / 1000);
  expect(await folders([localInput('in/a.mp4', dir)], 'out/{date}')).toEqual(['/work place/out/2024-02-29']);
  expect(await folders([localInput('in/missing.mp4', dir)], 'out/{date}')).toEqual(['/work place/out/undated']);
  const remote = [{ given: 'https://videos.example/a/talk.mp4?x=1', name: 'talk.mp4' }];
  expect(await folders(remote, 'out/{parent}/{source}')).toEqual(['/work place/out/videos.example/talk']);
  await expect(folders(remote, 'out/{date}')).rejects.toMatchObject({ code: 'USAGE' });
});
