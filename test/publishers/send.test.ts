import { createHash } from 'node:crypto';
import { truncateSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createEncryptedServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { LostReply } from '../../src/publishers/faults.js';
import type { HttpAnswer, HttpRequest } from '../../src/publishers/http.js';
import { openTransport, type OpenTransport } from '../../src/publishers/send.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { loopbackCertificate } from './support/loopback-certificate.js';
import { rawServer, type RawRequest } from './support/raw-server.js';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** A transport that reaches api.example at `base`. */
function transportTo(base: string): OpenTransport {
  const transport = openTransport({ hosts: { 'api.example': base } });
  open.push(transport);
  return transport;
}

const never = new AbortController().signal;

function post(changes: Partial<HttpRequest> = {}): HttpRequest {
  return { method: 'POST', url: 'https://api.example/v1/posts?part=id', body: 'hello', signal: never, ...changes };
}

async function raw(onConnection: (request: RawRequest) => void): Promise<Awaited<ReturnType<typeof rawServer>>> {
  const server = await rawServer(onConnection);
  open.push(server);
  return server;
}

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function lost(answer: Promise<HttpAnswer>): Promise<LostReply> {
  const error = await answer.then(
    (found) => expect.fail(`answered ${found.status}`),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(LostReply);
  return error as LostReply;
}

describe('a request', () => {
  it('goes to the host it is mapped to, with its exact length', async () => {
    const server = await raw(async ({ socket, body, received }) => {
      await body(7);
      const head = received().slice(0, received().indexOf('\r\n\r\n')).toLowerCase();
      socket.write(`HTTP/1.1 200 OK\r\nX-Twice: one\r\nX-Twice: two\r\nContent-Length: ${head.length}\r\n\r\n${head}`);
    });
    const answer = await transportTo(`${server.url}/base/`).send(post({ body: 'héllo\n', headers: { Authorization: 'Bearer t' } }));
    expect(answer.status).toBe(200);
    expect(answer.headers['x-twice']).toBe('two');
    expect(answer.text.split('\r\n')[0]).toBe('post /base/v1/posts?part=id http/1.1');
    expect(answer.text).toContain('content-length: 7');
    expect(answer.text).toContain('authorization: bearer t');
    expect(answer.text).not.toContain('transfer-encoding');
  });

  it('without a body says so, and GET says nothing', async () => {
    const url = await serve((request, response) => response.end(String(request.headers['content-length'])));
    const transport = transportTo(url);
    const { body: _, ...bare } = post();
    expect((await transport.send(bare)).text).toBe('0');
    expect((await transport.send({ ...bare, method: 'GET' })).text).toBe('undefined');
  });

  it('streams a slice of a file and counts what was sent', async () => {
    const dir = temporaryFolder();
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
    writeFileSync(join(dir, 'clip'), bytes);
    const url = await serve((request, response) => {
      const hash = createHash('sha256');
      let size = 0;
      request.on('data', (chunk: Buffer) => {
        size += chunk.length;
        hash.update(chunk);
      });
      request.on('end', () => response.end(`${request.headers['content-length']} ${size} ${hash.digest('hex')}`));
    });
    const counts: number[] = [];
    const answer = await transportTo(url).send(post({ method: 'PUT', body: { path: join(dir, 'clip'), startByte: 1_000, endByte: 250_001 }, sent: (sentBytes) => counts.push(sentBytes) }));
    expect(answer.text).toBe(`249001 249001 ${createHash('sha256').update(bytes.subarray(1_000, 250_001)).digest('hex')}`);
    expect(counts.at(-1)).toBe(249_001);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  });

  it('sends parts as multipart/form-data', async () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, 'clip'), 'abcdef');
    const url = await serve((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', async () => {
        const form = await new Response(Buffer.concat(chunks), { headers: { 'content-type': request.headers['content-type'] ?? '' } }).formData();
        response.end(JSON.stringify({ index: form.get('segment_index'), media: await (form.get('media') as File).text(), exact: Buffer.concat(chunks).length === Number(request.headers['content-length']) }));
      });
    });
    const parts = [{ name: 'segment_index', value: '3' }, { name: 'media', value: { path: join(dir, 'clip'), startByte: 2, endByte: 5 }, fileName: 'a"b.mp4', contentType: 'video/mp4' }];
    expect(JSON.parse((await transportTo(url).send(post({ body: { parts } }))).text)).toEqual({ index: '3', media: 'cde', exact: true });
  });

  it('is answered by a redirect as by anything else', async () => {
    const url = await serve((_, response) => response.writeHead(308, { range: 'bytes=0-99', location: '/elsewhere' }).end());
    const answer = await transportTo(url).send(post());
    expect(answer).toMatchObject({ status: 308, headers: { range: 'bytes=0-99', location: '/elsewhere' }, text: '' });
  });

  it('uses a connection again, and a new one after it was closed', async () => {
    const closed: Promise<unknown>[] = [];
    const server = await raw(({ socket, received }) => {
      let answered = 0;
      closed.push(new Promise((resolve) => socket.once('close', resolve)));
      socket.on('data', () => {
        if (received().split('hello').length - 1 <= answered) return;
        answered += 1;
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        if (answered === 2) socket.end();
      });
    });
    const transport = transportTo(server.url);
    for (let count = 0; count < 2; count += 1) expect((await transport.send(post())).text).toBe('ok');
    expect(server.connections()).toBe(1);
    // A server's socket closes when the other side has closed as well.
    await closed[0];
    expect((await transport.send(post())).text).toBe('ok');
    expect(server.connections()).toBe(2);
  });
});

describe('an answer', () => {
  it.each([
    ['nothing', ''],
    ['half a status line', 'HTTP/1.1 20'],
    ['half a head', 'HTTP/1.1 200 OK\r\nContent-Le'],
    ['a head alone', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n'],
    ['half a body', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345'],
    ['half a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n12345'],
    ['chunks without an end', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n'],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ])('that breaks off after %s is lost', async (_, text) => {
    for (const cut of ['end', 'resetAndDestroy'] as const) {
      const server = await raw(async ({ socket, body }) => {
        await body(5);
        socket.write(text, () => (cut === 'end' ? socket.end() : socket.resetAndDestroy()));
      });
      const error = await lost(transportTo(server.url).send(post()));
      expect(error.unreached, `${cut}: ${error.message}`).toBe(false);
      expect(error.message).toContain('api.example');
    }
  });

  it('that breaks off while the body is sent is lost', async () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, 'clip'), Buffer.alloc(8_000_000));
    const server = await raw(async ({ socket, body }) => {
      await body(100_000);
      socket.resetAndDestroy();
    });
    expect((await lost(transportTo(server.url).send(post({ body: { path: join(dir, 'clip'), startByte: 0, endByte: 8_000_000 } })))).unreached).toBe(false);
  });

  it('that does not come is waited for only so long', async () => {
    const server = await raw(() => {});
    expect((await lost(transportTo(server.url).send(post({ timeoutMs: 50 })))).message).toBe('api.example was silent for 0.05 s');
  });

  it('that stops coming is waited for only so long', async () => {
    const server = await raw(({ socket }) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345'));
    expect((await lost(transportTo(server.url).send(post({ timeoutMs: 50 })))).unreached).toBe(false);
  });

  it('is lost when the server stops reading', async () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, 'clip'), '');
    truncateSync(join(dir, 'clip'), 64_000_000);
    const server = await raw(({ socket }) => socket.pause());
    const counts: number[] = [];
    await lost(transportTo(server.url).send(post({ body: { path: join(dir, 'clip'), startByte: 0, endByte: 64_000_000 }, timeoutMs: 300, sent: (sentBytes) => counts.push(sentBytes) })));
    expect(counts.at(-1) ?? 0).toBeLessThan(64_000_000);
  });

  it('may come before the body was sent, which ends the sending', async () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, 'clip'), '');
    truncateSync(join(dir, 'clip'), 512_000_000);
    for (const status of ['401 Unauthorized', '308 Resume Incomplete']) {
      const server = await raw(async ({ socket, body }) => {
        await body(100_000);
        socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 7\r\n\r\nrefused`);
        socket.pause();
      });
      let sentBytes = 0;
      const answer = await transportTo(server.url).send(post({ body: { path: join(dir, 'clip'), startByte: 0, endByte: 512_000_000 }, sent: (bytes) => (sentBytes = bytes) }));
      expect(answer).toMatchObject({ status: Number(status.slice(0, 3)), text: 'refused' });
      expect(sentBytes).toBeLessThan(512_000_000);
    }
  });

  it('in an encoding nobody asked for, or larger than any of theirs, counts as lost', async () => {
    const encoded = await serve((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'));
    expect((await lost(transportTo(encoded).send(post()))).message).toContain('gzip');
    const large = await serve((_, response) => response.end(Buffer.alloc(5_000_000)));
    expect((await lost(transportTo(large).send(post()))).message).toContain('more than 4 MB');
  });

  it('without a length ends with its connection', async () => {
    const server = await raw(async ({ socket, body }) => {
      await body(5);
      socket.end('HTTP/1.1 200 OK\r\n\r\nall of it');
    });
    expect((await transportTo(server.url).send(post())).text).toBe('all of it');
  });
});

describe('nobody is reached', () => {
  it('when nobody listens', async () => {
    const server = await raw(() => {});
    await server.close();
    const error = await lost(transportTo(server.url).send(post()));
    expect(error.unreached).toBe(true);
    expect(error.message).toBe('nobody listens at api.example (ECONNREFUSED)');
  });

  it('when the name is not known', async () => {
    const transport = openTransport();
    open.push(transport);
    expect((await lost(transport.send(post({ url: 'https://nobody.invalid/' })))).unreached).toBe(true);
  });

  it('when the certificate is not trusted, and nothing was sent', async () => {
    let seen = 0;
    const server = createEncryptedServer(loopbackCertificate, (_, response) => {
      seen += 1;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push({ close: () => new Promise((resolve) => server.close(resolve)) });
    const error = await lost(transportTo(`https://127.0.0.1:${(server.address() as AddressInfo).port}`).send(post()));
    expect(error.unreached).toBe(true);
    expect(error.message).toContain('NODE_EXTRA_CA_CERTS');
    expect(seen).toBe(0);
  });

  it('when something else listens where encryption was expected', async () => {
    const url = await serve((_, response) => response.end());
    const error = await lost(transportTo(url.replace('http:', 'https:')).send(post()));
    expect(error.unreached).toBe(true);
    expect(error.message).toContain('no encrypted connection to api.example');
  });
});

describe('giving up', () => {
  it('ends a request with the reason, before and while it runs', async () => {
    const server = await raw(() => {});
    const transport = transportTo(server.url);
    await expect(transport.send(post({ signal: AbortSignal.abort(new Error('enough')) }))).rejects.toThrow('enough');
    expect(server.connections()).toBe(0);
    const controller = new AbortController();
    const answer = transport.send(post({ signal: controller.signal }));
    setTimeout(() => controller.abort(new Error('enough now')), 20);
    await expect(answer).rejects.toThrow('enough now');
  });

  it('is what a file that is gone or has shrunk leads to', async () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, 'clip'), 'short');
    const url = await serve((request, response) => request.resume().on('end', () => response.end()));
    const transport = transportTo(url);
    await expect(transport.send(post({ body: { path: join(dir, 'gone'), startByte: 0, endByte: 10 } }))).rejects.toMatchObject({ code: 'MEDIA_MISSING' });
    await expect(transport.send(post({ body: { path: join(dir, 'clip'), startByte: 0, endByte: 10 } }))).rejects.toMatchObject({ code: 'MEDIA_TRUNCATED' });
  });
});

describe('hosts', () => {
  it('that are not named go where the star leads, the address kept as it was encoded', async () => {
    const url = await serve((request, response) => response.end(request.url));
    const transport = openTransport({ hosts: { '*': url, 'api.example': `${url}/own` } });
    open.push(transport);
    expect((await transport.send(post({ url: 'https://upload.example:8443/a%2Fb/%E2%82%AC?x=%20y' }))).text).toBe('/upload.example:8443/a%2Fb/%E2%82%AC?x=%20y');
    expect((await transport.send(post({ url: 'https://API.example/c' }))).text).toBe('/own/c');
  });

  it.each([
    [{ 'https://api.example': 'http://127.0.0.1:1' }, 'is not a host'],
    [{ 'api.example/x': 'http://127.0.0.1:1' }, 'is not a host'],
    [{ 'api.example': 'ftp://127.0.0.1' }, 'not plain http(s)'],
    [{ 'api.example': 'https://me:secret@proxy.example' }, 'not plain http(s)'],
    [{ 'api.example': 'https://proxy.example/?key=secret' }, 'not plain http(s)'],
    [{ 'api.example': 'http://proxy.example' }, 'unencrypted'],
  ])('%j is refused', (hosts, why) => {
    expect(() => openTransport({ hosts: hosts as Record<string, string> })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(why) }));
  });
});
