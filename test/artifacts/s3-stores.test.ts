import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { openExchange } from '../../src/artifacts/open-exchange.js';
import { s3Keys, startS3 } from '../support/s3-server.js';
import { startVersitygw, versitygw } from '../support/versitygw.js';
import { exchangeContract } from './exchange-contract.js';
import { leaveUpload } from './leave-upload.js';
import { storeContract, type StoreUnderTest } from './store-contract.js';

const before = { ...process.env };
beforeAll(() => {
  process.env['AWS_ACCESS_KEY_ID'] = s3Keys.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = s3Keys.secretAccessKey;
  process.env['AWS_REGION'] = 'us-east-1';
});
afterAll(() => {
  process.env = before;
});

const prefix = 'team/snvg';
const address = `s3://films/${prefix}`;
const keyOf = (hash: string): string => `${prefix}/artifacts/${hash.slice(0, 2)}/${hash}`;

function makeOld(path: string, ms: number): void {
  const then = (Date.now() - ms) / 1000;
  utimesSync(path, then, then);
}

/** What a test does to a store over its interface: the same for all kinds. */
async function through(endpoint: string, dir: string): Promise<Pick<StoreUnderTest, 'store' | 'again' | 'nowMs'> & { close(): Promise<void> }> {
  let machines = 0;
  const opened: { close(): Promise<void> }[] = [];
  const open = async (readOnly = false) => {
    const exchange = await openExchange(address, { cacheDir: join(dir, `machine-${(machines += 1)}`), s3Endpoint: endpoint, readOnly });
    opened.push(exchange);
    return exchange;
  };
  const exchange = await open();
  return {
    store: exchange.artifacts,
    again: async (options) => (await open(options?.readOnly)).artifacts,
    nowMs: () => exchange.nowMs(),
    close: async () => {
      for (const one of opened) await one.close();
    },
  };
}

// Its clock is two days behind: nothing may go by this machine's.
const behindMs = -2 * 86_400_000;

storeContract('S3 on loopback', async (dir) => {
  const server = await startS3({}, { aheadMs: behindMs, pageSize: 5 });
  const at = await through(server.endpoint, dir);
  return {
    ...at,
    heldHere: true,
    damage: async (hash) => {
      const bytes = Buffer.from(server.objects.get(keyOf(hash)) ?? '');
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0x10;
      server.objects.set(keyOf(hash), bytes);
    },
    shorten: async (hash) => void server.objects.set(keyOf(hash), server.objects.get(keyOf(hash))?.subarray(0, 10) ?? Buffer.alloc(0)),
    age: async (hash, ms) => void server.modifiedMs.set(keyOf(hash), Date.now() + behindMs - ms),
    close: async () => {
      await at.close();
      await server.close();
    },
  };
});

exchangeContract('S3 on loopback', async (dir) => {
  const server = await startS3({}, { aheadMs: behindMs });
  let machines = 0;
  const nowMs = (): number => Date.now() + behindMs;
  return {
    open: () => openExchange(address, { cacheDir: join(dir, `machine-${(machines += 1)}`), s3Endpoint: server.endpoint }),
    age: async (key, ms) => void server.modifiedMs.set(`${prefix}/${key}`, nowMs() - ms),
    write: async (key, text) => {
      server.objects.set(`${prefix}/${key}`, Buffer.from(text));
      server.modifiedMs.set(`${prefix}/${key}`, nowMs());
    },
    keys: async () => [...server.objects.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length + 1)),
    leaveUnfinished: async (_exchange, ageMs) => {
      const id = await leaveUpload(server.endpoint, 'films', keyOf('a'.repeat(64)));
      const upload = server.uploads.get(id);
      if (upload) upload.initiatedMs = nowMs() - ageMs;
    },
    unfinished: async () => server.uploads.size,
    close: () => server.close(),
  };
});

// The same against somebody else's server, for whoever has it: SNVG_TEST_VERSITYGW or PATH leads to it.
if (versitygw !== undefined) describe('versitygw', () => {
  storeContract('versitygw', async (dir) => {
    const gateway = await startVersitygw(dir);
    const at = await through(gateway.endpoint, dir);
    const pathOf = (hash: string): string => join(gateway.bucketDir, keyOf(hash));
    return {
      ...at,
      damage: async (hash) => {
        const bytes = readFileSync(pathOf(hash));
        bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0x10;
        writeFileSync(pathOf(hash), bytes);
      },
      shorten: async (hash) => truncateSync(pathOf(hash), 10),
      age: async (hash, ms) => makeOld(pathOf(hash), ms),
      close: async () => {
        await at.close();
        await gateway.close();
      },
    };
  });

  exchangeContract('versitygw', async (dir) => {
    const gateway = await startVersitygw(dir);
    let machines = 0;
    const root = join(gateway.bucketDir, prefix);
    const uploadsDir = join(gateway.bucketDir, '.sgwtmp', 'multipart');
    const uploads = (): string[] => (existsSync(uploadsDir) ? readdirSync(uploadsDir).flatMap((name) => readdirSync(join(uploadsDir, name)).map((id) => join(uploadsDir, name, id))) : []);
    return {
      open: () => openExchange(address, { cacheDir: join(dir, `machine-${(machines += 1)}`), s3Endpoint: gateway.endpoint }),
      age: async (key, ms) => makeOld(join(root, key), ms),
      write: async (key, text) => {
        mkdirSync(dirname(join(root, key)), { recursive: true });
        writeFileSync(join(root, key), text);
      },
      keys: async () =>
        readdirSync(root, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)),
      leaveUnfinished: async (_exchange, ageMs) => {
        const id = await leaveUpload(gateway.endpoint, 'films', keyOf('a'.repeat(64)));
        makeOld(uploads().find((path) => path.endsWith(id)) ?? '', ageMs);
      },
      unfinished: async () => uploads().length,
      close: () => gateway.close(),
    };
  });
});
