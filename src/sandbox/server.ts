import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type SandboxControl, controlAnswer } from './control.js';
import { deliver, type FaultScript } from './faults.js';
import { type StandIn, type StandInAnswer, standInFor, type StandInRequest } from './stand-in.js';

export interface SandboxServer {
  /** `http://127.0.0.1:<port>`: the base of `/<real host>/<path>`. */
  readonly url: string;
  /** What stand-ins threw: faults of their own, which the caller saw as a 500. */
  readonly failures: readonly unknown[];
  close(): Promise<void>;
}

export interface SandboxServerOptions {
  standIns: readonly StandIn[];
  /** What goes wrong, until it is changed over `/sandbox/faults`. */
  script?: FaultScript;
  /** The stand-ins' own clock, so that other processes can move it over `/sandbox/clock`. */
  clock?: SandboxControl['clock'];
  /** Default: any free one. */
  port?: number;
}

/**
 * Stand-ins for processes of this machine, on 127.0.0.1 under `/<real host>/<path>`. Addresses in their answers keep the real hosts:
 * the transport's host map leads them back here. Faults happen on the socket: broken connections, half answers, silence.
 */
export async function serveStandIns(options: SandboxServerOptions): Promise<SandboxServer> {
  const { standIns, clock } = options;
  const control: SandboxControl = { standIns, script: options.script ?? (() => undefined), clock, requests: 0 };
  const failures: unknown[] = [];
  const server = createServer((incoming, response) => {
    answer(incoming, response, control).catch((error: unknown) => {
      // A request that was cut short ends what reads it; everything else is the stand-in's own fault.
      if (incoming.complete) failures.push(error);
      if (incoming.complete && !response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' }).end(`the stand-in failed: ${String(error)}`);
      else response.destroy();
    });
  });
  await new Promise<void>((resolve, fail) => {
    server.once('error', fail);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    failures,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(incoming: IncomingMessage, response: ServerResponse, control: SandboxControl): Promise<void> {
  const [, host = '', rest = ''] = /^\/([^/?]*)(.*)$/s.exec(incoming.url ?? '') ?? [];
  if (host === 'sandbox') return whole(response, await controlAnswer(incoming, rest, control));
  const standIn = standInFor(control.standIns, decodeURIComponent(host));
  if (!standIn) return whole(response, { status: 502, headers: { 'content-type': 'text/plain' }, body: `no stand-in answers for ${host}` });
  control.requests += 1;
  const delivery = await deliver(standIn, asSeen(incoming, decodeURIComponent(host), rest), control.script);
  if (delivery.whole) return whole(response, delivery.answer);
  if (delivery.silent) return;
  if (delivery.answer) half(response, delivery.answer);
  else incoming.socket.resetAndDestroy();
}

function asSeen(incoming: IncomingMessage, host: string, rest: string): StandInRequest {
  const headers: Record<string, string> = {};
  for (let index = 0; index + 1 < incoming.rawHeaders.length; index += 2) headers[incoming.rawHeaders[index]?.toLowerCase() ?? ''] = incoming.rawHeaders[index + 1] ?? '';
  return { method: incoming.method ?? 'GET', url: new URL(`https://${host}${rest.startsWith('/') ? rest : `/${rest}`}`), headers: { ...headers, host }, body: () => incoming };
}

interface Bytes {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

function bytesOf({ status, headers = {}, body }: StandInAnswer): Bytes {
  const json = typeof body === 'object';
  const bytes = Buffer.from(body === undefined ? '' : json ? JSON.stringify(body) : body);
  return { status, headers: { ...(json ? { 'content-type': 'application/json; charset=utf-8' } : {}), ...headers, 'content-length': String(bytes.length) }, body: bytes };
}

function whole(response: ServerResponse, given: StandInAnswer): void {
  const { status, headers, body } = bytesOf(given);
  response.writeHead(status, headers).end(body);
}

/** Breaks off in the middle: of the body, or of the head when there is no body. */
function half(response: ServerResponse, given: StandInAnswer): void {
  const { status, headers, body } = bytesOf(given);
  const head = Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
  const cut = body.length === 0 ? head.subarray(0, head.length >> 1) : Buffer.concat([head, body.subarray(0, body.length >> 1)]);
  response.socket?.end(cut, () => response.socket?.destroy());
}
