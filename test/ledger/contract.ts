import { describe, expect, it } from 'vitest';
import type { LedgerDocuments } from '../../src/ledger/documents.js';
import { asLease, clip, elsewhere, HandClock, here, identity, seconds, testLedger } from './open-test-ledger.js';

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const result: T[] = [];
  for await (const item of items) result.push(item);
  return result;
}

/**
 * What every ledger must do, wherever it lies.
 *
 * @param open an empty store, as two processes see it
 */
export function ledgerContract(name: string, open: () => Promise<[LedgerDocuments, LedgerDocuments]>): void {
  describe(`documents in ${name}`, () => {
    it('are written over the version that was read, and no other', async () => {
      const [one, other] = await open();
      expect(await one.read('publications/a')).toBeUndefined();
      expect(await one.write('publications/a', 0, { n: 1 })).toBe(true);
      expect(await other.write('publications/a', 0, { n: 2 })).toBe(false);
      expect(await other.read('publications/a')).toEqual({ id: 'publications/a', version: 1, body: { n: 1 } });
      expect(await other.write('publications/a', 1, { n: 3 })).toBe(true);
      expect(await one.write('publications/a', 1, { n: 4 })).toBe(false);
      expect(await one.read('publications/a')).toEqual({ id: 'publications/a', version: 2, body: { n: 3 } });
    });

    it('that were written by many at once have one winner each', async () => {
      const [one, other] = await open();
      const won = await Promise.all(Array.from({ length: 8 }, (_, n) => (n % 2 ? one : other).write('moments/x', 0, { n })));
      expect(won.filter(Boolean)).toHaveLength(1);
      expect((await one.read('moments/x'))?.body).toEqual({ n: won.indexOf(true) });
    });

    it('are listed by the beginning of their ids, each once, as they are now', async () => {
      const [one, other] = await open();
      for (const id of ['publications/b', 'publications/a', 'leases/a', 'publications/ab']) await one.write(id, 0, { id });
      for (let version = 1; version < 4; version += 1) await other.write('publications/a', version, { version });
      expect((await all(one.list('publications/'))).toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
        { id: 'publications/a', version: 4, body: { version: 3 } },
        { id: 'publications/ab', version: 1, body: { id: 'publications/ab' } },
        { id: 'publications/b', version: 1, body: { id: 'publications/b' } },
      ]);
      expect(await all(one.list('nothing/'))).toEqual([]);
    });
  });

  describe(`a ledger in ${name}`, () => {
    it('gives a claim to one, and to everybody else the same publication', async () => {
      const [one, other] = (await open()).map((documents) => testLedger(documents)) as [ReturnType<typeof testLedger>, ReturnType<typeof testLedger>];
      const first = await one.claim(identity(), clip());
      expect(first).toMatchObject({ kind: 'new', publication: { ...identity(), ...clip(), state: 'claimed', revision: 1, version: 1, handle: null, url: null } });
      const second = await other.claim(identity(), clip({ jobId: 'another', clipSha256: 'd'.repeat(64) }));
      expect(second).toEqual({ kind: 'existing', publication: (first as { publication: unknown }).publication });
      expect(await other.get((second as { publication: { key: string } }).publication.key)).toMatchObject({ jobId: 'job' });
      expect(await one.get('f'.repeat(64))).toBeUndefined();
    });

    it('never takes the same moment for new twice, however many ask at once', async () => {
      const ledgers = (await open()).map((documents) => testLedger(documents));
      const claims = await Promise.all(Array.from({ length: 8 }, (_, n) => ledgers[n % 2]!.claim(identity(), clip({ jobId: `job ${n}` }))));
      expect(claims.filter(({ kind }) => kind === 'new')).toHaveLength(1);
      expect(claims.filter(({ kind }) => kind === 'existing')).toHaveLength(7);
    });

    it('refuses moments that people would take for the same, of the same source on the same account alone', async () => {
      const [documents] = await open();
      const ledger = testLedger(documents);
      const posted = await ledger.claim(identity(), clip({ ranges: seconds([0, 30]) }));
      if (posted.kind !== 'new') throw new Error(posted.kind);
      await ledger.record(posted.publication, { state: 'published', url: 'https://example.com/1' });
      const claimed = async (lineage: string, ranges: ReturnType<typeof seconds>, changes = {}): Promise<string> => (await ledger.claim(identity({ lineage, ...changes }), clip({ ranges }))).kind;
      expect(await ledger.claim(identity({ lineage: 'm2' }), clip({ ranges: seconds([15, 75]) }))).toMatchObject({ kind: 'overlapping', with: { lineage: 'm1', url: 'https://example.com/1' } });
      expect(await claimed('m3', seconds([10, 20]))).toBe('overlapping');
      expect(await claimed('m4', seconds([15, 75]), { account: 'UC2' })).toBe('new');
      expect(await claimed('m5', seconds([15, 75]), { platform: 'x' })).toBe('new');
      expect(await claimed('m6', seconds([15, 75]), { sourceSha256: 'e'.repeat(64) })).toBe('new');
      expect(await claimed('m7', seconds([16, 76]))).toBe('new');
      expect(await ledger.list()).toHaveLength(5);
    });

    it('gives the place of what failed to others, and then keeps what failed from going on', async () => {
      const [documents] = await open();
      const ledger = testLedger(documents);
      const first = await ledger.claim(identity(), clip());
      if (first.kind !== 'new') throw new Error(first.kind);
      const failed = await ledger.record(first.publication, { state: 'failed', problem: { code: 'REMOTE_REFUSED', message: 'no', remedy: 'another title' } });
      const second = await ledger.claim(identity({ lineage: 'm2' }), clip({ title: 'Second words', ranges: seconds([5, 35]) }));
      if (second.kind !== 'new') throw new Error(second.kind);
      expect(await ledger.claim(identity(), clip())).toMatchObject({ kind: 'overlapping', with: { lineage: 'm2' } });
      await expect(ledger.record(failed, { state: 'claimed' })).rejects.toMatchObject({ code: 'LEDGER_OVERLAP', exitCode: 6, message: expect.stringContaining('Second words') as string });
      await ledger.record(second.publication, { state: 'cancelled' });
      const again = await ledger.claim(identity(), clip());
      expect(again).toMatchObject({ kind: 'existing', publication: { state: 'failed' } });
      await ledger.record(failed, { state: 'claimed' });
      expect(await ledger.claim(identity({ lineage: 'm2' }), clip({ ranges: seconds([5, 35]) }))).toMatchObject({ kind: 'overlapping', with: { lineage: 'm1' } });
    });

    it('finishes the claim of somebody who died between its two writes', async () => {
      const [one, other] = await open();
      let left = 1;
      const dying: LedgerDocuments = { place: one.place, read: (id) => one.read(id), list: (prefix) => one.list(prefix), close: () => one.close(), write: async (id, version, body) => (left-- > 0 ? one.write(id, version, body) : Promise.reject(new Error('killed'))) };
      await expect(testLedger(dying).claim(identity(), clip())).rejects.toThrow('killed');
      const ledger = testLedger(other);
      expect(await ledger.list()).toEqual([]);
      expect(await ledger.claim(identity({ lineage: 'm2' }), clip({ ranges: seconds([1, 31]) }))).toMatchObject({ kind: 'overlapping', with: { lineage: 'm1', state: 'claimed', version: 1 } });
      expect(await ledger.claim(identity(), clip())).toMatchObject({ kind: 'existing', publication: { lineage: 'm1' } });
      expect(await ledger.list()).toHaveLength(1);
    });

    it('persists steps: a handle stays until it is replaced or forgotten, a problem until the next step', async () => {
      const [one, other] = (await open()).map((documents) => testLedger(documents));
      const claim = await one!.claim(identity(), clip());
      if (claim.kind !== 'new') throw new Error(claim.kind);
      let now = await one!.record(claim.publication, { state: 'prepared', handle: { session: 'https://example.com/s?a=1', parts: [1, { n: null }] } });
      now = await one!.record(now, { state: 'uploading', notBeforeMs: 7, problem: { code: 'REMOTE_UNAVAILABLE', message: 'busy', remedy: 'wait' } });
      expect(await other!.get(now.key)).toEqual(now);
      expect(now).toMatchObject({ state: 'uploading', version: 3, handle: { session: 'https://example.com/s?a=1', parts: [1, { n: null }] }, notBeforeMs: 7, problem: { message: 'busy' } });
      now = await one!.record(now, { state: 'claimed', handle: null });
      expect(now).toMatchObject({ handle: null, problem: null, notBeforeMs: null });
      now = await one!.record(now, { state: 'published', url: 'https://example.com/1' });
      expect(await one!.record(now, { state: 'published' })).toMatchObject({ url: 'https://example.com/1' });
    });

    it('tells one of two writers that the other was quicker', async () => {
      const [one, other] = (await open()).map((documents, n) => testLedger(documents, { self: [here, elsewhere][n]! }));
      const claim = await one!.claim(identity(), clip());
      if (claim.kind !== 'new') throw new Error(claim.kind);
      const outcomes = await Promise.allSettled([one!.record(claim.publication, { state: 'committing' }), other!.record(claim.publication, { state: 'committing' })]);
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'LEDGER_CONFLICT', exitCode: 5, message: expect.stringMatching(/process (10 on here|20 on elsewhere)/) as string } });
      await expect(other!.record({ ...claim.publication, version: 0 }, { state: 'failed' })).rejects.toMatchObject({ code: 'LEDGER_CONFLICT' });
    });

    it('keeps what was public while a person has the changed clip posted as well', async () => {
      const [documents] = await open();
      const ledger = testLedger(documents);
      const claim = await ledger.claim(identity(), clip());
      if (claim.kind !== 'new') throw new Error(claim.kind);
      const posted = await ledger.record(claim.publication, { state: 'published', url: 'https://example.com/1', handle: { id: '1' } });
      const revised = await ledger.revise(posted, clip({ jobId: 'later', clipSha256: 'd'.repeat(64), title: 'Corrected words', ranges: seconds([40, 70]) }));
      expect(revised).toMatchObject({ revision: 2, state: 'claimed', handle: null, url: null, title: 'Corrected words', clipSha256: 'd'.repeat(64), jobId: 'later', ranges: seconds([40, 70]) });
      await expect(ledger.revise(posted, clip())).rejects.toMatchObject({ code: 'LEDGER_CONFLICT' });
      await ledger.record(revised, { state: 'failed' });
      expect(await ledger.claim(identity({ lineage: 'm2' }), clip({ ranges: seconds([2, 32]) }))).toMatchObject({ kind: 'overlapping', with: { lineage: 'm1', url: 'https://example.com/1' } });
      expect((await ledger.history()).map(({ event }) => [event.what, event.revision, event.url])).toEqual([['claimed', 1, undefined], ['published', 1, 'https://example.com/1'], ['revised', 2, undefined], ['failed', 2, undefined]]);
    });

    it('plans, gives another time, and leaves alone what has begun', async () => {
      const [documents] = await open();
      const ledger = testLedger(documents);
      const claim = await ledger.claim(identity(), clip({ dueMs: 5_000 }));
      if (claim.kind !== 'new') throw new Error(claim.kind);
      expect(claim.publication).toMatchObject({ state: 'planned', dueMs: 5_000 });
      const moved = await ledger.plan(claim.publication, 9_000);
      expect(moved).toMatchObject({ state: 'planned', dueMs: 9_000 });
      const atOnce = await ledger.plan(moved, null);
      expect(atOnce).toMatchObject({ state: 'claimed', dueMs: null });
      const begun = await ledger.record(atOnce, { state: 'uploading' });
      await expect(ledger.plan(begun, 10_000)).rejects.toMatchObject({ code: 'LEDGER_CONFLICT', message: expect.stringContaining('uploading') as string });
      expect(await ledger.get(begun.key)).toEqual(begun);
    });

    it('lists oldest first and tells who did what, when, from which machine', async () => {
      const [first, second] = await open();
      const clock = new HandClock();
      const one = testLedger(first, { clock });
      const other = testLedger(second, { clock, self: elsewhere });
      const begunMs = clock.wallMs;
      const a = await one.claim(identity({ platform: 'x' }), clip({ jobId: 'job a' }));
      clock.pass(1_000);
      await other.claim(identity(), clip({ jobId: 'job b' }));
      if (a.kind !== 'new') throw new Error(a.kind);
      clock.pass(1_000);
      let chunk = await other.record(a.publication, { state: 'uploading', handle: { sentBytes: 1 } });
      chunk = await other.record(chunk, { state: 'uploading', handle: { sentBytes: 2 } });
      await other.record(chunk, { state: 'published', url: 'https://example.com/x' }, 'a person says so');
      expect((await one.list()).map(({ jobId }) => jobId)).toEqual(['job a', 'job b']);
      expect((await one.list({ platform: 'youtube' })).map(({ jobId }) => jobId)).toEqual(['job b']);
      expect(await one.list({ jobId: 'job a', account: 'UC2' })).toEqual([]);
      const told = await one.history({ platform: 'x' });
      expect(told.map(({ event }) => event)).toEqual([
        { atMs: begunMs, by: { host: 'here', pid: 10 }, what: 'claimed', revision: 1 },
        { atMs: begunMs + 2_000, by: { host: 'elsewhere', pid: 20 }, what: 'uploading', revision: 1 },
        { atMs: begunMs + 2_000, by: { host: 'elsewhere', pid: 20 }, what: 'published', revision: 1, url: 'https://example.com/x', note: 'a person says so' },
      ]);
      expect(told[0]?.publication).toMatchObject({ state: 'published' });
      expect(await one.history({ sinceMs: begunMs + 1_500 })).toHaveLength(2);
    });

    it('adds up quota over all that spend it', async () => {
      const ledgers = (await open()).map((documents) => testLedger(documents));
      expect(await ledgers[0]!.spent('youtube', 'UC1', '2026-11-25')).toEqual({});
      await Promise.all(Array.from({ length: 10 }, (_, n) => ledgers[n % 2]!.spend('youtube', 'UC1', '2026-11-25', { units: 100, [`kind-${n % 2}`]: 1 })));
      expect(await ledgers[1]!.spent('youtube', 'UC1', '2026-11-25')).toEqual({ units: 1_000, 'kind-0': 5, 'kind-1': 5 });
      expect(await ledgers[1]!.spent('youtube', 'UC1', '2026-11-26')).toEqual({});
      expect(await ledgers[1]!.spent('youtube', 'UC2', '2026-11-25')).toEqual({});
    });

    it('lets one process at a time work on an account', async () => {
      const [one, other] = (await open()).map((documents, n) => testLedger(documents, { self: [here, elsewhere][n]! }));
      const taken = await Promise.all([one!.lease('x', 'a'), other!.lease('x', 'a')]);
      expect(taken.filter((lease) => 'heldBy' in lease)).toHaveLength(1);
      const held = asLease(taken.find((lease) => !('heldBy' in lease))!);
      expect(held.stillHeld()).toBe(true);
      asLease(await other!.lease('x', 'b'));
      expect(await one!.lease('x', 'b')).toMatchObject({ heldBy: elsewhere });
      await held.release();
      expect(held.stillHeld()).toBe(false);
      await asLease(await one!.lease('x', 'a')).release();
      await other!.close();
      await asLease(await one!.lease('x', 'b')).release();
      await one!.close();
    });
  });
}
