import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { basename, join, resolve } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { fetchInput } from '../../src/sources/registry.js';
import { folderNameOf, remoteInput } from '../../src/sources/url-input.js';
import { fetchContext } from './fetch-context.js';
import { type Behaviour, type FileServer, serveFile, testBytes, testHash } from './file-server.js';

const servers: FileServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(size: number, behaviours: readonly Behaviour[], headers: Record<string, string> = { 'content-type': 'video/mp4' }): Promise<FileServer> {
  const server = await serveFile(size, behaviours, headers);
  servers.push(server);
  return server;
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

const megabyte = 1 << 20;
const small = 3 * megabyte;

describe('a file on the web', () => {
  it('of 200 MB is put together over cut connections and lies about ranges, without taking bytes twice or holding them', async () => {
    const size = 200 * megabyte;
    const server = await serve(size, [{ cutAfter: 60 * megabyte }, { lieAboutStart: 7 }, { cutAfter: 50 * megabyte }, { status: 503 }, { ignoreRange: true }, { cutAfter: 30 * megabyte }, { status: 416 }, {}]);
    const before = process.memoryUsage().rss;
    const context = fetchContext();
    const local = await fetchInput(remoteInput(`${server.url}/films/talk.mp4`), context);
    expect(basename(local.path)).toBe('talk.mp4');
    expect(statSync(local.path).size).toBe(size);
    const expected = testHash(size);
    expect(await hashOf(local.path)).toBe(expected);
    expect(server.sentBytes).toBeLessThan(1.1 * size);
    expect(server.requests).toHaveLength(8);
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * megabyte);
    expect(context.told.at(-1)).toEqual([size, size]);
  });

  it.each<[string, Behaviour[]]>([
    ['that ignores ranges', [{ cutAfter: megabyte }, { ignoreRange: true }, { ignoreRange: true, cutAfter: 2 * megabyte }, { ignoreRange: true }]],
    ['that lies about where its parts begin', [{ cutAfter: megabyte }, { lieAboutStart: 7 }, { lieAboutStart: 9 }, {}]],
    ['that falls silent', [{ stallAfter: megabyte }, {}]],
    ['that changes the file meanwhile', [{ cutAfter: megabyte, etag: '"old"' }, {}]],
    ['that has no tags and no dates', [{ cutAfter: megabyte, etag: null }, { etag: null }]],
    ['that gives weak tags', [{ cutAfter: megabyte, etag: 'W/"1"' }, { etag: 'W/"1"' }]],
    ['that announces more than it has', [{ announce: small + 5 }, {}]],
    ['that is busy at first', [{ status: 503, headers: { 'retry-after': '0' } }, { status: 429 }, {}]],
    ['that has lost its place (416)', [{ cutAfter: megabyte }, { status: 416 }, {}]],
  ])('from a server %s is whole all the same', async (_what, behaviours) => {
    const server = await serve(small, behaviours);
    const local = await fetchInput(remoteInput(`${server.url}/a.mp4`), fetchContext({ silenceMs: 1_000 }));
    expect(await hashOf(local.path)).toBe(testHash(small));
  });

  it('is not downloaded again while it is unchanged, and is when it has changed or was asked to be', async () => {
    const server = await serve(small, [{}, {}, { etag: '"new"' }, { etag: '"new"' }]);
    const context = fetchContext();
    const ref = remoteInput(`${server.url}/a.mp4`);
    const first = await fetchInput(ref, context);
    await fetchInput(ref, context);
    expect(server.sentBytes).toBe(small);
    await fetchInput(ref, context);
    expect(server.sentBytes).toBe(2 * small);
    await fetchInput(ref, { ...context, fresh: true });
    expect(server.sentBytes).toBe(3 * small);
    await server.close();
    expect(await fetchInput(ref, context)).toEqual(first);
    expect(context.notices).toEqual(['SOURCE_UNCHECKED']);
  });

  it('that was downloaded is used when the link has expired since', async () => {
    const server = await serve(small, [{}, { status: 403 }, { status: 403 }]);
    const context = fetchContext();
    const ref = remoteInput(`${server.url}/a.mp4`);
    const first = await fetchInput(ref, context);
    expect(await fetchInput(ref, context)).toEqual(first);
    expect(context.notices).toEqual(['SOURCE_UNCHECKED']);
    await expect(fetchInput(ref, { ...context, fresh: true })).rejects.toMatchObject({ code: 'REMOTE_REFUSED' });
    expect(await fetchInput(ref, context)).toEqual(first);
  });

  it('whose signature was not kept is used from the copy, and asked for whole without one', async () => {
    const server = await serve(small, [{}]);
    const context = fetchContext();
    const ref = remoteInput(`${server.url}/a.mp4?X-Amz-Signature=s3cr3t`);
    const stored = remoteInput(ref.given);
    await expect(fetchInput(stored, context)).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('never kept') as string });
    const first = await fetchInput(ref, context);
    expect(await fetchInput(stored, context)).toEqual(first);
    expect(server.requests).toHaveLength(1);
    expect(context.notices).toEqual(['SOURCE_UNCHECKED']);
  });

  it('keeps the name that it is given, made safe', async () => {
    const server = await serve(1000, [{ headers: { 'content-disposition': `attachment; filename="x.mp4"; filename*=UTF-8''..%2F%E6%97%A5%E6%9C%AC%00%E2%80%AE.mp4` } }, {}], { 'content-type': 'video/mp4' });
    expect(basename((await fetchInput(remoteInput(`${server.url}/get?id=1`), fetchContext())).path)).toBe('日本.mp4');
    expect(basename((await fetchInput(remoteInput(`${server.url}/get?id=2`), fetchContext())).path)).toBe('127-0-0-1-get-2.mp4');
  });

  it.each<[string, Behaviour, string, number]>([
    ['not there', { status: 404 }, 'SOURCE_NOT_FOUND', 3],
    ['gone', { status: 410 }, 'SOURCE_NOT_FOUND', 3],
    ['locked', { status: 401 }, 'REMOTE_REFUSED', 6],
    ['forbidden', { status: 403 }, 'REMOTE_REFUSED', 6],
    ['an image', { headers: { 'content-type': 'image/png' } }, 'SOURCE_NOT_MEDIA', 3],
    ['a redirect for ever', { status: 302, headers: { location: '/again' } }, 'SOURCE_NOT_MEDIA', 3],
    ['a redirect to a file of this machine', { status: 302, headers: { location: 'file:///etc/passwd' } }, 'SOURCE_NOT_MEDIA', 3],
  ])('that is %s is refused in two lines', async (_what, behaviour, code, exitCode) => {
    const server = await serve(1000, [behaviour]);
    await expect(fetchInput(remoteInput(`${server.url}/a.mp4`), fetchContext())).rejects.toMatchObject({ code, exitCode, remedy: expect.stringMatching(/\S/) as string });
  });

  it('from a server of HTTP/1.0 that closes while bytes wait is whole', async () => {
    const bytes = testBytes(0, small);
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(Buffer.concat([Buffer.from(`HTTP/1.0 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: ${small}\r\n\r\n`), bytes])));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.mp4`;
    expect(await hashOf((await fetchInput(remoteInput(url), fetchContext())).path)).toBe(testHash(small));
  });

  it('of a name that servers do not know is taken though they call it text', async () => {
    const server = await serve(1000, [{}], { 'content-type': 'text/plain; charset=utf-8' });
    expect((await fetchInput(remoteInput(`${server.url}/a.mkv`), fetchContext())).name).toBe('a.mkv');
    await expect(fetchInput(remoteInput(`${server.url}/notes`), fetchContext())).rejects.toMatchObject({ code: 'SOURCE_NOT_MEDIA' });
  });

  it('is stopped at once while it waits for a busy server', async () => {
    const server = await serve(1000, [{ status: 503, headers: { 'retry-after': '60' } }]);
    const stop = new AbortController();
    const fetching = fetchInput(remoteInput(`${server.url}/a.mp4`), fetchContext({ signal: stop.signal }));
    setTimeout(() => stop.abort(new Error('stopped by hand')), 200);
    await expect(fetching).rejects.toThrow('stopped by hand');
  });

  it('that nobody serves leaves nothing behind', async () => {
    const context = fetchContext();
    await expect(fetchInput(remoteInput('http://127.0.0.1:9/a.mp4'), context)).rejects.toMatchObject({ code: 'REMOTE_UNAVAILABLE', exitCode: 5 });
    expect(readdirSync(context.downloadsDir)).toEqual([]);
  });

  it('larger than allowed is refused, announced or not', async () => {
    const server = await serve(40 * megabyte, [{}]);
    await expect(fetchInput(remoteInput(`${server.url}/a.mp4`), fetchContext({ maxBytes: megabyte }))).rejects.toMatchObject({ code: 'SOURCE_TOO_LARGE' });
    expect(server.sentBytes).toBeLessThan(10 * megabyte);
  });

  it('never shows or keeps a password or a signature', async () => {
    const server = await serve(1000, [{}]);
    const context = fetchContext();
    const typed = `${server.url.replace('//', '//me:hunter2@')}/a.mp4?X-Amz-Signature=s3cr3t&v=1`;
    const ref = remoteInput(typed);
    const local = await fetchInput(ref, context);
    const files = readdirSync(join(context.downloadsDir, folderNameOf(ref.given)));
    const kept = [ref.given, ref.name, local.path, ...files.filter((name) => name.endsWith('.json')).map((name) => readFileSync(join(context.downloadsDir, folderNameOf(ref.given), name), 'utf8'))].join(' ');
    expect(kept).not.toMatch(/hunter2|s3cr3t/);
    expect(server.requests[0]).toContain('s3cr3t');
    expect(remoteInput(typed.replace('s3cr3t', 'another')).given).toBe(ref.given);
  });

  it('killed in the middle leaves a part that is continued, and no film', async () => {
    const server = await serve(40 * megabyte, [{ cutAfter: 10 * megabyte }, {}]);
    const context = fetchContext();
    const script = `
      const { fetchInput } = await import(${JSON.stringify(resolve('src/sources/registry.ts'))});
      const { remoteInput } = await import(${JSON.stringify(resolve('src/sources/url-input.ts'))});
      await fetchInput(remoteInput(${JSON.stringify(`${server.url}/a.mp4`)}), { signal: new AbortController().signal, downloadsDir: ${JSON.stringify(context.downloadsDir)}, allowPrivateNetwork: true, maxBytes: 1e9, notice() {}, exclusive: (key, work) => work(),
        progress(done) { if (done > ${4 * megabyte}) process.kill(process.pid, 'SIGKILL'); } });`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { stdio: 'inherit' });
    const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
    expect(signal).toBe('SIGKILL');
    const dir = join(context.downloadsDir, folderNameOf(remoteInput(`${server.url}/a.mp4`).given));
    expect(existsSync(join(dir, 'a.mp4'))).toBe(false);
    expect(statSync(join(dir, 'download.part')).size).toBeGreaterThan(3 * megabyte);
    const local = await fetchInput(remoteInput(`${server.url}/a.mp4`), context);
    expect(server.requests[1]).toMatch(/ bytes=\d{7,}-$/);
    expect(await hashOf(local.path)).toBe(testHash(40 * megabyte));
    expect(readdirSync(dir).toSorted()).toEqual(['a.mp4', 'done.json']);
  });
});
