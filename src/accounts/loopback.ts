import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SnvgError } from '../errors.js';

export interface RedirectPlace {
  host: '127.0.0.1' | 'localhost';
  /** 0: any that is free. */
  port: number;
  path: string;
}

/** Waits on this machine alone for the one redirect that carries our state (RFC 8252 section 7.3). */
export interface Redirect {
  redirectUri: string;
  /** Its query. @throws {SnvgError} AUTH_DENIED after `timeoutMs`; the signal's reason */
  parameters(timeoutMs: number, signal: AbortSignal): Promise<URLSearchParams>;
  close(): void;
}

/** @throws {SnvgError} USAGE when the port is taken */
export async function awaitRedirect(place: RedirectPlace, state: string): Promise<Redirect> {
  let arrived: ((parameters: URLSearchParams) => void) | undefined;
  const first = new Promise<URLSearchParams>((resolve) => {
    arrived = resolve;
  });
  let done = false;
  const server = createServer((request, response) => {
    const verdict = judge(request, place, state, server);
    if (typeof verdict === 'number') return answer(response, verdict, verdict === 404 ? 'There is nothing here.' : 'This is not the answer to the login that snvg is waiting for.');
    if (done) return answer(response, 409, 'This login has already been answered.');
    done = true;
    // The page is sent whole before the port closes.
    response.on('finish', () => arrived?.(verdict));
    answer(response, 200, verdict.has('error') ? 'The login was refused. You can close this page and go back to the terminal.' : 'You can close this page and go back to the terminal.');
  });
  server.requestTimeout = 10_000;
  await listening(server, place.port);
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { redirectUri: `http://${place.host}:${port}${place.path}`, parameters: (timeoutMs, signal) => within(first, timeoutMs, signal), close };
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' || error.code === 'EACCES' ? new SnvgError('USAGE', `Port ${port} of this machine is not free (${error.code})`, 'End what uses it, choose another with --port (and register it with the app), or log in with --paste.', { cause: error }) : error);
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}

/** The query, or the status to refuse with. A page elsewhere cannot guess the state; one that only knows the port gets nothing. */
function judge(request: IncomingMessage, place: RedirectPlace, state: string, server: Server): URLSearchParams | 400 | 404 {
  const { port } = server.address() as AddressInfo;
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (request.method !== 'GET' || !hosts.includes(request.headers.host ?? '') || !URL.canParse(request.url ?? '', 'http://localhost')) return 404;
  const url = new URL(request.url ?? '', 'http://localhost');
  if (url.pathname !== place.path) return 404;
  return url.searchParams.get('state') === state && (url.searchParams.has('code') || url.searchParams.has('error')) ? url.searchParams : 400;
}

/** Plain, and it hands its address (with the code in it) to nobody. */
function answer(response: ServerResponse, status: number, text: string): void {
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>snvg</title><body style="font: 1.2rem system-ui; margin: 4rem auto; max-width: 32rem"><p>${text}</p></body></html>`;
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(page),
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    connection: 'close',
  });
  response.end(page);
}

async function within<T>(promise: Promise<T>, timeoutMs: number, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop: (() => void) | undefined;
  const ended = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(new SnvgError('AUTH_DENIED', `No answer from the browser for ${Math.round(timeoutMs / 1000)} s`, 'Begin again; on a machine without a browser log in with --paste.')), timeoutMs);
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    stop = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
  });
  try {
    return await Promise.race([promise, ended]);
  } finally {
    stop?.();
  }
}
