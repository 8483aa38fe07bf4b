import { expect, test } from 'vitest';
import { z } from 'zod';
import { platformSettings } from '../../src/app/publishing/platform-settings.js';
import { exitCodeOfRows, errorOfRows, bareRow, type PublishRow } from '../../src/app/publishing/rows.js';
import { HostBreaker, HostPaused } from '../../src/pipeline/publish/breaker.js';
import { nextPlatformDayMs, platformDay } from '../../src/pipeline/publish/quota.js';
import { backoffMs, usualPatience } from '../../src/pipeline/publish/timing.js';
import { LostReply } from '../../src/publishers/faults.js';
import type { HttpAnswer, HttpTransport } from '../../src/publishers/http.js';
import { practicePublisher } from './practice-platform.js';

const strict = { ...practicePublisher({ id: 'practice' }), options: z.strictObject({ privacy: z.enum(['public', 'private']).default('private'), kids: z.boolean().optional(), tags: z.array(z.string()).optional(), category: z.string().optional(), delay: z.number().optional() }) };

test('settings: the command line goes over the file, text becomes what the platform takes', () => {
  const platforms = { practice: { privacy: 'public', category: '22' } };
  expect(platformSettings(strict, { platforms, set: ['practice.privacy=private', 'practice.kids=true', 'practice.tags=one, two', 'practice.category=17', 'practice.delay=3', 'practice.format=wide', 'other.x=1'] })).toEqual({
    options: { privacy: 'private', kids: true, tags: ['one', 'two'], category: '17', delay: 3 },
    format: 'wide',
  });
});

test.each<[Parameters<typeof platformSettings>[1], string, RegExp]>([
  [{ platforms: { practice: { privcy: 'public' } }, set: [] }, 'CONFIG_INVALID', /^platforms\.practice\.privcy: Practice has no setting of this name/],
  [{ platforms: {}, set: ['practice.privacy=secret'] }, 'USAGE', /^--set practice\.privacy: "secret" does not fit/],
  [{ platforms: { practice: { kids: 'maybe' } }, set: [] }, 'CONFIG_INVALID', /^platforms\.practice\.kids/],
  [{ platforms: {}, set: ['privacy=public'] }, 'USAGE', /is no setting of a platform/],
])('settings that do not fit are refused by name: %j', (settings, code, message) => {
  expect(() => platformSettings(strict, settings)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
});

test('a host that fails again and again is left alone, tried by one request, and trusted again', async () => {
  let now = 0;
  let sent = 0;
  let isUp = false;
  const http: HttpTransport = {
    send: async (): Promise<HttpAnswer> => {
      sent += 1;
      if (!isUp) throw new LostReply('gone');
      return { status: 200, headers: {}, text: '' };
    },
  };
  const guarded = new HostBreaker(() => now).guard(http);
  const ask = (host = 'a.example'): Promise<unknown> => guarded.send({ method: 'GET', url: `https://${host}/`, signal: new AbortController().signal }).catch((error: unknown) => error);
  for (let index = 0; index < 5; index += 1) expect(await ask()).toBeInstanceOf(LostReply);
  expect(await ask()).toMatchObject({ unreached: true, untilMs: 30_000 });
  expect(sent).toBe(5);
  expect(await ask('b.example')).not.toBeInstanceOf(HostPaused);
  now = 30_000;
  const [probe, other] = await Promise.all([ask(), ask()]);
  expect([probe, other].filter((error) => error instanceof HostPaused)).toHaveLength(1);
  expect(await ask()).toMatchObject({ untilMs: 90_000 });
  now = 90_000;
  isUp = true;
  expect(await ask()).toMatchObject({ status: 200 });
  expect(await ask()).toMatchObject({ status: 200 });
});

test('server errors count, refusals and requests given up by us do not', async () => {
  const stop = new AbortController();
  const http: HttpTransport = { send: async ({ url, signal }) => (url.includes('busy') ? { status: 503, headers: {}, text: '' } : signal.aborted ? Promise.reject(new LostReply('stopped')) : { status: 403, headers: {}, text: '' }) };
  const guarded = new HostBreaker(() => 0).guard(http);
  const ask = (url: string): Promise<unknown> => guarded.send({ method: 'GET', url, signal: stop.signal }).catch((error: unknown) => error);
  for (let index = 0; index < 9; index += 1) expect(await ask('https://no.example/')).toMatchObject({ status: 403 });
  for (let index = 0; index < 5; index += 1) expect(await ask('https://busy.example/')).toMatchObject({ status: 503 });
  expect(await ask('https://busy.example/')).toBeInstanceOf(HostPaused);
  stop.abort();
  for (let index = 0; index < 9; index += 1) expect(await ask('https://no.example/')).not.toBeInstanceOf(HostPaused);
});

test("a platform's day begins at its own midnight, also when its clocks change", () => {
  const zone = 'America/Los_Angeles';
  expect(platformDay(zone, Date.UTC(2026, 10, 25, 7, 59))).toBe('2026-11-24');
  expect(nextPlatformDayMs(zone, Date.UTC(2026, 10, 25, 7, 59))).toBe(Date.UTC(2026, 10, 25, 8));
  // 1 November has 25 hours there, 8 March 23.
  expect(nextPlatformDayMs(zone, Date.UTC(2026, 10, 1, 7))).toBe(Date.UTC(2026, 10, 2, 8));
  expect(nextPlatformDayMs(zone, Date.UTC(2026, 2, 8, 8))).toBe(Date.UTC(2026, 2, 9, 7));
});

test('waits double up to a minute, with full jitter', () => {
  expect([1, 2, 3, 7, 50].map((failures) => backoffMs(failures, usualPatience, () => 1))).toEqual([1000, 2000, 4000, 60_000, 60_000]);
  expect(backoffMs(5, usualPatience, () => 0)).toBe(0);
});

function row(outcome: PublishRow['outcome'], code?: string): PublishRow {
  return bareRow({ stem: '01', title: 'One', lineage: 'm1' }, { platform: 'practice', account: { id: 'me', name: 'Me' } }, outcome, code === undefined ? null : { code, message: `because ${code}`, remedy: 'Do it.' });
}

test('exit codes: nothing wrong 0, one cause its own, several 7', () => {
  expect(exitCodeOfRows([])).toBe(0);
  expect(exitCodeOfRows([row('published'), row('already'), row('busy'), row('waiting'), row('changed')])).toBe(0);
  expect(exitCodeOfRows([row('left', 'REMOTE_UNAVAILABLE'), row('left', 'REMOTE_UNAVAILABLE')])).toBe(5);
  expect(exitCodeOfRows([row('left', 'AUTH_NEEDED'), row('left', 'QUOTA_EXHAUSTED')])).toBe(6);
  expect(exitCodeOfRows([row('unknown', 'PUBLICATION_UNKNOWN')])).toBe(6);
  expect(exitCodeOfRows([row('published'), row('failed', 'REMOTE_REFUSED')])).toBe(7);
  expect(exitCodeOfRows([row('left', 'REMOTE_UNAVAILABLE'), row('failed', 'REMOTE_REFUSED')])).toBe(7);
  expect(errorOfRows([row('failed', 'REMOTE_REFUSED')])).toMatchObject({ code: 'REMOTE_REFUSED', message: 'because REMOTE_REFUSED' });
  expect(errorOfRows([row('published'), row('failed', 'REMOTE_REFUSED')])).toMatchObject({ code: 'PARTLY_DONE' });
});
