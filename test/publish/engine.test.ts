import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLedgerDocuments } from '../../src/jobs/ledger-documents.js';
import { DocumentLedger } from '../../src/ledger/document-ledger.js';
import type { Ledger } from '../../src/ledger/ledger.js';
import type { Credentials } from '../../src/publishers/credentials.js';
import type { FaultScript } from '../../src/sandbox/faults.js';
import { SnvgError } from '../../src/errors.js';
import { here } from '../ledger/open-test-ledger.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { PracticePlatform, practicePublisher } from './practice-platform.js';
import { clips, credentials, Life, outcomes, practice, publishOnce, type Practice } from './run-practice.js';

function ledgerOf({ documents, clock }: Practice): Ledger {
  return new DocumentLedger(documents, { self: { ...here, pid: 99_999 }, clock, isAlive: () => true });
}

/** Fails the nth request to `path`. */
function failing(path: string, times: number, fault: NonNullable<ReturnType<FaultScript>>): FaultScript {
  let left = times;
  return ({ method, url }) => (`${method} ${url.pathname.split('/')[1]}` === path && left-- > 0 ? fault : undefined);
}

test('posts each clip once, and says so the second time', async () => {
  const on = practice(new PracticePlatform());
  const three = clips(3);
  expect(outcomes(await publishOnce(on, three))).toEqual(['published', 'published', 'published']);
  expect(outcomes(await publishOnce(on, three))).toEqual(['already', 'already', 'already']);
  expect(on.platform.posts().map(({ text }) => text)).toEqual(['Clip 1', 'Clip 2', 'Clip 3']);
});

test('a kill anywhere, before or after any write or request, ends in exactly one post (postiz-app#1682, AiToEarn#586, trypost#281)', async () => {
  const whole = new Life();
  await publishOnce(practice(new PracticePlatform({ polls: 2 })), clips(1), { life: whole });
  expect(whole.actions).toBeGreaterThan(15);
  for (let at = 1; at <= whole.actions; at += 1) {
    for (const after of [false, true]) {
      const on = practice(new PracticePlatform({ polls: 2 }));
      const clip = clips(1);
      const life = new Life({ at, after });
      await publishOnce(on, clip, { life });
      expect(life.dead).toBe(true);
      expect(on.platform.posts().length).toBeLessThanOrEqual(1);
      const next = await publishOnce(on, clip);
      expect(outcomes(next).join(), `after a kill ${after ? 'after' : 'before'} action ${at}`).toMatch(/^(published|already)$/);
      expect(on.platform.posts()).toHaveLength(1);
    }
  }
});

test('two kills, at every pair of a sample of places, still end in one post', async () => {
  for (let first = 2; first < 24; first += 3) {
    for (let second = 1; second < 24; second += 4) {
      const on = practice(new PracticePlatform());
      const clip = clips(1);
      await publishOnce(on, clip, { life: new Life({ at: first, after: true }) });
      await publishOnce(on, clip, { life: new Life({ at: second, after: second % 2 === 0 }) });
      expect(outcomes(await publishOnce(on, clip)).join()).toMatch(/^(published|already)$/);
      expect(on.platform.posts()).toHaveLength(1);
    }
  }
});

test.each([
  { kind: 'drop-before' as const, posts: 1 },
  { kind: 'drop-after' as const, posts: 1 },
  { kind: 'half-body' as const, posts: 1 },
  { kind: 'slow' as const, posts: 1 },
])('a lost reply to the request that posts ($kind) is looked up, never repeated blindly', async ({ kind, posts }) => {
  const on = practice(new PracticePlatform());
  const faults = failing('POST posts', 1, { kind });
  expect(outcomes(await publishOnce(on, clips(1), { faults }))).toEqual(['published']);
  expect(on.platform.posts()).toHaveLength(posts);
  expect(on.platform.requests.filter((one) => one === 'GET /posts')).toHaveLength(1);
});

test.each([{ status: 500 }, { status: 503 }])('a server error ($status) to the request that posts, after its effect, is looked up', async ({ status }) => {
  const on = practice(new PracticePlatform());
  expect(outcomes(await publishOnce(on, clips(1), { faults: failing('POST posts', 1, { kind: 'error-after', status }) }))).toEqual(['published']);
  expect(on.platform.posts()).toHaveLength(1);
});

test('a platform that cannot be asked leaves the question to a person, and nothing is sent again', async () => {
  const on = practice(new PracticePlatform());
  const publisher = practicePublisher({ undecided: true });
  const clip = clips(1);
  const result = await publishOnce(on, clip, { publisher, faults: failing('POST posts', 1, { kind: 'drop-after' }) });
  expect(result).toMatchObject({ ended: [{ outcome: 'unknown', problem: { code: 'PUBLICATION_UNKNOWN', question: 'Is it there?', remedy: expect.stringContaining('--resolve') } }] });
  expect(outcomes(await publishOnce(on, clip, { publisher }))).toEqual(['unknown']);
  expect(on.platform.posts()).toHaveLength(1);
  // Once the platform can be asked, it is found.
  expect(outcomes(await publishOnce(on, clip))).toEqual(['published']);
  expect(on.platform.posts()).toHaveLength(1);
});

test('found in `committing`, the request of a process that has just died gets time to arrive before the platform is asked', async () => {
  const on = practice(new PracticePlatform());
  const clip = clips(1);
  const before = new Life();
  await publishOnce(practice(new PracticePlatform()), clip, { life: before, faults: ({ method, url }) => (method === 'POST' && url.pathname === '/posts' ? { kind: 'drop-before' } : undefined) });
  // Dies on the request that posts, which is then still under way.
  let at = 0;
  for (let place = 1; place < before.actions && at === 0; place += 1) {
    const trial = practice(new PracticePlatform());
    await publishOnce(trial, clip, { life: new Life({ at: place, after: true }) });
    if (trial.platform.posts().length === 1) at = place;
  }
  await publishOnce(on, clip, { life: new Life({ at, after: false }) });
  const [found] = await ledgerOf(on).list();
  expect(found).toMatchObject({ state: 'committing' });
  const diedMs = on.clock.wallMs;
  expect(outcomes(await publishOnce(on, clip))).toEqual(['published']);
  expect(on.clock.wallMs - diedMs).toBeGreaterThanOrEqual(60_000);
  // A day later nothing can be under way any more.
  const late = practice(new PracticePlatform());
  await publishOnce(late, clip, { life: new Life({ at, after: true }) });
  late.clock.pass(86_400_000);
  const resumedMs = late.clock.wallMs;
  expect(outcomes(await publishOnce(late, clip))).toEqual(['published']);
  expect(late.clock.wallMs - resumedMs).toBeLessThan(60_000);
  expect(late.platform.posts()).toHaveLength(1);
});

test('an expired token after the upload is renewed once and the same upload goes on (postiz-app#1682)', async () => {
  const on = practice(new PracticePlatform());
  on.platform.tokens.clear();
  on.platform.tokens.set('token', 'me');
  let current: Credentials = credentials;
  let renewals = 0;
  const login = {
    credentials: async () => current,
    renew: async (rejected: Credentials) => {
      expect(rejected.accessToken).toBe('token');
      renewals += 1;
      on.platform.tokens.set('younger', 'me');
      return (current = { ...credentials, accessToken: 'younger' });
    },
  };
  const faults: FaultScript = ({ method, url }) => {
    if (method === 'POST' && url.pathname === '/posts') on.platform.tokens.delete('token');
    return undefined;
  };
  expect(outcomes(await publishOnce(on, clips(1), { login, faults }))).toEqual(['published']);
  expect(renewals).toBe(1);
  expect(on.platform.requests.filter((one) => one === 'POST /sessions')).toHaveLength(1);
  expect(on.platform.posts()).toHaveLength(1);
});

test('a login that has ended leaves everything where it is, with what to do (youtubeuploader#115, #128, #163)', async () => {
  const on = practice(new PracticePlatform());
  const ended = new SnvgError('AUTH_NEEDED', 'The login of Practice has ended', 'Log in again: snvg auth login practice');
  const login = { credentials: async () => Promise.reject(ended), renew: async () => Promise.reject(ended) };
  const two = clips(2);
  const result = await publishOnce(on, two, { login });
  expect(result).toMatchObject({ ended: [{ outcome: 'left', problem: { code: 'AUTH_NEEDED', remedy: ended.remedy } }, { outcome: 'left', problem: { code: 'AUTH_NEEDED' } }] });
  expect(on.platform.requests).toEqual([]);
  expect(outcomes(await publishOnce(on, two))).toEqual(['published', 'published']);
});

test('a token that stays refused after it was renewed leaves the post resumable', async () => {
  const on = practice(new PracticePlatform());
  const result = await publishOnce(on, clips(1), { faults: ({ method, url }) => (method === 'POST' && url.pathname === '/posts' ? { kind: 'status', status: 401 } : undefined) });
  expect(result).toMatchObject({ ended: [{ outcome: 'left', publication: { state: 'uploading' }, problem: { code: 'AUTH_NEEDED' } }] });
  expect(on.platform.posts()).toHaveLength(0);
});

test('a policy refusal fails the post, explained, and the others go on', async () => {
  const on = practice(new PracticePlatform());
  const three = clips(3);
  const [first, second, third] = three;
  if (!first || !second || !third) throw new Error('three clips');
  const result = await publishOnce(on, [first, { ...second, title: 'forbidden words' }, third]);
  expect(outcomes(result)).toEqual(['published', 'failed', 'published']);
  expect(result).toMatchObject({ ended: [{}, { problem: { code: 'REMOTE_REFUSED', message: expect.stringContaining('policy') } }, {}] });
  expect(on.platform.posts().map(({ text }) => text)).toEqual(['Clip 1', 'Clip 3']);
  // Corrected, it begins anew.
  expect(outcomes(await publishOnce(on, three))).toEqual(['already', 'published', 'already']);
});

test('a server that fails again and again is left alone, and the run ends resumable with a time', async () => {
  const on = practice(new PracticePlatform());
  const clip = clips(1);
  const result = await publishOnce(on, clip, { faults: ({ method }) => (method === 'PUT' ? { kind: 'status', status: 503 } : undefined) });
  expect(result).toMatchObject({ ended: [{ outcome: 'left', publication: { state: 'prepared' }, problem: { code: 'REMOTE_UNAVAILABLE' } }] });
  expect(on.platform.requests).toEqual(['POST /sessions']);
  expect(outcomes(await publishOnce(on, clip))).toEqual(['published']);
  expect(on.platform.requests.filter((one) => one === 'POST /sessions')).toHaveLength(1);
});

test('more than the day gives is left for the next day of the platform, and what is spent stays spent over processes', async () => {
  const on = practice(new PracticePlatform());
  const quotas = [{ id: 'posts', perDay: 2, timeZone: 'America/Los_Angeles', perPost: 1 }];
  const publisher = practicePublisher({ quotas, spend: 'posts' });
  const three = clips(3);
  const result = await publishOnce(on, three, { publisher });
  expect(outcomes(result).toSorted()).toEqual(['left', 'published', 'published']);
  // Noon in Greenwich is before midnight in Los Angeles by 20 hours.
  expect(await ledgerOf(on).list()).toContainEqual(expect.objectContaining({ state: 'claimed', notBeforeMs: Date.UTC(2026, 10, 26, 8), problem: expect.objectContaining({ code: 'QUOTA_EXHAUSTED' }) }));
  expect(outcomes(await publishOnce(on, three, { publisher })).toSorted()).toEqual(['already', 'already', 'left']);
  on.clock.wallMs = Date.UTC(2026, 10, 26, 8);
  expect(outcomes(await publishOnce(on, three, { publisher })).toSorted()).toEqual(['already', 'already', 'published']);
  expect(on.platform.posts()).toHaveLength(3);
});

test('a changed clip is posted again only when asked, as a revision', async () => {
  const on = practice(new PracticePlatform());
  await publishOnce(on, clips(1));
  const changed = clips(1, { bytes: Buffer.from('corrected words') });
  expect(outcomes(await publishOnce(on, changed))).toEqual(['changed']);
  expect(on.platform.posts()).toHaveLength(1);
  const again = await publishOnce(on, changed, { again: true });
  expect(again).toMatchObject({ ended: [{ outcome: 'published', publication: { revision: 2 } }] });
  expect(outcomes(await publishOnce(on, changed, { again: true }))).toEqual(['already']);
  expect(on.platform.posts()).toHaveLength(2);
});

test('a caption that is corrected between a kill and the next run never makes a second post, nor mixes two films', async () => {
  const whole = new Life();
  await publishOnce(practice(new PracticePlatform()), clips(1), { life: whole });
  const films = new Set<string>();
  for (let at = 1; at < whole.actions; at += 1) {
    const on = practice(new PracticePlatform());
    await publishOnce(on, clips(1), { life: new Life({ at, after: true }) });
    const result = await publishOnce(on, clips(1, { bytes: Buffer.from('corrected words') }));
    expect(outcomes(result).join()).toMatch(/^(published|changed|unknown)$/);
    expect(on.platform.posts().length).toBeLessThanOrEqual(1);
    for (const post of on.platform.posts()) films.add(post.videoSha256);
    if (outcomes(result)[0] === 'published') expect(on.platform.posts()).toHaveLength(1);
  }
  const [old, corrected] = [clips(1), clips(1, { bytes: Buffer.from('corrected words') })].map(([film]) => film?.sha256);
  expect([...films].toSorted()).toEqual([old, corrected].toSorted());
});

test('a moment that overlaps one that is there is refused with its address', async () => {
  const on = practice(new PracticePlatform());
  const [first, second] = clips(2);
  if (!first || !second) throw new Error('two clips');
  await publishOnce(on, [first]);
  const { runAccount } = await import('../../src/pipeline/publish/run-account.js');
  const { orderFor, startProcess, handTiming, fixedLogin } = await import('./run-practice.js');
  const { usualPatience } = await import('../../src/pipeline/publish/timing.js');
  const { ledger, http } = startProcess(on);
  const order = orderFor(second);
  const overlapping = { ...order, claimed: { ...order.claimed, ranges: [{ startUs: 65e6, endUs: 95e6 }] } };
  const result = await runAccount({ ledger, http, publisher: practicePublisher(), account: { id: 'me', name: 'Me' }, login: fixedLogin, timing: handTiming(on.clock), patience: usualPatience, signal: new AbortController().signal, wait: false, event: () => {} }, [overlapping]);
  expect(result).toMatchObject({ ended: [{ outcome: 'overlapping', problem: { code: 'LEDGER_OVERLAP', message: expect.stringContaining('https://practice.example/p1') } }] });
  expect(on.platform.posts()).toHaveLength(1);
});

test('an account that another process works on is left to it, and a cron that overlaps itself for an hour posts once (ocw-studio#828, django-cronjobs#1)', async () => {
  const on = practice(new PracticePlatform({ polls: 100 }));
  const clip = clips(2);
  const results: string[] = [];
  // Started every minute while the first is still waiting for the platform, in the same hour of fake time.
  const running: Promise<unknown>[] = [];
  for (let minute = 0; minute < 60; minute += 1) {
    running.push(publishOnce(on, clip).then((result) => results.push('heldBy' in result ? 'held' : outcomes(result).join())));
    on.clock.pass(60_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(running);
  expect(results).toHaveLength(60);
  for (const result of results) expect(['held', 'published,published', 'already,already']).toContain(result);
  expect(results.filter((result) => result === 'published,published')).toHaveLength(1);
  expect(on.platform.posts()).toHaveLength(2);
});

test('two machines at once that share the ledger post each clip once (postiz-app#1779)', async () => {
  const file = join(temporaryFolder(), 'ledger.db');
  const documents = [openLedgerDocuments(file, { shared: true }), openLedgerDocuments(file, { shared: true })] as const;
  const on = practice(new PracticePlatform(), documents[0]);
  const four = clips(4);
  const [one, other] = await Promise.all([publishOnce(on, four, { host: 'one', wait: true }), publishOnce({ ...on, documents: documents[1] }, four, { host: 'other', wait: true })]);
  expect([...outcomes(one), ...outcomes(other)].filter((outcome) => outcome === 'published')).toHaveLength(4);
  expect(on.platform.posts()).toHaveLength(4);
  for (const each of documents) await each.close();
});

test('a throw-away machine that runs twice with a shared ledger posts once', async () => {
  const on = practice(new PracticePlatform());
  const clip = clips(1);
  await publishOnce(on, clip, { host: 'runner-1' });
  // The second machine has made the clip anew: other bytes, the same moment.
  const remade = clips(1, { bytes: Buffer.from('9876543210') });
  expect(outcomes(await publishOnce(on, remade, { host: 'runner-2' }))).toEqual(['changed']);
  expect(on.platform.posts()).toHaveLength(1);
});

test('stopped by a signal, everything stays where it is and goes on later', async () => {
  const on = practice(new PracticePlatform({ polls: 50 }));
  const stop = new AbortController();
  const clip = clips(1);
  const result = await publishOnce(on, clip, { signal: stop.signal, faults: ({ method, url }) => (method === 'GET' && url.pathname.startsWith('/posts/') ? (stop.abort(new Error('stop')), undefined) : undefined) });
  expect(result).toMatchObject({ stopped: expect.objectContaining({ message: 'stop' }), ended: [{ outcome: 'left', publication: { state: 'processing' } }] });
  expect(outcomes(await publishOnce(on, clip))).toEqual(['published']);
  expect(on.platform.posts()).toHaveLength(1);
});
