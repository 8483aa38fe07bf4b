import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openLedger } from '../../src/ledger/open-ledger.js';
import { openS3Documents } from '../../src/ledger/s3-documents.js';
import type { LedgerDocuments } from '../../src/ledger/documents.js';
import type { S3Server } from '../support/s3-server.js';
import { servedS3, withS3Keys } from '../support/served-s3.js';
import { asLease, clip, elsewhere, HandClock, here, identity, testLedger } from './open-test-ledger.js';

withS3Keys();

function open(server: S3Server): Promise<LedgerDocuments> {
  return openS3Documents({ bucket: 'films', prefix: 'posts', endpoint: server.endpoint });
}

/** Versions of the ledger's objects, without the probe. */
function keysOf(server: S3Server, prefix = ''): string[] {
  return [...server.objects.keys()].filter((key) => key.startsWith(`posts/${prefix}`) && !key.endsWith('conditional-writes.json')).toSorted();
}

const options = { self: here, clock: new HandClock(), isAlive: () => true };

describe('a write to the store', () => {
  it('whose reply was lost is found to be one’s own', async () => {
    let drops = 0;
    const server = await servedS3({ faults: ({ method, key }) => (method === 'PUT' && key.includes('publications') && drops++ === 0 ? { drop: 'after' } : undefined) });
    const documents = await open(server);
    expect(await documents.write('publications/a', 0, { n: 1 })).toBe(true);
    expect(drops).toBeGreaterThan(1);
    expect(keysOf(server)).toEqual(['posts/publications/a/00000001.json']);
  });

  it('whose replies are all lost is read back', async () => {
    const server = await servedS3({ faults: ({ method, key }) => (method === 'PUT' && key.includes('publications') ? { drop: 'after' } : undefined) });
    const documents = await open(server);
    expect(await documents.write('publications/a', 0, { n: 1 })).toBe(true);
    expect(await documents.read('publications/a')).toMatchObject({ version: 1, body: { n: 1 } });
  });

  it('that another one beat while its replies were lost is not taken for one’s own', async () => {
    const server = await servedS3({ faults: ({ method, key }) => (method === 'PUT' && key.includes('publications') ? { drop: 'before' } : undefined) });
    const documents = await open(server);
    server.objects.set('posts/publications/a/00000001.json', Buffer.from(JSON.stringify({ nonce: 'theirs', body: { n: 2 } })));
    expect(await documents.write('publications/a', 0, { n: 1 })).toBe(false);
  });

  it('to a store that is too busy for a moment is repeated', async () => {
    let busy = 2;
    const server = await servedS3({ faults: ({ method }) => (method !== 'GET' && busy-- > 0 ? { status: 503, code: 'SlowDown' } : undefined) });
    const documents = await open(server);
    expect(await documents.write('publications/a', 0, { n: 1 })).toBe(true);
  });

  it('that never gets through is a matter for later (exit 5), and nothing of it is believed', async () => {
    const server = await servedS3({ faults: ({ method, key }) => (method === 'PUT' && key.includes('publications') ? { drop: 'before' } : undefined) });
    const documents = await open(server);
    await expect(documents.write('publications/a', 0, { n: 1 })).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE', exitCode: 5 });
    expect(await documents.read('publications/a')).toBeUndefined();
  });
});

describe('leases in the store', () => {
  it('leave a few objects behind, while every version of a publication stays', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const server = await servedS3();
    const ledger = testLedger(await open(server));
    const lease = asLease(await ledger.lease('x', 'a'));
    const renewals = (): number => server.requests.filter((request) => request.startsWith('PUT') && request.includes('/leases/')).length;
    await vi.waitFor(
      () => {
        vi.advanceTimersByTime(30_000);
        expect(renewals()).toBeGreaterThan(9);
      },
      { timeout: 60_000, interval: 20 },
    );
    await lease.release();
    expect(keysOf(server, 'leases').length).toBeLessThanOrEqual(5);
    expect(Number(/(\d+)\.json$/.exec(keysOf(server, 'leases').at(-1)!)?.[1])).toBeGreaterThan(9);
    const claim = await ledger.claim(identity(), clip());
    if (claim.kind !== 'new') throw new Error(claim.kind);
    let now = claim.publication;
    for (let n = 0; n < 6; n += 1) now = await ledger.record(now, { state: 'uploading', handle: { n } });
    expect(keysOf(server, 'publications')).toHaveLength(7);
  });

  it('are not renewed over a newer one by somebody who slept while old versions were tidied away', async () => {
    const server = await servedS3();
    const documents = await open(server);
    server.objects.set('posts/leases/a/00000009.json', Buffer.from(JSON.stringify({ nonce: 'theirs', body: {} })));
    expect(await documents.write('leases/a', 3, {})).toBe(false);
    expect(keysOf(server)).toEqual(['posts/leases/a/00000009.json']);
  });
});

describe('a store is refused', () => {
  it.each(['ignored', 'unknown'] as const)('when conditional writes are %s', async (conditions) => {
    const server = await servedS3({ conditions });
    await expect(open(server)).rejects.toMatchObject({ code: 'LEDGER_REFUSED', exitCode: 6, message: expect.stringContaining('If-None-Match') as string });
  });

  it.each([
    ['wrong secret', { AWS_SECRET_ACCESS_KEY: 'wrong' }],
    ['no credentials', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', HOME: '/nonexistent' }],
  ])('with %s', async (_what, env) => {
    const server = await servedS3();
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    await expect(open(server)).rejects.toMatchObject({ code: 'LEDGER_REFUSED', exitCode: 6, remedy: expect.stringMatching(/\S/) as string });
  });

  it('without its bucket', async () => {
    const server = await servedS3();
    await expect(openS3Documents({ bucket: 'other', prefix: '', endpoint: server.endpoint })).rejects.toMatchObject({ code: 'LEDGER_REFUSED', message: expect.stringContaining('no bucket') as string });
  });

  it('for now, when nobody answers', async () => {
    const server = await servedS3();
    await server.close();
    await expect(open(server)).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE', exitCode: 5 });
  });
});

it('objects of somebody else, and documents of a later version, stop it with a message', async () => {
  const server = await servedS3();
  const ledger = testLedger(await open(server));
  server.objects.set('posts/publications/a/00000001.json', Buffer.from('<html>'));
  await expect(ledger.list()).rejects.toMatchObject({ code: 'LEDGER_INVALID', exitCode: 2 });
  server.objects.set('posts/publications/a/00000001.json', Buffer.from(JSON.stringify({ nonce: 'n', body: { format: 2 } })));
  await expect(ledger.list()).rejects.toMatchObject({ code: 'LEDGER_INVALID', message: expect.stringContaining('format') as string });
});

it.each([
  ['s3://films', 'publications/'],
  ['S3://films/', 'publications/'],
  ['s3://films/team/posts/', 'team/posts/publications/'],
])('%s opens it', async (address, beginning) => {
  const server = await servedS3();
  const ledger = await openLedger(address, { ...options, s3Endpoint: server.endpoint });
  expect(await ledger.claim(identity(), clip())).toMatchObject({ kind: 'new' });
  await ledger.close();
  expect([...server.objects.keys()].filter((key) => key.startsWith(beginning))).toHaveLength(1);
});

it.each(['s3://', 's3:///posts', 's3://a b/c', 'posts.db'])('%s is no address of a store', async (address) => {
  await expect(openLedger(address, options)).rejects.toMatchObject({ code: 'LEDGER_INVALID', exitCode: 2 });
});

it('a listing of many publications takes the newest version of each, over pages', async () => {
  const server = await servedS3();
  const one = testLedger(await open(server));
  const other = testLedger(await open(server), { self: elsewhere });
  for (let n = 0; n < 20; n += 1) {
    const claim = await one.claim(identity({ sourceSha256: String(n).padStart(64, '0') }), clip({ title: `clip ${n}` }));
    if (claim.kind === 'new' && n % 3 === 0) await one.record(claim.publication, { state: 'published', url: `https://example.com/${n}` });
  }
  const listed = await other.list();
  expect(listed).toHaveLength(20);
  expect(listed.filter(({ state, version }) => state === 'published' && version === 2)).toHaveLength(7);
});
