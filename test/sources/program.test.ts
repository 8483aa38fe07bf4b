import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';
import { fixture, type Outcome, runSnvg } from '../wrong-inputs/run-snvg.js';

const film = readFileSync(fixture('short-ja.mp4'));
let server: Server;
let url = '';
let requests = 0;
/** Answers that carry all of /slow.mp4. */
let wholes = 0;
beforeAll(async () => {
  server = createServer((request, response) => {
    requests += 1;
    if (request.headers['if-none-match'] === '"1"') response.writeHead(304).end();
    else if (request.url === '/slow.mp4') {
      wholes += 1;
      response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': film.length, etag: '"1"' }).write(film.subarray(0, 1000));
      setTimeout(() => response.end(film.subarray(1000)), 1_500);
    }
    else if (request.url?.startsWith('/talk.mp4')) response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': film.length, etag: '"1"' }).end(film);
    else response.writeHead(404).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function place(): { cwd: string; run(...args: string[]): Promise<Outcome> } {
  const cwd = join(temporaryFolder(), 'work place');
  mkdirSync(cwd);
  return { cwd, run: (...args) => runSnvg({ args, cwd, env: { SNVG_HOME: join(cwd, '..', 'home') } }) };
}

it('fetches an address once, and says nothing of its secrets', async () => {
  const { cwd, run } = place();
  const address = `${url.replace('//', '//me:hunter2@')}/talk.mp4?token=s3cr3t`;
  const refused = await run('ingest', address);
  expect(refused).toMatchObject({ exitCode: 6, stderr: expect.stringMatching(/^error SOURCE_PRIVATE_ADDRESS: .*\n→ .*--allow-private-network.*\n$/) as string });
  expect(requests).toBe(0);
  const first = await run('ingest', address, '--allow-private-network', '--json', '--events', '--out', join(cwd, 'source.json'));
  expect(first).toMatchObject({ exitCode: 0 });
  expect(first.stdout).toMatch(/"type":"fetch-progress","receivedBytes":\d+,"totalBytes":\d+/);
  expect((JSON.parse(readFileSync(join(cwd, 'source.json'), 'utf8')) as { sizeBytes: number }).sizeBytes).toBe(film.length);
  const jobs = await run('jobs', 'list', '--json');
  expect(`${refused.stderr}${first.stdout}${first.stderr}${jobs.stdout}`).not.toMatch(/hunter2|s3cr3t/);
  const asked = requests;
  expect(await run('ingest', address, '--allow-private-network')).toMatchObject({ exitCode: 0 });
  expect(requests).toBe(asked + 1);
  const dry = await run('process', `${url}/other.mp4`, '--dry-run', '--allow-private-network');
  expect(dry).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('download other.mp4') as string });
  expect(requests).toBe(asked + 1);
});

it('downloads once what two processes want at the same time, and cleans up what no job has any more', async () => {
  const { cwd, run } = place();
  const ingest = (output: string): Promise<Outcome> => run('ingest', `${url}/slow.mp4`, '--allow-private-network', '--output', output);
  const both = await Promise.all([ingest('one'), ingest('two')]);
  expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  expect(wholes).toBe(1);
  const downloads = join(cwd, '..', 'home', 'cache', 'downloads');
  expect(readdirSync(downloads)).toHaveLength(1);
  const jobs = JSON.parse((await run('jobs', 'list', '--json')).stdout) as { jobs: { id: string }[] };
  await run('jobs', 'clean', jobs.jobs[0]?.id ?? '');
  expect(readdirSync(downloads)).toHaveLength(1);
  expect(await run('jobs', 'clean', '--all')).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^forgot 1 job, removed \d+ cached files/) as string });
  expect(readdirSync(downloads)).toEqual([]);
});

function sources(outcome: Outcome): string[] {
  return (JSON.parse(outcome.stdout) as { jobs: { source: string }[] }).jobs.map(({ source }) => source);
}

it('takes folders, patterns and lists together; one bad input is that input’s failure', async () => {
  const { cwd, run } = place();
  mkdirSync(join(cwd, 'in'));
  for (const name of ['2.mp4', '10.mp4', "it's *.mp4"]) copyFileSync(fixture('short-ja.mp4'), join(cwd, 'in', name));
  writeFileSync(join(cwd, 'list.txt'), `in/2.mp4\n${url}/none.mp4\n`);
  const folder = await run('ingest', 'in', '--json');
  expect(sources(folder)).toEqual(['2.mp4', '10.mp4', "it's *.mp4"]);
  expect(sources(await run('ingest', 'in/*0.mp4', "in/it's *.mp4", '--json'))).toEqual(['10.mp4', "it's *.mp4"]);
  const listed = await run('ingest', '--from-list', 'list.txt', '--keep-going', '--allow-private-network', '--json');
  expect(listed.exitCode).toBe(7);
  expect((JSON.parse(listed.stdout) as { jobs: { source: string; error?: { code: string } }[] }).jobs.map(({ source, error }) => [source, error?.code])).toEqual([['2.mp4', undefined], ['none.mp4', 'SOURCE_NOT_FOUND']]);
  expect(await run('ingest')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('No input was named') as string });
  expect(statSync(join(cwd, '..', 'home')).isDirectory()).toBe(true);
});
