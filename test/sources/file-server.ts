import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a server behaves for one request, in the order of requests; the last goes on for ever. */
export interface Behaviour {
  /** Ends the connection after this many bytes of the body. */
  cutAfter?: number;
  /** Falls silent after this many bytes of the body. */
  stallAfter?: number;
  /** Answers 200 with the whole whatever was asked. */
  ignoreRange?: true;
  /** Says that its part begins here. */
  lieAboutStart?: number;
  etag?: string | null;
  status?: number;
  headers?: Record<string, string>;
  /** Announces this length and sends what there is. */
  announce?: number;
}

export interface FileServer {
  url: string;
  /** `GET /path range` of every request. */
  requests: string[];
  /** Bytes of bodies written. */
  sentBytes: number;
  close(): Promise<void>;
}

/** The bytes of a test file at a place: any part can be made without holding the whole. */
export function testBytes(start: number, end: number): Buffer {
  const bytes = Buffer.allocUnsafe(end - start);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = ((start + at) * 2_654_435_761) >>> 13;
  return bytes;
}

export function testHash(size: number): string {
  const hash = createHash('sha256');
  for (let at = 0; at < size; at += 1 << 20) hash.update(testBytes(at, Math.min(size, at + (1 << 20))));
  return hash.digest('hex');
}

/** Serves `size` test bytes on loopback with ranges and entity tags (RFC 9110), and lies as told. */
export async function serveFile(size: number, behaviours: readonly Behaviour[], headers: Record<string, string> = {}): Promise<FileServer> {
  const requests: string[] = [];
  const state = { sentBytes: 0 };
  const server: Server = createServer((request, response) => {
    const behaviour = behaviours[Math.min(requests.length, behaviours.length - 1)] ?? {};
    requests.push(`${request.method} ${request.url}${request.headers.range === undefined ? '' : ` ${request.headers.range}`}`);
    void answer(request, response, behaviour, { size, headers, state });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    get sentBytes() {
      return state.sentBytes;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, behaviour: Behaviour, file: { size: number; headers: Record<string, string>; state: { sentBytes: number } }): Promise<void> {
  const etag = behaviour.etag === undefined ? '"version-1"' : behaviour.etag;
  const common = { ...file.headers, ...(etag === null ? {} : { etag }), 'accept-ranges': 'bytes', ...behaviour.headers };
  if (behaviour.status !== undefined) {
    response.writeHead(behaviour.status, common).end();
    return;
  }
  if (etag !== null && request.headers['if-none-match'] === etag) {
    response.writeHead(304, common).end();
    return;
  }
  const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const condition = request.headers['if-range'];
  const partial = asked && !behaviour.ignoreRange && (condition === undefined || condition === etag);
  const start = partial ? Number(asked[1]) : 0;
  if (start >= file.size) {
    response.writeHead(416, { ...common, 'content-range': `bytes */${file.size}` }).end();
    return;
  }
  const told = behaviour.lieAboutStart ?? start;
  response.writeHead(partial ? 206 : 200, { ...common, 'content-length': String(behaviour.announce ?? file.size - start), ...(partial ? { 'content-range': `bytes ${told}-${file.size - 1}/${file.size}` } : {}) });
  const end = Math.min(file.size, start + (behaviour.cutAfter ?? behaviour.stallAfter ?? Number.POSITIVE_INFINITY));
  for (let at = start; at < end && !response.destroyed; at += 1 << 18) {
    const bytes = testBytes(at, Math.min(end, at + (1 << 18)));
    file.state.sentBytes += bytes.length;
    if (!response.write(bytes)) await drained(response);
  }
  // What was written reaches the other side before the connection breaks.
  if (behaviour.stallAfter !== undefined) return;
  if (end < file.size) setTimeout(() => response.destroy(), 50);
  else response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      response.off('drain', go).off('close', go);
      resolve();
    };
    response.on('drain', go).on('close', go);
  });
}
