import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Exclusive } from '../../src/app/exclusive.js';
import { publishClips } from '../../src/app/publish-clips.js';
import { openDatabase } from '../../src/jobs/database.js';
import { Publications } from '../../src/jobs/publications.js';
import { StoredTaskClaims } from '../../src/jobs/task-claims.js';
import type { Notice } from '../../src/pipeline/notice.js';
import { publishClip } from '../../src/pipeline/publish/index.js';
import type { Publication, PublishableClip } from '../../src/publishers/publisher.js';
import { parseTarget } from '../../src/publishers/registry.js';
import { publishContext } from '../support/publish-context.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const clock = { nowMs: () => 1, monotonicMs: () => 0 };
const signal = new AbortController().signal;

function setUp(): { publications: Publications; exclusive: Exclusive; outbox: string; clip: PublishableClip; change(video: string): PublishableClip } {
  const dir = temporaryFolder();
  const change = (video: string): PublishableClip => {
    for (const [name, text] of [['v.mp4', video], ['v.srt', 'captions'], ['v.vtt', 'captions'], ['v.jpg', 'cover']] as const) writeFileSync(join(dir, name), text);
    return {
      stem: '01-first-words',
      format: 'vertical',
      sizeBytes: video.length,
      fps: 25,
      language: null,
      videoPath: join(dir, 'v.mp4'),
      sha256: `sha of ${video}`,
      durationUs: 1_000_000,
      width: 1080,
      height: 1920,
      captions: { srt: join(dir, 'v.srt'), vtt: join(dir, 'v.vtt') },
      coverPath: join(dir, 'v.jpg'),
      title: 'First words',
      description: 'What they heard.',
      hashtags: ['#words'],
    };
  };
  const db = openDatabase(join(dir, 'snvg.db'));
  const exclusive = new Exclusive(new StoredTaskClaims(db, { host: 'here', pid: 1, startTime: '1' }, () => true));
  return { publications: new Publications(db, clock), exclusive, outbox: join(dir, 'outbox'), clip: change('one'), change };
}

async function publish(setup: ReturnType<typeof setUp>, clip: PublishableClip, options: { again?: boolean; lineage?: string } = {}): Promise<{ publication: Publication; notices: Notice[] }> {
  const notices: Notice[] = [];
  const target = await parseTarget(`file:${setup.outbox}`);
  const [publication] = await publishClips([{ sourceSha256: 's', lineage: options.lineage ?? 'm1', ranges: [{ startUs: 0, endUs: 1 }], clip }], [target], {
    publications: setup.publications,
    exclusive: setup.exclusive,
    jobId: 'job',
    signal,
    again: options.again ?? false,
    notice: (notice) => notices.push(notice),
  });
  if (!publication) throw new Error('nothing was published');
  return { publication, notices };
}

test('lays a clip out for upload by hand, whole and once', async () => {
  const setup = setUp();
  const { publication } = await publish(setup, setup.clip);
  expect(publication).toMatchObject({ state: 'published', handle: { folder: '01-first-words' } });
  const folder = join(setup.outbox, '01-first-words');
  expect(readdirSync(folder).toSorted()).toEqual(['01-first-words.mp4', '01-first-words.srt', '01-first-words.vtt', 'cover.jpg', 'post.json', 'post.txt']);
  expect(readFileSync(join(folder, 'post.txt'), 'utf8')).toBe('First words\n\nWhat they heard.\n\n#words\n');
  await publish(setup, setup.clip);
  expect(readdirSync(setup.outbox)).toEqual(['01-first-words']);
});

test('a changed clip of the same moment is not sent again unless asked', async () => {
  const setup = setUp();
  await publish(setup, setup.clip);
  const changed = setup.change('two');
  const { publication, notices } = await publish(setup, changed);
  expect(notices.map((notice) => notice.code)).toEqual(['PUBLISHED_EARLIER']);
  expect(publication.revision).toBe(1);
  const again = await publish(setup, changed, { again: true });
  expect(again.publication).toMatchObject({ state: 'published', revision: 2, handle: { folder: '01-first-words-2' } });
  expect(readFileSync(join(setup.outbox, '01-first-words-2', '01-first-words.mp4'), 'utf8')).toBe('two');
  expect(readFileSync(join(setup.outbox, '01-first-words', '01-first-words.mp4'), 'utf8')).toBe('one');
});

test("another moment's folder and a stranger's folder of the same name are left alone", async () => {
  const setup = setUp();
  mkdirSync(join(setup.outbox, '01-first-words'), { recursive: true });
  writeFileSync(join(setup.outbox, '01-first-words', 'mine.txt'), 'mine');
  await publish(setup, setup.clip);
  await publish(setup, setup.clip, { lineage: 'm2' });
  expect(readdirSync(setup.outbox).toSorted()).toEqual(['01-first-words', '01-first-words-2', '01-first-words-3']);
  expect(readdirSync(join(setup.outbox, '01-first-words'))).toEqual(['mine.txt']);
});

test('a kill at any step ends in one folder: every step may be repeated', async () => {
  const setup = setUp();
  const { publisher, account } = await parseTarget(`file:${setup.outbox}`);
  const identity = { sourceSha256: 's', lineage: 'm1', platform: 'file', account };
  const clip = { jobId: 'job', sha256: setup.clip.sha256, ranges: [], title: 't' };
  const context = publishContext({ clip: setup.clip });
  for (let killedAfter = 0; killedAfter < 4; killedAfter += 1) {
    let steps = 0;
    const start = setup.publications.claim(identity, clip);
    const run = publishClip(publisher, start, context, (step) => {
      // The step was done but never written down: the worst moment.
      if (steps === killedAfter) throw new Error('killed');
      steps += 1;
      return setup.publications.record(start.key, step);
    });
    await run.catch((error: Error) => expect(error.message).toBe('killed'));
  }
  const last = await publishClip(publisher, setup.publications.claim(identity, clip), context, (step) => setup.publications.record(setup.publications.claim(identity, clip).key, step));
  expect(last.state).toBe('published');
  expect(readdirSync(setup.outbox)).toEqual(['01-first-words']);
});

test('a lost reply is looked up, not repeated', async () => {
  const setup = setUp();
  const { publication } = await publish(setup, setup.clip);
  setup.publications.record(publication.key, { state: 'unknown' });
  const { publication: resolved } = await publish(setup, setup.clip);
  expect(resolved.state).toBe('published');
  expect(readdirSync(setup.outbox)).toEqual(['01-first-words']);
});

test('a failure is written down and a later run succeeds', async () => {
  const setup = setUp();
  writeFileSync(setup.outbox, 'a file where the folder should be');
  await expect(publish(setup, setup.clip)).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
  expect(setup.publications.list()[0]).toMatchObject({ state: 'failed' });
  rmSync(setup.outbox);
  expect((await publish(setup, setup.clip)).publication).toMatchObject({ state: 'published', problem: null });
});

test('targets that do not exist are refused with those that do', async () => {
  await expect(parseTarget('myspace:me')).rejects.toMatchObject({ code: 'TARGET_UNKNOWN', exitCode: 2, remedy: expect.stringContaining('file') });
  await expect(parseTarget('file')).rejects.toMatchObject({ code: 'USAGE' });
  await expect(parseTarget('constructor:x')).rejects.toMatchObject({ code: 'TARGET_UNKNOWN' });
});
