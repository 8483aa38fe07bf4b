import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { App } from '../../src/app/app.js';
import { publishDue } from '../../src/app/publishing/due.js';
import { withPublishing } from '../../src/app/publishing/publishing-room.js';
import type { PublishRow } from '../../src/app/publishing/rows.js';
import { addToSchedule, listSchedule, moveInSchedule, removeFromSchedule, type ScheduledRow } from '../../src/app/publishing/schedule.js';
import { Workshop, threeClips } from './delivered-job.js';

const hourMs = 3_600_000;
/** A Wednesday, 13:00 in Berlin. */
const nowMs = Date.UTC(2026, 10, 25, 12);
const berlin = { timeZone: 'Europe/Berlin' };

function add(app: App, request: { jobOrFolder?: string; at?: string; clips?: number[] } = {}): Promise<{ rows: ScheduledRow[]; notices: { message: string }[] }> {
  return addToSchedule(app, { jobOrFolder: request.jobOrFolder, cwd: app.paths.dataDir, at: request.at, clips: request.clips, env: {} });
}

function due(app: App): Promise<PublishRow[]> {
  return withPublishing(app, (room) => publishDue(room, { signal: app.signal, event: () => {} }));
}

function seen(rows: readonly ScheduledRow[]): (string | null)[][] {
  return rows.map(({ title, outcome, due: shown }) => [title, outcome, shown]);
}

describe('snvg schedule add', () => {
  it('gives each clip the next free slot of its account, once', async () => {
    const shop = new Workshop(nowMs);
    const outbox = join(shop.dir, 'outbox');
    await shop.deliver('talk', threeClips);
    const app = await shop.open({ ...berlin, to: [`file:${outbox}`], slots: 'mon-fri 18:00' });
    const planned = [
      ['First words', 'planned', '2026-11-25 18:00 GMT+1'],
      ['Second words', 'planned', '2026-11-26 18:00 GMT+1'],
      ['Third words', 'planned', '2026-11-27 18:00 GMT+1'],
    ];
    expect(seen((await add(app)).rows)).toEqual(planned);
    expect(seen((await add(app)).rows)).toEqual(planned);
    expect(seen(await listSchedule(app))).toEqual(planned);
    expect(existsSync(outbox)).toBe(false);
  });

  it('begins at a named time, a spacing apart, and tells what clocks skip', async () => {
    const shop = new Workshop(nowMs);
    await shop.deliver('talk', threeClips);
    const app = await shop.open({ ...berlin, to: [`file:${join(shop.dir, 'outbox')}`], spacing: '90' });
    const { rows, notices } = await add(app, { at: '2027-03-28 02:30', clips: [3, 1] });
    expect(seen(rows)).toEqual([
      ['Third words', 'planned', '2027-03-28 03:30 GMT+2'],
      ['First words', 'planned', '2027-03-28 05:00 GMT+2'],
    ]);
    expect(notices[0]?.message).toContain('skip');
  });

  it('plans for accounts independently, and keeps what a later job adds away from what is there', async () => {
    const shop = new Workshop(nowMs);
    await shop.deliver('talk', threeClips.slice(0, 2));
    await shop.deliver('other', [{ title: 'Other words', lineage: 'o1', startS: 0, endS: 30 }], 'e'.repeat(64));
    const flags = { ...berlin, slots: 'daily 9:00,18:00', maxPerDay: '1' };
    const [a, b] = ['a', 'b'].map((name) => `file:${join(shop.dir, name)}`);
    expect(seen((await add(await shop.open({ ...flags, to: [a] }), { jobOrFolder: 'talk' })).rows).map(([, , shown]) => shown)).toEqual(['2026-11-25 18:00 GMT+1', '2026-11-26 09:00 GMT+1']);
    expect(seen((await add(await shop.open({ ...flags, to: [a, b] }), { jobOrFolder: 'other' })).rows).map(([, , shown]) => shown)).toEqual(['2026-11-27 09:00 GMT+1', '2026-11-25 18:00 GMT+1']);
  });

  it('leaves the time of a clip that another one keeps away to the next', async () => {
    const shop = new Workshop(nowMs);
    await shop.deliver('talk', threeClips.slice(0, 1));
    await shop.deliver('cut-again', [{ title: 'First words, longer', lineage: 'm9', startS: 5, endS: 60 }, threeClips[2]!]);
    const flags = { ...berlin, to: [`file:${join(shop.dir, 'outbox')}`], slots: 'daily 18:00' };
    await add(await shop.open(flags), { jobOrFolder: 'talk' });
    const { rows } = await add(await shop.open(flags), { jobOrFolder: 'cut-again' });
    expect(seen(rows)).toEqual([
      ['First words, longer', 'overlapping', null],
      ['Third words', 'planned', '2026-11-26 18:00 GMT+1'],
    ]);
    expect(rows[0]?.problem).toMatchObject({ code: 'LEDGER_OVERLAP' });
  });

  it('run twice at the same moment gives no time away twice', async () => {
    const shop = new Workshop(nowMs);
    await shop.deliver('talk', threeClips);
    await shop.deliver('other', threeClips, 'e'.repeat(64));
    const flags = { ...berlin, to: [`file:${join(shop.dir, 'outbox')}`], slots: 'daily 18:00' };
    const apps = await Promise.all(['talk', 'other', 'talk', 'other'].map(async (job) => ({ job, app: await shop.open(flags) })));
    await Promise.all(apps.map(({ app, job }) => add(app, { jobOrFolder: job })));
    const listed = await listSchedule(apps[0]!.app);
    expect(listed).toHaveLength(6);
    expect(new Set(listed.map(({ dueMs }) => dueMs)).size).toBe(6);
  });

  it.each<[string, Parameters<Workshop['open']>[0], { at?: string; clips?: number[] }, RegExp]>([
    ['without a time', {}, {}, /Neither a time nor slots/],
    ['in the past', {}, { at: '2026-11-25 12:59' }, /is over/],
    ['in the quiet hours', { quietHours: '22:00-7:00' }, { at: 'tomorrow 6:00' }, /quiet hours/],
    ['of a clip that is not there', {}, { at: 'tomorrow 6:00', clips: [4] }, /no clip 4/],
    ['in a zone that is not there', { timeZone: 'Mars/Olympus' }, { at: 'tomorrow 6:00' }, /no time zone/],
    ['without a target', { to: [] }, { at: 'tomorrow 6:00' }, /No target/],
  ])('%s is refused', async (_what, flags, request, message) => {
    const shop = new Workshop(nowMs);
    await shop.deliver('talk', threeClips);
    const app = await shop.open({ ...berlin, to: [`file:${join(shop.dir, 'outbox')}`], ...flags });
    await expect(add(app, request)).rejects.toMatchObject({ code: 'USAGE', exitCode: 2, message: expect.stringMatching(message) as string });
    expect(await listSchedule(await shop.open(berlin))).toEqual([]);
  });

  it('plans nothing that others would see and nobody has said yes to', async () => {
    const shop = new Workshop(nowMs);
    await shop.deliver('talk', threeClips);
    const app = await shop.open({ ...berlin, to: ['webhook:https://example.com/hook'], platforms: '{}', slots: 'daily 18:00' });
    await expect(add(app)).rejects.toMatchObject({ code: 'REVIEW_NEEDED' });
    expect(await listSchedule(app)).toEqual([]);
  });
});

describe('what is planned', () => {
  it('can be moved, taken out, and planned again', async () => {
    const shop = new Workshop(nowMs);
    await shop.deliver('talk', threeClips);
    const app = await shop.open({ ...berlin, to: [`file:${join(shop.dir, 'outbox')}`], slots: 'daily 18:00' });
    const { rows } = await add(app);
    const [first, second] = rows.map(({ key }) => key!.slice(0, 10));
    expect(seen((await moveInSchedule(app, first!, 'sat 12:00')).rows)).toEqual([['First words', 'planned', '2026-11-28 12:00 GMT+1']]);
    expect(seen((await moveInSchedule(app, second!, undefined)).rows)).toEqual([['Second words', 'planned', '2026-11-25 18:00 GMT+1']]);
    expect(seen([await removeFromSchedule(app, second!)])).toEqual([['Second words', 'cancelled', '2026-11-25 18:00 GMT+1']]);
    expect(seen(await listSchedule(app)).map(([title]) => title)).toEqual(['Third words', 'First words']);
    await expect(moveInSchedule(app, second!, 'sat 12:00')).rejects.toMatchObject({ code: 'PUBLICATION_STATE' });
    expect(seen((await add(app)).rows)).toEqual([
      ['First words', 'planned', '2026-11-28 12:00 GMT+1'],
      ['Second words', 'planned', '2026-11-25 18:00 GMT+1'],
      ['Third words', 'planned', '2026-11-27 18:00 GMT+1'],
    ]);
    await expect(removeFromSchedule(app, 'ffffffff')).rejects.toMatchObject({ code: 'PUBLICATION_NOT_FOUND' });
  });

  it('is posted by the first due run after its time, and by no other', async () => {
    const shop = new Workshop(nowMs);
    const outbox = join(shop.dir, 'outbox');
    await shop.deliver('talk', threeClips.slice(0, 2));
    const app = await shop.open({ ...berlin, to: [`file:${outbox}`], slots: 'daily 18:00' });
    await add(app);
    expect(await due(app)).toEqual([]);
    shop.nowMs += 6 * hourMs;
    expect((await due(app)).map(({ title, outcome }) => [title, outcome])).toEqual([['First words', 'published']]);
    expect(await due(app)).toEqual([]);
    expect(readdirSync(outbox)).toEqual(['01-m1']);
    await expect(removeFromSchedule(app, (await add(app)).rows[0]!.key!)).rejects.toMatchObject({ code: 'PUBLICATION_STATE' });
    expect(seen((await add(app)).rows)[0]).toEqual(['First words', 'already', '2026-11-25 18:00 GMT+1']);
  });

  it.each([
    ['post', 20, [['published', null]], 1],
    ['post', 40, [['failed', 'SLOT_MISSED']], 0],
    ['skip', 20, [['cancelled', 'SLOT_MISSED']], 0],
    ['next', 20, [['planned', null]], 0],
  ] as const)('and came too late is treated as --missed %s says, %i hours later', async (missed, laterHours, expected, posts) => {
    const shop = new Workshop(nowMs);
    const outbox = join(shop.dir, 'outbox');
    await shop.deliver('talk', threeClips.slice(0, 1));
    const app = await shop.open({ ...berlin, to: [`file:${outbox}`], slots: 'daily 18:00', missed });
    await add(app);
    shop.nowMs += laterHours * hourMs;
    const rows = await due(app);
    expect(rows.map(({ outcome, problem }) => [outcome, problem?.code ?? null])).toEqual(expected);
    expect(await due(app)).toEqual([]);
    expect(existsSync(outbox) ? readdirSync(outbox) : []).toHaveLength(posts);
    if (missed === 'next') expect(seen(await listSchedule(app))).toEqual([['First words', 'planned', '2026-11-26 18:00 GMT+1']]);
  });

  it('goes on at its own hour when no slots are set any more', async () => {
    const shop = new Workshop(nowMs);
    await shop.deliver('talk', threeClips.slice(0, 1));
    const app = await shop.open({ ...berlin, to: [`file:${join(shop.dir, 'outbox')}`], missed: 'next' });
    await add(app, { at: 'tomorrow 9:15' });
    shop.nowMs += 30 * hourMs;
    await due(app);
    expect(seen(await listSchedule(app))).toEqual([['First words', 'planned', '2026-11-27 09:15 GMT+1']]);
  });
});
