import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bait } from './disguises.js';

/** A film that a list may point to and a server on this machine; `connections` must stay 0. */
export async function layBait(film: string): Promise<Bait & { connections(): number; remove(): Promise<void> }> {
  const dir = mkdtempSync(join(tmpdir(), 'snvg-bait-'));
  const path = join(dir, 'secret.mp4');
  copyFileSync(film, path);
  let connections = 0;
  const server = createServer((_request, response) => response.end('no'));
  server.on('connection', () => (connections += 1));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    film: path,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
    remove: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
