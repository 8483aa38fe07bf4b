import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { fetchInput } from '../../src/sources/registry.js';
import { listS3 } from '../../src/sources/s3/index.js';
import { remoteInput } from '../../src/sources/url-input.js';
import { s3Keys, startS3, type S3Fault, type S3Server } from '../support/s3-server.js';
import { fetchContext } from './fetch-context.js';
import { testBytes } from './file-server.js';

const film = testBytes(0, 3 << 20);
const servers: S3Server[] = [];

async function store(faults: S3Fault[] = []): Promise<S3Server> {
  const server = await startS3({ 'in/2 talk.mp4': film, 'in/10 talk.mp4': film, 'in/日本.mov': film, 'in/notes.txt': film, 'in/deep/x.mp4': film, 'top.mp4': film, 'odd/100% what?#[1] + %20.mp4': film }, { faults });
  servers.push(server);
  return server;
}

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', s3Keys.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', s3Keys.secretAccessKey);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
afterAll(() => vi.unstubAllEnvs());

describe('an object of an S3-compatible store', () => {
  it.each<[string, S3Fault[]]>([
    ['at once', []],
    ['over cut connections and a busy store', [{ cutAfter: 1 << 20 }, { status: 503, code: 'SlowDown' }, { cutAfter: 1 << 19 }]],
    ['though it is replaced meanwhile', [{ cutAfter: 1 << 20, etag: '"older"' }]],
  ])('is downloaded %s', async (_how, faults) => {
    const { endpoint } = await store(faults);
    const local = await fetchInput(remoteInput('s3://films/in/2 talk.mp4'), fetchContext({ s3Endpoint: endpoint }));
    expect(readFileSync(local.path).equals(film)).toBe(true);
  });

  it('may have any key, and lie where the variables of the AWS tools say', async () => {
    const { endpoint, requests } = await store();
    vi.stubEnv('AWS_ENDPOINT_URL_S3', endpoint);
    vi.stubEnv('AWS_REGION', '');
    const local = await fetchInput(remoteInput('s3://films/odd/100% what?#[1] + %20.mp4'), fetchContext());
    vi.stubEnv('AWS_ENDPOINT_URL_S3', '');
    vi.stubEnv('AWS_REGION', 'us-east-1');
    expect(readFileSync(local.path).equals(film)).toBe(true);
    expect(requests).toHaveLength(1);
  });

  it('in a store that falls silent is asked for again', async () => {
    const { endpoint } = await store([{ stallAfter: 1 << 20 }]);
    const local = await fetchInput(remoteInput('s3://films/top.mp4'), fetchContext({ s3Endpoint: endpoint, silenceMs: 500 }));
    expect(readFileSync(local.path).equals(film)).toBe(true);
  });

  it('larger than allowed is refused', async () => {
    const { endpoint } = await store();
    await expect(fetchInput(remoteInput('s3://films/top.mp4'), fetchContext({ s3Endpoint: endpoint, maxBytes: 1e6 }))).rejects.toMatchObject({ code: 'SOURCE_TOO_LARGE', exitCode: 3 });
  });

  it('is continued where it stopped, and not downloaded again while it is unchanged', async () => {
    const server = await store([{ cutAfter: 1 << 20 }]);
    const context = fetchContext({ s3Endpoint: server.endpoint });
    const ref = remoteInput('s3://films/top.mp4');
    expect((await fetchInput(ref, context)).name).toBe('top.mp4');
    await fetchInput(ref, context);
    expect(server.requests).toEqual(['GET /films/top.mp4', expect.stringMatching(/^GET \/films\/top\.mp4 bytes=\d{5,}-$/) as string, 'GET /films/top.mp4']);
    expect(context.told.at(-1)).toEqual([film.length, film.length]);
  });

  it.each([
    ['s3://films/none.mp4', {}, 'SOURCE_NOT_FOUND', 3],
    ['s3://other/a.mp4', {}, 'SOURCE_NOT_FOUND', 3],
    ['s3://films/top.mp4', { AWS_SECRET_ACCESS_KEY: 'wrong' }, 'REMOTE_REFUSED', 6],
    ['s3://films/top.mp4', { AWS_ACCESS_KEY_ID: 'nobody' }, 'REMOTE_REFUSED', 6],
    ['s3://films/top.mp4', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', HOME: '/nonexistent' }, 'REMOTE_REFUSED', 6],
  ])('%s with %j is refused in two lines', async (given, env, code, exitCode) => {
    const { endpoint } = await store();
    const before = { ...process.env };
    Object.assign(process.env, env);
    try {
      await expect(fetchInput(remoteInput(given), fetchContext({ s3Endpoint: endpoint }))).rejects.toMatchObject({ code, exitCode, remedy: expect.stringMatching(/\S/) as string });
    } finally {
      Object.assign(process.env, Object.fromEntries(Object.keys(env).map((name) => [name, before[name] ?? ''])));
    }
  });

  it('is found in its folder, page by page, media alone', async () => {
    const { endpoint } = await store();
    expect(await listS3('s3://films/in/', endpoint)).toEqual(['s3://films/in/10 talk.mp4', 's3://films/in/2 talk.mp4', 's3://films/in/日本.mov']);
    await expect(listS3('s3://films/empty/', endpoint)).rejects.toMatchObject({ code: 'MEDIA_MISSING' });
  });
});
