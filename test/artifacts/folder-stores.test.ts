import { mkdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileArtifactStore } from '../../src/artifacts/file-store.js';
import { openExchange } from '../../src/artifacts/open-exchange.js';
import { storeContract } from './store-contract.js';

storeContract('files of this machine', async (dir) => {
  const root = join(dir, 'artifacts');
  return {
    store: new FileArtifactStore(root),
    again: (options) => Promise.resolve(new FileArtifactStore(root, options)),
    ...behindTheBackOf(root),
    nowMs: () => Promise.resolve(Date.now()),
    close: () => Promise.resolve(),
  };
});

storeContract('a shared folder', async (dir) => {
  const folder = join(dir, 'share');
  mkdirSync(folder);
  let machines = 0;
  const open = (readOnly = false) => openExchange(folder, { cacheDir: join(dir, `machine-${(machines += 1)}`), s3Endpoint: null, readOnly });
  const exchange = await open();
  return {
    store: exchange.artifacts,
    again: async (options) => (await open(options?.readOnly)).artifacts,
    ...behindTheBackOf(join(folder, 'artifacts')),
    nowMs: () => exchange.nowMs(),
    close: () => exchange.close(),
  };
});

function behindTheBackOf(root: string) {
  const pathOf = (hash: string): string => join(root, hash.slice(0, 2), hash);
  return {
    damage: async (hash: string): Promise<void> => {
      const bytes = readFileSync(pathOf(hash));
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0x10;
      writeFileSync(pathOf(hash), bytes);
    },
    shorten: async (hash: string): Promise<void> => truncateSync(pathOf(hash), 10),
    age: async (hash: string, ms: number): Promise<void> => {
      const then = (Date.now() - ms) / 1000;
      utimesSync(pathOf(hash), then, then);
    },
  };
}
