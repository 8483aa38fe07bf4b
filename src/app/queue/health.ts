import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SnvgError } from '../../errors.js';

/** What a worker answers when it is asked how it is. */
export interface Health {
  /** Its loop runs, for it answers, and so does its agent. */
  alive: boolean;
  /** It takes tasks. */
  ready: boolean;
  /** Why not, for people. */
  problems: readonly string[];
  running: readonly { task: string; op: string; label: string; runningMs: number }[];
}

export interface HealthEndpoint {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Answers `GET /healthz` (200 while it is alive, else 503), `GET /readyz` (200 while it takes tasks) and `GET /` with what runs, all as
 * JSON. Nothing else: it can be seen by whoever reaches the port, and changes nothing.
 *
 * @throws {SnvgError} USAGE when the port is taken
 */
export async function serveHealth(options: { host: string; port: number }, health: () => Health): Promise<HealthEndpoint> {
  const server: Server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0];
    const of = health();
    const good = path === '/healthz' ? of.alive : path === '/readyz' ? of.ready : true;
    const known = path === '/' || path === '/healthz' || path === '/readyz';
    const allowed = request.method === 'GET' || request.method === 'HEAD';
    response.writeHead(!known ? 404 : !allowed ? 405 : good ? 200 : 503, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(known && allowed ? `${JSON.stringify(of)}\n` : undefined);
  });
  server.requestTimeout = 5_000;
  server.keepAliveTimeout = 1_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new SnvgError('USAGE', `The health of the worker cannot be told at ${options.host}:${options.port} (${error.code ?? error.message})`, 'Choose another port with --health-port, or another address with --health-host.', { cause: error })),
    );
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
