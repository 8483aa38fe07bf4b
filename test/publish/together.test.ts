import { expect, onTestFinished, test } from 'vitest';
import { jobClips } from '../../src/app/publishing/job-clips.js';
import { openAppLedger } from '../../src/app/publishing/open-ledger.js';
import { publishClips } from '../../src/app/publishing/publish-clips.js';
import type { PublishRow } from '../../src/app/publishing/rows.js';
import type { Target } from '../../src/app/publishing/targets.js';
import { decideClip, editClip, reviewedClips } from '../../src/app/publishing/reviews.js';
import type { App } from '../../src/app/app.js';
import type { Notice } from '../../src/pipeline/notice.js';
import type { PublishEvent } from '../../src/pipeline/publish/order.js';
import type { Publisher } from '../../src/publishers/publisher.js';
import { inProcessTransport } from '../../src/sandbox/in-process.js';
import { appAt, deliverJob } from '../support/delivered-job.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { PracticePlatform, practicePublisher } from './practice-platform.js';
import { fixedLogin } from './run-practice.js';

interface Stage {
  app: App;
  job: { id: string; outputDir: string };
  platforms: Record<string, PracticePlatform>;
  publish(settings?: Partial<App['settings']>): Promise<{ rows: PublishRow[]; notices: Notice[]; events: PublishEvent[] }>;
}

/** A delivered job and two platforms that it is to go to. */
async function stage(publishers: Record<string, { platform: PracticePlatform; publisher: Publisher }>): Promise<Stage> {
  const home = temporaryFolder();
  const app = await appAt(home);
  onTestFinished(() => app.close());
  const job = { id: 'job1', outputDir: deliverJob(app, home) };
  const hosted = Object.entries(publishers).map(([id, { platform, publisher }]) => ({ id, platform, publisher, http: inProcessTransport([platform]) }));
  const open: Target[] = hosted.map(({ id, publisher, http }) => {
    // Both speak the same protocol under the same host: each gets its own way there.
    const context = { advance: publisher.advance.bind(publisher), lookup: publisher.lookup.bind(publisher), cancel: publisher.cancel.bind(publisher) };
    const through: Publisher = { ...publisher, id, advance: (post, given) => context.advance(post, { ...given, http }), lookup: (post, given) => context.lookup(post, { ...given, http }), cancel: (post, given) => context.cancel(post, { ...given, http }) };
    return { publisher: through, account: { id: 'me', name: 'Me' }, login: fixedLogin, options: {}, format: null };
  });
  return {
    app,
    job,
    platforms: Object.fromEntries(hosted.map(({ id, platform }) => [id, platform])),
    async publish(settings = {}) {
      const withSettings: App = { ...app, settings: { ...app.settings, autoApprove: true, ...settings } };
      const ledger = await openAppLedger(withSettings);
      const notices: Notice[] = [];
      const events: PublishEvent[] = [];
      try {
        const outside = { http: inProcessTransport([]), timing: { nowMs: () => Date.now(), sleep: async (durationMs: number) => new Promise<void>((done) => setTimeout(done, Math.min(durationMs, 50))), random: () => 0.5 }, accounts: () => Promise.reject(new Error('nobody is asked')), close: async () => {} };
        const rows = await publishClips({ app: withSettings, ledger, outside }, { clips: await jobClips(job, app.reviews), targets: { open, closed: [] }, again: false, insist: false, wait: true, signal: app.signal, notice: (notice) => notices.push(notice), event: (event) => events.push(event) });
        return { rows, notices, events };
      } finally {
        await ledger.close();
      }
    },
  };
}

/** Takes everything but what has `word` in its text. */
function refusing(word: string): Publisher {
  const publisher = practicePublisher();
  return {
    ...publisher,
    advance: (post, context) => publisher.advance(post, { ...context, clip: context.clip.title.includes(word) ? { ...context.clip, title: 'forbidden' } : context.clip }),
  };
}

test('platforms are independent: what one refuses, the other publishes', async () => {
  const { platforms, publish } = await stage({ open: { platform: new PracticePlatform(), publisher: practicePublisher() }, strict: { platform: new PracticePlatform(), publisher: refusing('Numbers') } });
  const { rows } = await publish();
  expect(rows.filter(({ platform }) => platform === 'open').map(({ outcome }) => outcome)).toEqual(['published', 'published', 'published']);
  expect(rows.filter(({ platform }) => platform === 'strict').map(({ outcome }) => outcome)).toEqual(['published', 'failed', 'published']);
  expect(platforms['open']?.posts()).toHaveLength(3);
  expect(platforms['strict']?.posts()).toHaveLength(2);
});

test('--together takes back what nobody has seen yet of a clip that failed elsewhere, and leaves the other clips', async () => {
  const { platforms, publish } = await stage({ later: { platform: new PracticePlatform({ visibility: 'scheduled' }), publisher: practicePublisher() }, strict: { platform: new PracticePlatform(), publisher: refusing('Numbers') } });
  const { rows, events } = await publish({ together: true });
  expect(rows.filter(({ platform }) => platform === 'strict').map(({ outcome }) => outcome)).toEqual(['published', 'failed', 'published']);
  expect(rows.filter(({ platform }) => platform === 'later').map(({ outcome }) => outcome)).toEqual(['scheduled', 'cancelled', 'scheduled']);
  expect(platforms['later']?.posts().map(({ text }) => text)).not.toContain('Numbers nobody forgets');
  expect(platforms['later']?.posts()).toHaveLength(2);
  expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['saga-started', 'saga-withdrawn', 'saga-ended']));
  expect(events.at(-1)).toMatchObject({ type: 'saga-ended', cancelled: 1, failed: 1 });
});

test('--together never takes down what people can see: it stays, and is listed', async () => {
  const slow = practicePublisher();
  // The refusal comes when the other platform has long published.
  const late: Publisher = { ...refusing('Numbers'), check: slow.check };
  const advance = late.advance.bind(late);
  let asked = 0;
  late.advance = async (post, context) => (post.handle === null && asked++ < 3 ? { state: 'prepared', handle: null, notBeforeMs: context.nowMs() + 300 } : advance(post, context));
  const { platforms, publish } = await stage({ quick: { platform: new PracticePlatform(), publisher: practicePublisher() }, late: { platform: new PracticePlatform(), publisher: late } });
  const { rows, events } = await publish({ together: true });
  const failed = rows.filter(({ platform, outcome }) => platform === 'late' && outcome === 'failed');
  expect(failed).toHaveLength(1);
  const there = platforms['quick']?.posts().map(({ text }) => text) ?? [];
  const listed = events.filter((event) => event.type === 'publication-notice' && event.code === 'PUBLISHED_ALONE');
  // Whichever was first: either it is public and said to be, or it was taken back before.
  expect(listed).toHaveLength(there.includes('Numbers nobody forgets') ? 1 : 0);
  expect(rows.filter(({ platform, lineage, outcome }) => platform === 'quick' && lineage === failed[0]?.lineage && outcome === 'cancelled')).toHaveLength(there.includes('Numbers nobody forgets') ? 0 : 1);
});

test('--together sends nothing at all when one of the platforms would not take a clip', async () => {
  const picky: Publisher = { ...practicePublisher(), check: (clip) => (clip.title.includes('Numbers') ? [{ rule: 'picky.numbers', severity: 'refused', message: 'no numbers', remedy: 'Leave them out.' }] : []) };
  const { platforms, publish } = await stage({ open: { platform: new PracticePlatform(), publisher: practicePublisher() }, picky: { platform: new PracticePlatform(), publisher: picky } });
  const { rows } = await publish({ together: true });
  expect(rows.every(({ outcome }) => outcome === 'refused')).toBe(true);
  expect(platforms['open']?.requests).toEqual([]);
  const { rows: apart } = await publish();
  expect(apart.filter(({ outcome }) => outcome === 'published')).toHaveLength(5);
  expect(apart.find(({ outcome }) => outcome === 'refused')?.problem).toMatchObject({ message: expect.stringContaining('picky.numbers'), remedy: 'Leave them out.' });
});

test('only approved films are sent; a film made anew needs a new yes, edited words stay', async () => {
  const { app, job, platforms, publish } = await stage({ open: { platform: new PracticePlatform(), publisher: practicePublisher() } });
  expect((await publish({ autoApprove: false })).rows.map(({ outcome }) => outcome)).toEqual(['waiting', 'waiting', 'waiting']);
  const [first, second] = await reviewedClips(app, job);
  if (!first || !second) throw new Error('three clips');
  decideClip(app, first.clip, 'approved');
  editClip(app, first.clip, { title: 'In my words' });
  decideClip(app, second.clip, 'rejected');
  expect((await publish({ autoApprove: false })).rows.map(({ outcome }) => outcome).toSorted()).toEqual(['published', 'rejected', 'waiting']);
  expect(platforms['open']?.posts().map(({ text }) => text)).toEqual(['In my words']);
  deliverJob(app, `${job.outputDir}/..`, { film: 'remade' });
  expect((await reviewedClips(app, job)).map(({ decision }) => decision)).toEqual([undefined, undefined, undefined]);
  expect((await reviewedClips(app, job))[0]?.edited).toEqual({ title: 'In my words' });
});

test('--auto-approve lets through what its rules say', async () => {
  const { app, job, publish } = await stage({ open: { platform: new PracticePlatform(), publisher: practicePublisher() } });
  deliverJob(app, `${job.outputDir}/..`, { notices: [{ code: 'NO_FACE_FOUND', stage: 'render', message: 'No face', remedy: 'None.', severity: 'degraded' }] });
  // Scores are 80, 70 and 60; the first was made in a lesser way.
  expect((await publish({ notices: false, minScore: 65 })).rows.map(({ outcome }) => outcome).toSorted()).toEqual(['held-back', 'held-back', 'published']);
  expect((await publish({ minScore: 65 })).rows.map(({ outcome }) => outcome).toSorted()).toEqual(['already', 'held-back', 'published']);
});
