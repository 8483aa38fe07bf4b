import { spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchInput } from '../../src/sources/registry.js';
import { remoteInput } from '../../src/sources/url-input.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { fetchContext } from './fetch-context.js';

const hasYtDlp = spawnSync('yt-dlp', ['--version']).status === 0;
if (!hasYtDlp && process.env['CI'] === 'true') throw new Error('pages are tested with the real yt-dlp, which is not installed here');

const film = readFileSync(resolve('fixtures/short-ja.mp4'));
let server: Server;
let base = '';
const requests: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (request.url === '/watch') response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><html><head><title>A short talk</title></head><body><video src="/media/talk.mp4"></video></body></html>');
    else if (request.url === '/empty') response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Nothing here</title><p>No film.');
    else if (request.url === '/media/talk.mp4') response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': film.length }).end(request.method === 'HEAD' ? undefined : film);
    else response.writeHead(404).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe.skipIf(!hasYtDlp)('a page, by yt-dlp (skipped where it is not installed)', () => {
  it('gives its film, once', async () => {
    const context = fetchContext();
    const ref = remoteInput(`${base}/watch`);
    const local = await fetchInput(ref, context);
    expect(local.name).toMatch(/^A short talk.*\.mp4$/);
    expect(readFileSync(local.path).equals(film)).toBe(true);
    const films = requests.filter((request) => request === 'GET /media/talk.mp4').length;
    expect(await fetchInput(ref, context)).toEqual(local);
    expect(requests.filter((request) => request === 'GET /media/talk.mp4')).toHaveLength(films);
    expect(await fetchInput(remoteInput(`yt:${base}/watch`), context)).toEqual(local);
  });

  it('obeys yt-dlp’s own configuration', async () => {
    const home = temporaryFolder();
    writeFileSync(join(home, 'yt-dlp.conf'), '--user-agent "of-my-own-config"\n');
    const seen: string[] = [];
    const note = (request: { headers: NodeJS.Dict<string | string[]> }): void => void seen.push(String(request.headers['user-agent']));
    server.on('request', note);
    const before = process.env['XDG_CONFIG_HOME'];
    process.env['XDG_CONFIG_HOME'] = home;
    try {
      await fetchInput(remoteInput(`yt:${base}/watch`), fetchContext());
    } finally {
      if (before === undefined) delete process.env['XDG_CONFIG_HOME'];
      else process.env['XDG_CONFIG_HOME'] = before;
      server.off('request', note);
    }
    expect(seen).toContain('of-my-own-config');
  });

  it.each([
    ['/empty', 'SOURCE_NOT_MEDIA', 3],
    ['/gone', 'SOURCE_NOT_FOUND', 3],
  ])('%s is refused in two lines', async (path, code, exitCode) => {
    await expect(fetchInput(remoteInput(`yt:${base}${path}`), fetchContext())).rejects.toMatchObject({ code, exitCode, message: expect.not.stringContaining('\n') as string });
  });
});

it('a page is refused with a hint where yt-dlp is not installed', async () => {
  await expect(fetchInput(remoteInput(`${base}/watch`), fetchContext({ ytDlp: '/nonexistent/yt-dlp' }))).rejects.toMatchObject({ code: 'YTDLP_MISSING', exitCode: 4, remedy: expect.stringContaining('Install yt-dlp') as string });
});

it('a page of this machine is refused before yt-dlp is asked', async () => {
  const before = requests.length;
  await expect(fetchInput(remoteInput(`yt:${base}/watch`), fetchContext({ allowPrivateNetwork: false }))).rejects.toMatchObject({ code: 'SOURCE_PRIVATE_ADDRESS' });
  expect(requests).toHaveLength(before);
});
