import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { LostReply } from '../../src/publishers/faults.js';
import type { HttpAnswer, HttpTransport } from '../../src/publishers/http.js';
import { openTransport } from '../../src/publishers/send.js';
import type { Fault, FaultScript } from '../../src/sandbox/faults.js';
import { inProcessTransport } from '../../src/sandbox/in-process.js';
import { randomFaults } from '../../src/sandbox/random-faults.js';
import { serveStandIns, type SandboxServer } from '../../src/sandbox/server.js';
import { Noticeboard } from './noticeboard.js';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

async function overSockets(options: { board: Noticeboard; script?: FaultScript; clock?: { nowMs(): number; advance(ms: number): void } }): Promise<{ server: SandboxServer; transport: HttpTransport }> {
  const server = await serveStandIns({ standIns: [options.board], ...options });
  const transport = openTransport({ hosts: { '*': server.url } });
  open.push(server, transport);
  return { server, transport };
}

const signal = new AbortController().signal;
const notice = (transport: HttpTransport, body = 'lost cat', url = 'https://board.example/notices?a=%2F'): Promise<HttpAnswer> => transport.send({ method: 'POST', url, body, headers: { 'X-Kind': 'cat' }, signal, timeoutMs: 100 });

/** What thirty notices met, and how many hung after each. */
async function outcomes(seed: number, transportTo: (board: Noticeboard, script: FaultScript) => Promise<HttpTransport>): Promise<string[]> {
  const board = new Noticeboard();
  const transport = await transportTo(board, randomFaults({ seed, rate: 0.6, kinds: ['drop-before', 'drop-after', 'half-body', 'status', 'error-after', 'duplicate'] }));
  const found: string[] = [];
  for (let count = 0; count < 30; count += 1) {
    const status = await notice(transport).then(
      (answer) => answer.status,
      () => 'lost',
    );
    found.push(`${status} ${board.posts().length}`);
  }
  return found;
}

async function ask(server: SandboxServer, method: 'GET' | 'POST', path: string, body?: object): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${server.url}/sandbox/${path}`, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
  return { status: answer.status, body: await answer.json() };
}

describe.each([
  ['in process', async (board: Noticeboard, script: FaultScript) => inProcessTransport([board], script)],
  ['over sockets', async (board: Noticeboard, script: FaultScript) => (await overSockets({ board, script })).transport],
])('faults %s', (_, transportTo) => {
  it.each<[Fault | undefined, posts: number, status: number | 'lost']>([
    [undefined, 1, 201],
    [{ kind: 'drop-before' }, 0, 'lost'],
    [{ kind: 'drop-after' }, 1, 'lost'],
    [{ kind: 'half-body' }, 1, 'lost'],
    [{ kind: 'slow' }, 1, 'lost'],
    [{ kind: 'status', status: 403 }, 0, 403],
    [{ kind: 'error-after', status: 503 }, 1, 503],
    [{ kind: 'duplicate' }, 2, 201],
  ])('%j: posts %d, answers %s', async (fault, posts, status) => {
    const board = new Noticeboard();
    const transport = await transportTo(board, () => fault);
    const answer = await notice(transport).catch((error: unknown) => error);
    if (status === 'lost') {
      expect(answer).toBeInstanceOf(LostReply);
      expect((answer as LostReply).unreached).toBe(false);
    } else {
      expect(answer).toMatchObject({ status, headers: { 'content-type': 'application/json; charset=utf-8' }, text: JSON.stringify(status === 201 ? { id: String(posts), text: 'lost cat' } : { refused: status }) });
    }
    expect(board.posts()).toHaveLength(posts);
    for (const request of board.seen) expect(request).toMatchObject({ method: 'POST', headers: { host: 'board.example', 'content-length': '8', 'x-kind': 'cat' } });
    for (const request of board.seen) expect(request.url.href).toBe('https://board.example/notices?a=%2F');
  });

  it('break the head where there is no body to break', async () => {
    const board = new Noticeboard();
    await expect(notice(await transportTo(board, () => ({ kind: 'half-body' })), '')).rejects.toBeInstanceOf(LostReply);
    expect((await notice(await transportTo(board, () => undefined), '')).status).toBe(308);
  });

  it('the same seed gives the same outcomes', async () => {
    const first = await outcomes(7, transportTo);
    expect(await outcomes(7, transportTo)).toEqual(first);
    expect(await outcomes(8, transportTo)).not.toEqual(first);
    expect(new Set(first.map((outcome) => outcome.split(' ')[0])).size).toBeGreaterThan(3);
  });
});

describe('stand-ins over sockets', () => {
  it('tell other processes what they hold, and let them choose what goes wrong and what time it is', async () => {
    let nowMs = 1_000;
    const board = new Noticeboard();
    const { server, transport } = await overSockets({ board, clock: { nowMs: () => nowMs, advance: (ms) => (nowMs += ms) } });
    await notice(transport);
    expect(await ask(server, 'GET', 'posts')).toEqual({ status: 200, body: { board: board.posts() } });
    expect(await ask(server, 'POST', 'faults', { seed: 1, rate: 1, kinds: ['status'] })).toEqual({ status: 200, body: {} });
    expect((await notice(transport)).status).toBeGreaterThan(400);
    expect(await ask(server, 'POST', 'faults', {})).toEqual({ status: 200, body: {} });
    expect((await notice(transport)).status).toBe(201);
    expect(await ask(server, 'GET', 'requests')).toEqual({ status: 200, body: { requests: 3 } });
    expect(await ask(server, 'POST', 'clock', { advanceMs: 500 })).toEqual({ status: 200, body: { nowMs: 1_500 } });
    expect(await ask(server, 'GET', 'clock')).toEqual({ status: 200, body: { nowMs: 1_500 } });
  });

  it('refuse what they do not understand', async () => {
    const { server } = await overSockets({ board: new Noticeboard() });
    for (const [path, body] of [['faults', { seed: 1 }], ['faults', { seed: 1, rate: 1, kinds: ['flood'] }], ['accounts', { platform: 'board', id: '1', name: 'a', scopes: [] }]] as const) expect((await ask(server, 'POST', path, body)).status, path).toBe(400);
    expect((await ask(server, 'POST', 'clock', { advanceMs: 1 })).status).toBe(409);
    expect((await ask(server, 'GET', 'elsewhere')).status).toBe(404);
    expect((await fetch(`${server.url}/sandbox/faults`, { method: 'POST', body: 'not json' })).status).toBe(400);
  });

  it('answer for no other host', async () => {
    const { transport } = await overSockets({ board: new Noticeboard() });
    expect(await notice(transport, 'x', 'https://elsewhere.example/')).toMatchObject({ status: 502, text: 'no stand-in answers for elsewhere.example' });
  });

  it('see nothing of a request that breaks off within its body, and own up to faults of their own', async () => {
    const board = new Noticeboard();
    const { server, transport } = await overSockets({ board });
    expect((await notice(transport, 'explode')).status).toBe(500);
    expect(server.failures).toHaveLength(1);
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    await new Promise<void>((resolve) => socket.write('POST /board.example/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf', () => resolve()));
    const closed = new Promise((resolve) => socket.resume().once('close', resolve));
    socket.end();
    await closed;
    expect(board.posts()).toHaveLength(0);
    expect(server.failures).toHaveLength(1);
  });
});
