import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { Exchange } from '../../src/artifacts/exchange.js';
import { openExchange } from '../../src/artifacts/open-exchange.js';
import { servedS3, withS3Keys } from '../support/served-s3.js';
import { temporaryFolder } from '../support/temporary-folder.js';

withS3Keys();

async function open(endpoint: string, address = 's3://films/x'): Promise<Exchange> {
  const exchange = await openExchange(address, { cacheDir: temporaryFolder(), s3Endpoint: endpoint });
  onTestFinished(() => exchange.close());
  return exchange;
}

const partBytes = 8 * 1024 * 1024;
const keyOf = (hash: string): string => `x/artifacts/${hash.slice(0, 2)}/${hash}`;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function fileOf(bytes: Uint8Array): string {
  const path = join(temporaryFolder(), 'given');
  writeFileSync(path, bytes);
  return path;
}

it('fault 30, a race for one object: 412 means it is there already, which is verified', async () => {
  const server = await servedS3();
  const [here, there] = [await open(server.endpoint), await open(server.endpoint)];
  const bytes = randomBytes(10_000);
  const refs = await Promise.all([here, there, here, there].map((exchange) => exchange.artifacts.put('clip.mp4', { bytes })));
  expect(new Set(refs.map(({ hash }) => hash))).toEqual(new Set([sha256(bytes)]));
  expect(server.objects.get(keyOf(sha256(bytes)))).toEqual(bytes);
  // Something else of the same size lies there: its hash, which the store took, is not the artifact's.
  server.objects.set(keyOf(sha256(bytes)), randomBytes(10_000));
  await there.artifacts.put('clip.mp4', { bytes });
  expect(server.objects.get(keyOf(sha256(bytes)))).toEqual(bytes);
});

it('fault 30: of two uploads in parts at the same moment one counts, and nothing of the other is left', async () => {
  const server = await servedS3();
  const [here, there] = [await open(server.endpoint), await open(server.endpoint)];
  const bytes = randomBytes(2 * partBytes + 5);
  const [one, other] = await Promise.all([here, there].map((exchange) => exchange.artifacts.put('clip.mp4', { path: fileOf(bytes) })));
  expect(one).toEqual(other);
  expect(server.objects.get(keyOf(sha256(bytes)))?.equals(bytes)).toBe(true);
  expect(server.uploads.size).toBe(0);
});

it('fault 20, an upload that fails half-way: it is aborted, and nothing can be seen of it', async () => {
  let parts = 0;
  const server = await servedS3({ faults: ({ method, key }) => (method === 'PUT' && key.includes('artifacts') && (parts += 1) === 3 ? { status: 403, code: 'AccessDenied' } : undefined) });
  const exchange = await open(server.endpoint);
  const path = fileOf(randomBytes(4 * partBytes));
  await expect(exchange.artifacts.put('clip.mp4', { path })).rejects.toMatchObject({ code: 'STORE_REFUSED', exitCode: 6 });
  expect(server.uploads.size).toBe(0);
  expect([...server.objects.keys()]).toEqual(['x/store.json']);
  // The file is still the caller's.
  await exchange.artifacts.put('clip.mp4', { path });
});

it('takes a write whose reply was lost for its own, also of an upload in parts', async () => {
  const dropped = new Set<string>();
  const firstTime = (what: string): boolean => !dropped.has(what) && dropped.add(what) !== undefined;
  const server = await servedS3({ faults: ({ method, key }) => (key.includes('artifacts') && !key.includes('touched') && method !== 'HEAD' && method !== 'GET' && firstTime(`${method} ${key}`) ? { drop: 'after' } : undefined) });
  const exchange = await open(server.endpoint);
  const small = randomBytes(1000);
  const large = randomBytes(partBytes + 1000);
  await exchange.artifacts.put('clip.mp4', { bytes: small });
  await exchange.artifacts.put('clip.mp4', { path: fileOf(large) });
  expect(dropped.size).toBeGreaterThan(1);
  expect(server.objects.get(keyOf(sha256(small)))).toEqual(small);
  expect(server.objects.get(keyOf(sha256(large)))?.equals(large)).toBe(true);
});

it('waits as long as the store asks for, within reason', async () => {
  let refusals = 0;
  const server = await servedS3({ faults: ({ method, key }) => (method === 'PUT' && key.includes('artifacts') && (refusals += 1) === 1 ? { status: 503, code: 'SlowDown', retryAfter: 1 } : undefined) });
  const exchange = await open(server.endpoint);
  const before = performance.now();
  await exchange.artifacts.put('cues', { bytes: Buffer.from('later') });
  expect(performance.now() - before).toBeGreaterThanOrEqual(990);

  const shut = await servedS3({ faults: ({ key }) => (key.includes('artifacts') ? { status: 503, code: 'SlowDown', retryAfter: 3600 } : undefined) });
  const other = await open(shut.endpoint);
  const asked = shut.requests.length;
  await expect(other.artifacts.has('a'.repeat(64))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', exitCode: 5 });
  expect(shut.requests.length).toBe(asked + 1);
});

it('goes on reading where a connection broke off', async () => {
  const cut: string[] = [];
  const server = await servedS3({ faults: ({ method, key }) => (method === 'GET' && key.includes('artifacts') && cut.push(key) <= 2 ? { cutAfter: 300_000 } : undefined) });
  const exchange = await open(server.endpoint);
  const bytes = randomBytes(1_000_000);
  const { hash } = await exchange.artifacts.put('clip.mp4', { bytes });
  expect(readFileSync(await exchange.artifacts.materialize(hash))).toEqual(bytes);
  expect(server.requests.filter((request) => request.includes(hash) && request.startsWith('GET')).map((request) => request.replace(/.* bytes=/, ''))).toEqual([expect.stringContaining(hash), '300000-', '600000-']);
});

it('refuses a store that cannot keep one machine from writing over another’s result', async () => {
  for (const conditions of ['ignored', 'unknown'] as const) {
    const server = await servedS3({ conditions });
    await expect(open(server.endpoint)).rejects.toMatchObject({ code: 'STORE_REFUSED', remedy: expect.stringContaining('conditional writes') });
  }
});

it('says what is wrong with the address, the bucket or the credentials', async () => {
  const server = await servedS3();
  await expect(open(server.endpoint, 's3://')).rejects.toMatchObject({ code: 'STORE_INVALID' });
  await expect(open(server.endpoint, 's3://films/../other')).rejects.toMatchObject({ code: 'STORE_INVALID' });
  await expect(open(server.endpoint, 's3://nowhere/x')).rejects.toMatchObject({ code: 'STORE_REFUSED', message: expect.stringContaining('no bucket') });
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'wrong');
  await expect(open(server.endpoint)).rejects.toMatchObject({ code: 'STORE_REFUSED', message: expect.stringContaining('credentials') });
});

it('keeps every object below its own prefix', async () => {
  const server = await servedS3();
  const exchange = await open(server.endpoint, 's3://films/a/b');
  const { hash } = await exchange.artifacts.put('cues', { bytes: Buffer.from('x') });
  const pin = await exchange.pins.open({ jobId: '../../job', host: '../host' });
  await pin.add({ hashes: [hash] });
  await exchange.artifacts.has(hash);
  await exchange.collect({ olderThanMs: 0 });
  expect([...server.objects.keys()].filter((key) => !key.startsWith('a/b/'))).toEqual([]);
  await expect(pin.add({ keys: ['../../x'] })).rejects.toThrow(TypeError);
});

it('sends and reads what is large in constant memory', async () => {
  const server = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('serve-s3.ts', import.meta.url))], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void server.kill('SIGKILL'));
  const [said] = (await once(server.stdout, 'data')) as [Buffer];
  const exchange = await open(said.toString().trim());
  const size = 12 * partBytes;
  const path = fileOf(Buffer.alloc(size, 'a film '));
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers - before)), 5);
  const { hash } = await exchange.artifacts.put('media.mkv', { path });
  const copy = await exchange.artifacts.materialize(hash);
  clearInterval(watch);
  expect(sha256(readFileSync(copy))).toBe(hash);
  expect(most).toBeLessThan(0.75 * size);
});
