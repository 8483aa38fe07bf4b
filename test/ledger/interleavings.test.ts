import { array, assert, asyncProperty, constantFrom, integer, record, scheduler, type Scheduler } from 'fast-check';
import { expect, it } from 'vitest';
import { openLedgerDocuments } from '../../src/jobs/ledger-documents.js';
import type { LedgerDocuments } from '../../src/ledger/documents.js';
import type { Claim, ClaimedClip } from '../../src/ledger/ledger.js';
import { isSameToPeople } from '../../src/ledger/overlap.js';
import type { Publication } from '../../src/publishers/publisher.js';
import { clip, elsewhere, here, identity, testLedger } from './open-test-ledger.js';

/** The store as one process sees it: each request waits for its turn, which the property chooses, before it and after it. */
function scheduled(store: LedgerDocuments, turns: Scheduler): LedgerDocuments {
  const turn = async <T>(request: () => Promise<T>): Promise<T> => {
    await turns.schedule(Promise.resolve());
    const answer = await request();
    await turns.schedule(Promise.resolve());
    return answer;
  };
  return {
    place: store.place,
    read: (id) => turn(() => store.read(id)),
    write: (id, version, body) => turn(() => store.write(id, version, body)),
    list: (prefix) => store.list(prefix),
    close: async () => {},
  };
}

const moments = array(
  record({ lineage: constantFrom('m1', 'm2', 'm3'), startS: integer({ min: 0, max: 80 }), lengthS: integer({ min: 5, max: 60 }), ledger: constantFrom(0, 1) }),
  { minLength: 2, maxLength: 6 },
);

function rangesOf({ startS, lengthS }: { startS: number; lengthS: number }): ClaimedClip['ranges'] {
  return [{ startUs: startS * 1e6, endUs: (startS + lengthS) * 1e6 }];
}

it('claims in any order of requests: one `new` for a key, and never two moments that people would take for the same', async () => {
  await assert(
    asyncProperty(moments, scheduler(), async (wanted, turns) => {
      const store = openLedgerDocuments(':memory:');
      const ledgers = [here, elsewhere].map((self) => testLedger(scheduled(store, turns), { self }));
      const claims = Promise.all(wanted.map((one) => ledgers[one.ledger]!.claim(identity({ lineage: one.lineage }), clip({ ranges: rangesOf(one) }))));
      const answers: Claim[] = await turns.waitFor(claims);
      const taken = await testLedger(store).list();
      const fresh = answers.filter(({ kind }) => kind === 'new');
      expect(fresh).toHaveLength(taken.length);
      expect(new Set(fresh.map((claim) => (claim.kind === 'new' ? claim.publication.key : ''))).size).toBe(taken.length);
      for (const [index, one] of taken.entries()) for (const other of taken.slice(index + 1)) expect(isSameToPeople(one.ranges, other.ranges)).toBe(false);
      for (const [index, answer] of answers.entries()) if (answer.kind === 'overlapping') expect(isSameToPeople(answer.with.ranges, rangesOf(wanted[index]!))).toBe(true);
      await store.close();
    }),
    { numRuns: 150 },
  );
});

it('something given up goes on, or an overlapping one takes its place, but never both', async () => {
  await assert(
    asyncProperty(scheduler(), async (turns) => {
      const store = openLedgerDocuments(':memory:');
      const quiet = testLedger(store);
      const first = await quiet.claim(identity(), clip());
      if (first.kind !== 'new') throw new Error(first.kind);
      const failed = await quiet.record(first.publication, { state: 'failed' });
      const [one, other] = [here, elsewhere].map((self) => testLedger(scheduled(store, turns), { self }));
      const revived = one!.record(failed, { state: 'claimed' }).then(
        () => true,
        (error: unknown) => (expect(error).toMatchObject({ code: 'LEDGER_OVERLAP' }), false),
      );
      const taken = other!.claim(identity({ lineage: 'm2' }), clip({ ranges: [{ startUs: 1e6, endUs: 31e6 }] })).then(({ kind }) => kind === 'new');
      const both = await turns.waitFor(Promise.all([revived, taken]));
      expect(both.filter(Boolean)).toHaveLength(1);
      expect((await quiet.list()).filter(({ state }) => state === 'claimed')).toHaveLength(1);
      await store.close();
    }),
    { numRuns: 150 },
  );
});

it('no change is lost: each that was taken is in the history, and the others were told', async () => {
  await assert(
    asyncProperty(array(constantFrom(0, 1), { minLength: 2, maxLength: 8 }), scheduler(), async (writers, turns) => {
      const store = openLedgerDocuments(':memory:');
      const quiet = testLedger(store);
      const first = await quiet.claim(identity(), clip());
      if (first.kind !== 'new') throw new Error(first.kind);
      const ledgers = [here, elsewhere].map((self) => testLedger(scheduled(store, turns), { self }));
      const { key } = first.publication;
      const work = writers.map(async (which, n) => {
        const current = (await ledgers[which]!.get(key)) as Publication;
        try {
          await ledgers[which]!.record(current, { state: 'uploading', handle: { n } }, `step ${n}`);
          await ledgers[which]!.spend('youtube', 'UC1', '2026-11-25', { posts: 1 });
          return n;
        } catch (error) {
          expect(error).toMatchObject({ code: 'LEDGER_CONFLICT' });
          return undefined;
        }
      });
      const kept = (await turns.waitFor(Promise.all(work))).filter((n) => n !== undefined);
      const told = (await quiet.history()).map(({ event }) => event.note).filter((note) => note !== undefined);
      expect(told.toSorted()).toEqual(kept.map((n) => `step ${n}`).toSorted());
      expect(kept.length).toBeGreaterThan(0);
      expect((await quiet.get(key))?.version).toBe(1 + kept.length);
      expect(await quiet.spent('youtube', 'UC1', '2026-11-25')).toEqual({ posts: kept.length });
      await store.close();
    }),
    { numRuns: 100 },
  );
});
