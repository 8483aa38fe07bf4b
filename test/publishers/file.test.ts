import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Ended } from '../../src/pipeline/publish/order.js';
import type { PublishableClip } from '../../src/publishers/publisher.js';
import { filePublisher } from '../../src/publishers/file/index.js';
import { parseTarget } from '../../src/publishers/registry.js';
import { practice, publishOnce, type Practice, type RunOptions } from '../publish/run-practice.js';
import { PracticePlatform } from '../publish/practice-platform.js';
import { drive, HandClock } from '../support/drive-publication.js';
import { freshPublication, publishContext, smallClip } from '../support/publish-context.js';
import { temporaryFolder } from '../support/temporary-folder.js';

interface Setup {
  on: Practice;
  outbox: string;
  clip: PublishableClip;
  change(video: string): PublishableClip;
}

function setUp(): Setup {
  const dir = temporaryFolder();
  const change = (video: string): PublishableClip => smallClip(dir, { bytes: Buffer.from(video) });
  return { on: practice(new PracticePlatform()), outbox: join(dir, 'outbox'), clip: change('one'), change };
}

async function publish({ on, outbox }: Setup, clip: PublishableClip, options: RunOptions = {}): Promise<Ended> {
  const result = await publishOnce(on, [clip], { publisher: filePublisher, account: outbox, ...options });
  if ('heldBy' in result) throw new Error('held');
  if (result.stopped !== undefined) throw result.stopped;
  const [ended] = result.ended;
  if (!ended) throw new Error('nothing was published');
  return ended;
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
  expect(await publish(setup, changed)).toMatchObject({ outcome: 'changed', publication: { revision: 1 } });
  expect(await publish(setup, changed, { again: true })).toMatchObject({ outcome: 'published', publication: { revision: 2, handle: { folder: '01-first-words-2' } } });
  expect(readFileSync(join(setup.outbox, '01-first-words-2', '01-first-words.mp4'), 'utf8')).toBe('two');
  expect(readFileSync(join(setup.outbox, '01-first-words', '01-first-words.mp4'), 'utf8')).toBe('one');
});

test("another moment's folder and a stranger's folder of the same name are left alone", async () => {
  const setup = setUp();
  mkdirSync(join(setup.outbox, '01-first-words'), { recursive: true });
  writeFileSync(join(setup.outbox, '01-first-words', 'mine.txt'), 'mine');
  await publish(setup, setup.clip);
  // Another source's clip of the same name, with a ledger of its own.
  await publish({ ...setup, on: practice(new PracticePlatform()) }, { ...setup.clip, title: 'Other words' });
  expect(readdirSync(setup.outbox).toSorted()).toEqual(['01-first-words', '01-first-words-2']);
  expect(readdirSync(join(setup.outbox, '01-first-words'))).toEqual(['mine.txt']);
});

test('what a run left half made, when it was killed in the midst of copying, is made anew', async () => {
  const dir = temporaryFolder();
  const outbox = join(dir, 'outbox');
  const context = publishContext({ clip: smallClip(dir) });
  const publication = freshPublication({ platform: 'file', account: outbox, state: 'uploading', handle: { folder: '01-first-words' } });
  const left = join(outbox, `.${publication.key.slice(0, 16)}.part`);
  mkdirSync(left, { recursive: true });
  writeFileSync(join(left, '01-first-words.mp4'), 'fi');
  writeFileSync(join(left, 'of another stem.srt'), '');
  expect((await drive(publication, { publisher: filePublisher, context, clock: new HandClock() })).state).toBe('published');
  expect(readdirSync(outbox)).toEqual(['01-first-words']);
  expect(readFileSync(join(outbox, '01-first-words', '01-first-words.mp4'), 'utf8')).toBe('film');
  expect(readdirSync(join(outbox, '01-first-words'))).not.toContain('of another stem.srt');
});

test.each(['', '{', 'null', '5', '[]', '{"key":5}'])('a mark that says nothing sensible (%s) makes the folder a stranger\'s: it is left alone, and the clip is laid out beside it', async (mark) => {
  const dir = temporaryFolder();
  const outbox = join(dir, 'outbox');
  const context = publishContext({ clip: smallClip(dir) });
  const publication = freshPublication({ platform: 'file', account: outbox });
  const spoiled = join(outbox, '01-first-words');
  mkdirSync(spoiled, { recursive: true });
  writeFileSync(join(spoiled, 'post.json'), mark);
  const done = await drive(publication, { publisher: filePublisher, context, clock: new HandClock() });
  expect(done).toMatchObject({ state: 'published', handle: { folder: '01-first-words-2' } });
  expect(readFileSync(join(spoiled, 'post.json'), 'utf8')).toBe(mark);
  // Also when it was spoiled after the name had been chosen, or after the clip was laid out.
  for (const state of ['prepared', 'uploading'] as const) {
    const chosen = { ...publication, state, handle: { folder: '01-first-words' } };
    expect(await drive(chosen, { publisher: filePublisher, context, clock: new HandClock() })).toMatchObject({ state: 'published', handle: { folder: '01-first-words-2' } });
  }
  expect(await filePublisher.lookup({ ...publication, state: 'unknown', handle: { folder: '01-first-words' } }, context)).toEqual({ absent: { state: 'prepared' } });
  expect(readdirSync(outbox).toSorted()).toEqual(['01-first-words', '01-first-words-2']);
});

test('a folder that is there is not taken back, a half made one is', async () => {
  const dir = temporaryFolder();
  const outbox = join(dir, 'outbox');
  const context = publishContext({ clip: smallClip(dir) });
  const publication = freshPublication({ platform: 'file', account: outbox });
  const done = await drive(publication, { publisher: filePublisher, context, clock: new HandClock() });
  await expect(filePublisher.cancel(done, context)).rejects.toMatchObject({ kind: 'refused', message: expect.stringContaining('01-first-words') });
  const other = { ...publication, key: 'e'.repeat(64) };
  mkdirSync(join(outbox, `.${'e'.repeat(16)}.part`));
  expect(await filePublisher.cancel({ ...other, state: 'uploading', handle: { folder: '02' } }, context)).toEqual({ state: 'cancelled', handle: null });
  expect(readdirSync(outbox)).toEqual(['01-first-words']);
});

test('a failure is written down and a later run succeeds', async () => {
  const setup = setUp();
  writeFileSync(setup.outbox, 'a file where the folder should be');
  expect(await publish(setup, setup.clip)).toMatchObject({ outcome: 'failed', problem: { code: 'OUTPUT_UNWRITABLE' }, publication: { state: 'failed' } });
  rmSync(setup.outbox);
  expect((await publish(setup, setup.clip)).publication).toMatchObject({ state: 'published', problem: null });
});

test('targets that do not exist are refused with those that do', async () => {
  await expect(parseTarget('myspace:me')).rejects.toMatchObject({ code: 'TARGET_UNKNOWN', exitCode: 2, remedy: expect.stringContaining('file') });
  await expect(parseTarget('file')).rejects.toMatchObject({ code: 'USAGE' });
  await expect(parseTarget('constructor:x')).rejects.toMatchObject({ code: 'TARGET_UNKNOWN' });
});
