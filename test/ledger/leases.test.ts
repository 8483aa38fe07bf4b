import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openLedgerDocuments } from '../../src/jobs/ledger-documents.js';
import type { LedgerDocuments } from '../../src/ledger/documents.js';
import { SnvgError } from '../../src/errors.js';
import { asLease, clip, elsewhere, HandClock, here, identity, testLedger } from './open-test-ledger.js';

const leaseMs = 120_000;
const neighbour = { ...here, pid: 11, startTime: '6' };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => vi.useRealTimers());

/** A holder that has the account and never renews it, as a process that was killed. */
async function leftBehind(documents: LedgerDocuments, clock: HandClock, self = here): Promise<void> {
  asLease(await testLedger(documents, { clock, self }).lease('x', 'a'));
  vi.clearAllTimers();
}

describe('an account whose holder has died', () => {
  it('is free at once on the same machine', async () => {
    const documents = openLedgerDocuments(':memory:');
    const clock = new HandClock();
    await leftBehind(documents, clock);
    const living = { value: true };
    const ledger = testLedger(documents, { clock, self: neighbour, isAlive: ({ pid, startTime }) => living.value || pid !== here.pid || startTime !== here.startTime });
    expect(await ledger.lease('x', 'a')).toEqual({ heldBy: here, sinceMs: clock.wallMs });
    living.value = false;
    asLease(await ledger.lease('x', 'a'));
  });

  it('is not taken for dead because a machine or container of the same name does not know its pid', async () => {
    const documents = openLedgerDocuments(':memory:');
    const clock = new HandClock();
    await leftBehind(documents, clock);
    const ledger = testLedger(documents, { clock, self: { ...neighbour, place: 'another boot' }, isAlive: () => false });
    expect(await ledger.lease('x', 'a')).toMatchObject({ heldBy: here });
  });

  it('is free elsewhere when its time and an allowance for wrong clocks have passed', async () => {
    const documents = openLedgerDocuments(':memory:');
    const clock = new HandClock();
    await leftBehind(documents, clock, elsewhere);
    clock.wallMs += leaseMs + 60_000;
    expect(await testLedger(documents, { clock }).lease('x', 'a')).toMatchObject({ heldBy: elsewhere });
    clock.wallMs += 1;
    asLease(await testLedger(documents, { clock }).lease('x', 'a'));
  });

  it('is free when it stayed unchanged for as long by the watch of whoever waits, whatever the time of day', async () => {
    const documents = openLedgerDocuments(':memory:');
    const clock = new HandClock();
    await leftBehind(documents, clock, elsewhere);
    const waiting = new HandClock();
    waiting.wallMs -= 86_400_000;
    const ledger = testLedger(documents, { clock: waiting });
    expect(await ledger.lease('x', 'a')).toMatchObject({ heldBy: elsewhere });
    waiting.steadyMs += leaseMs - 1;
    expect(await ledger.lease('x', 'a')).toMatchObject({ heldBy: elsewhere });
    waiting.steadyMs += 1;
    asLease(await ledger.lease('x', 'a'));
  });

  it('is free at once when the lease was of this very process and is no more', async () => {
    const documents = openLedgerDocuments(':memory:');
    const failing: LedgerDocuments = { ...bound(documents), write: (id, version, body) => (version === 0 ? documents.write(id, version, body) : Promise.reject(new SnvgError('LEDGER_UNAVAILABLE', 'away', 'wait'))) };
    const lease = asLease(await testLedger(failing).lease('x', 'a'));
    const again = testLedger(documents);
    expect(await again.lease('x', 'a')).toMatchObject({ heldBy: here });
    await lease.release();
    asLease(await again.lease('x', 'a'));
  });
});

describe('a living holder', () => {
  it('keeps the account for hours by renewing, so that nothing long is taken for stalled and begun twice (supoclip#2, bullmq#631)', async () => {
    const documents = openLedgerDocuments(':memory:');
    const clock = new HandClock();
    const lease = asLease(await testLedger(documents, { clock }).lease('x', 'a'));
    const other = testLedger(documents, { clock, self: elsewhere });
    for (let minute = 0; minute < 120; minute += 1) {
      expect(await other.lease('x', 'a')).toMatchObject({ heldBy: here });
      for (let quarter = 0; quarter < 2; quarter += 1) {
        clock.pass(leaseMs / 4);
        await vi.advanceTimersByTimeAsync(leaseMs / 4);
      }
      expect(lease.stillHeld()).toBe(true);
    }
    await lease.release();
    asLease(await other.lease('x', 'a'));
  });

  it('on the same machine is not robbed because the clock was set', async () => {
    const documents = openLedgerDocuments(':memory:');
    const clock = new HandClock();
    asLease(await testLedger(documents, { clock }).lease('x', 'a'));
    const ahead = new HandClock();
    ahead.wallMs += 3_600_000;
    expect(await testLedger(documents, { clock: ahead, self: neighbour }).lease('x', 'a')).toMatchObject({ heldBy: here });
  });

  it('is told when another took over, and no longer writes over its lease', async () => {
    const documents = openLedgerDocuments(':memory:');
    const clock = new HandClock();
    const lease = asLease(await testLedger(documents, { clock }).lease('x', 'a'));
    const later = new HandClock();
    later.wallMs += 3_600_000;
    const other = testLedger(documents, { clock: later, self: elsewhere });
    const taken = asLease(await other.lease('x', 'a'));
    await vi.advanceTimersByTimeAsync(leaseMs / 4);
    expect(lease.lost.aborted).toBe(true);
    expect(lease.lost.reason).toMatchObject({ code: 'LEDGER_CONFLICT' });
    expect(lease.stillHeld()).toBe(false);
    await lease.release();
    expect(taken.lost.aborted).toBe(false);
    expect(await testLedger(documents, { clock: later }).lease('x', 'a')).toMatchObject({ heldBy: elsewhere });
  });

  it('waits for a store that is away for a minute, and stops before others may take over', async () => {
    const documents = openLedgerDocuments(':memory:');
    const clock = new HandClock();
    let away = false;
    const flaky: LedgerDocuments = { ...bound(documents), write: (id, version, body) => (away ? Promise.reject(new SnvgError('LEDGER_UNAVAILABLE', 'away', 'wait')) : documents.write(id, version, body)) };
    const lease = asLease(await testLedger(flaky, { clock }).lease('x', 'a'));
    const quarter = async (): Promise<void> => {
      clock.pass(leaseMs / 4);
      await vi.advanceTimersByTimeAsync(leaseMs / 4);
    };
    away = true;
    await quarter();
    await quarter();
    expect(lease.lost.aborted).toBe(false);
    away = false;
    await quarter();
    expect(lease.stillHeld()).toBe(true);
    away = true;
    for (let n = 0; n < 3; n += 1) await quarter();
    expect(lease.lost.aborted).toBe(true);
  });

  it('does not trust its lease after a sleep, before any timer has run', async () => {
    const clock = new HandClock();
    const lease = asLease(await testLedger(openLedgerDocuments(':memory:'), { clock }).lease('x', 'a'));
    clock.wallMs += leaseMs;
    expect(lease.stillHeld()).toBe(false);
  });
});

it('two holders by a clock that jumped cannot both move a publication', async () => {
  const documents = openLedgerDocuments(':memory:');
  const one = testLedger(documents);
  const jumped = new HandClock();
  jumped.wallMs += 86_400_000;
  const other = testLedger(documents, { clock: jumped, self: elsewhere });
  asLease(await one.lease('youtube', 'UC1'));
  const claim = await one.claim(identity(), clip());
  if (claim.kind !== 'new') throw new Error(claim.kind);
  const mine = await one.record(claim.publication, { state: 'prepared', handle: { session: 's' } });
  asLease(await other.lease('youtube', 'UC1'));
  const [theirs] = await other.list();
  await other.record(theirs!, { state: 'committing' });
  await expect(one.record(mine, { state: 'committing' })).rejects.toMatchObject({ code: 'LEDGER_CONFLICT', exitCode: 5 });
  expect((await one.history()).map(({ event }) => [event.what, event.by.host])).toEqual([['claimed', 'here'], ['prepared', 'here'], ['committing', 'elsewhere']]);
});

function bound(documents: LedgerDocuments): LedgerDocuments {
  return { place: documents.place, read: (id) => documents.read(id), write: (id, version, body) => documents.write(id, version, body), list: (prefix) => documents.list(prefix), close: () => documents.close() };
}
