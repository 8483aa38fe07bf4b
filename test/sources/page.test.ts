import { spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explainYtDlp } from '../../src/sources/page/explain.js';
import { surveyYtDlp } from '../../src/sources/page/survey.js';
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

  it('is known by its version', async () => {
    expect((await surveyYtDlp('yt-dlp'))?.version).toMatch(/^20\d\d\.\d\d\.\d\d/);
    expect(await surveyYtDlp('/nonexistent/yt-dlp')).toBeUndefined();
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

describe('what yt-dlp says', () => {
  it.each([
    ['ERROR: [youtube] abc: Video unavailable. This video is no longer available because the uploader has closed their account', 'SOURCE_NOT_FOUND'],
    ['ERROR: [youtube] abc: Private video. Sign in if you have been granted access to this video', 'REMOTE_REFUSED'],
    ['ERROR: [youtube] abc: Sign in to confirm your age. This video may be inappropriate for some users.', 'REMOTE_REFUSED'],
    ['ERROR: [youtube] abc: The uploader has not made this video available in your country', 'REMOTE_REFUSED'],
    ['ERROR: [generic] Unable to download webpage: HTTP Error 403: Forbidden (caused by <HTTPError 403: Forbidden>)', 'REMOTE_REFUSED'],
    ['ERROR: [generic] Unable to download webpage: HTTP Error 404: Not Found', 'SOURCE_NOT_FOUND'],
    ['ERROR: [generic] Unable to download webpage: HTTP Error 503: Service Unavailable', 'REMOTE_UNAVAILABLE'],
    ['ERROR: [generic] Unable to download webpage: <urlopen error timed out> (caused by URLError())', 'REMOTE_UNAVAILABLE'],
    ['ERROR: [generic] Unable to download webpage: <urlopen error [Errno -2] Name or service not known>', 'REMOTE_UNAVAILABLE'],
    ['ERROR: Unsupported URL: https://example.org/page?token=s3cr3t', 'SOURCE_NOT_MEDIA'],
    ['ERROR: unable to write data: [Errno 28] No space left on device', 'DISK_FULL'],
    ['yt-dlp: error: no such option: --progress-template', 'YTDLP_TOO_OLD'],
    ['ERROR: [site] 12: Unable to extract data; please report this issue on  https://github.com/x , filling out the template', 'SOURCE_NOT_MEDIA'],
  ])('%s: %s', (line, code) => {
    const error = explainYtDlp({ said: [line], shown: 'https://example.org/page' });
    expect(error).toMatchObject({ code });
    expect(error.message).not.toMatch(/s3cr3t|caused by|please report/);
  });
});

it('a page is refused with a hint where yt-dlp is not installed', async () => {
  await expect(fetchInput(remoteInput(`${base}/watch`), fetchContext({ ytDlp: '/nonexistent/yt-dlp' }))).rejects.toMatchObject({ code: 'YTDLP_MISSING', exitCode: 4, remedy: expect.stringContaining('Install yt-dlp') as string });
});

it('a yt-dlp that lacks what is asked of it is refused as too old', async () => {
  const old = join(temporaryFolder(), 'yt-dlp');
  writeFileSync(old, '#!/bin/sh\necho "yt-dlp: error: no such option: --progress-template" >&2\nexit 2\n', { mode: 0o755 });
  await expect(fetchInput(remoteInput(`yt:${base}/watch`), fetchContext({ ytDlp: old }))).rejects.toMatchObject({ code: 'YTDLP_TOO_OLD', exitCode: 4 });
});

it('a page of this machine is refused before yt-dlp is asked', async () => {
  const before = requests.length;
  await expect(fetchInput(remoteInput(`yt:${base}/watch`), fetchContext({ allowPrivateNetwork: false }))).rejects.toMatchObject({ code: 'SOURCE_PRIVATE_ADDRESS' });
  expect(requests).toHaveLength(before);
});
