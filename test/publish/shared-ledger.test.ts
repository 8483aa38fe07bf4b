import { mkdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PublishRow } from '../../src/app/publishing/rows.js';
import { serveStandIns, type SandboxServer } from '../../src/sandbox/server.js';
import { XStandIn } from '../../src/sandbox/x/index.js';
import { Workplace } from '../end-to-end/workplace.js';
import { appAt, deliverJob } from '../support/delivered-job.js';
import { s3Keys, startS3, type S3Server } from '../support/s3-server.js';

const person = { id: '2244994945', name: 'person' };
const x = new XStandIn({ nowMs: () => Date.now() });
const machines: Workplace[] = [];
let sandbox: SandboxServer;
let store: S3Server;

beforeAll(async () => {
  x.uploads.processingMs = 0;
  sandbox = await serveStandIns({ standIns: [x] });
  store = await startS3({});
});

afterAll(async () => {
  for (const place of machines) place.leave();
  await sandbox.close();
  await store.close();
});

/** A CI machine that has made the job's clips anew and knows nothing of other machines. */
async function machine(film: string): Promise<() => Promise<{ exitCode: number | null; stderr: string; outcomes: string[] }>> {
  const place = new Workplace();
  machines.push(place);
  mkdirSync(place.home, { recursive: true });
  const app = await appAt(place.home);
  deliverJob(app, place.cwd, { film });
  await app.close();
  const env = {
    CI: 'true',
    AWS_ACCESS_KEY_ID: s3Keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3Keys.secretAccessKey,
    SNVG_S3_ENDPOINT: store.endpoint,
    SNVG_PLATFORM_HOSTS: JSON.stringify({ '*': sandbox.url }),
    SNVG_X_ACCESS_TOKEN: x.issue(person).accessToken,
    SNVG_X_ACCOUNT_ID: person.id,
    SNVG_X_ACCOUNT_NAME: person.name,
  };
  return async () => {
    const { exitCode, stdout, stderr } = await place.snvgWith(env, 'publish', 'talk.snvg', '--to', 'x', '--auto-approve', '--ledger', 's3://films/ledger', '--json');
    const { publications = [] } = JSON.parse(stdout) as { publications?: PublishRow[] };
    return { exitCode, stderr, outcomes: publications.map(({ outcome }) => outcome) };
  };
}

test('two thrown-away machines at once, a third one later, and one with edited captions post each clip once (postiz-app#1779)', async () => {
  const runs = await Promise.all([await machine('film'), await machine('film')].map((publish) => publish()));
  for (const { exitCode, stderr } of runs) expect(exitCode, stderr).toBe(0);
  expect(runs.flatMap(({ outcomes }) => outcomes).filter((outcome) => outcome === 'published')).toHaveLength(3);
  expect(x.posts()).toHaveLength(3);
  const later = await (await machine('film'))();
  expect(later).toMatchObject({ exitCode: 0, outcomes: ['already', 'already', 'already'] });
  const edited = await (await machine('film with corrected captions'))();
  expect(edited).toMatchObject({ exitCode: 0, outcomes: ['changed', 'changed', 'changed'] });
  expect(x.posts()).toHaveLength(3);
});
