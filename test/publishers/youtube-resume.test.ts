import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { LostReply, PlatformFault } from '../../src/publishers/faults.js';
import type { PublishableClip } from '../../src/publishers/publisher.js';
import { youtubePublisher } from '../../src/publishers/youtube/index.js';
import type { Fault } from '../../src/sandbox/faults.js';
import { randomFaults } from '../../src/sandbox/random-faults.js';
import { smallClip } from '../support/publish-context.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { channel, YoutubeRun } from './support/youtube-run.js';

const chunkBytes = 256 * 1024;
/** Two whole chunks and a bit. */
const filmBytes = 2 * chunkBytes + 1000;
const options = { chunkKib: 256, captions: 'both' };

let clip: PublishableClip;
beforeEach(() => {
  clip = smallClip(temporaryFolder(), { bytes: Buffer.alloc(filmBytes, 'a film ') });
});

function chunkedRun(given: ConstructorParameters<typeof YoutubeRun>[0] = {}): YoutubeRun {
  const run = new YoutubeRun(given);
  run.options = options;
  return run;
}

/** Turns until the publication is in a state. */
async function until(run: YoutubeRun, state: string): Promise<void> {
  while (run.publication.state !== state) await run.turn(clip, false);
}

/** The last chunk arrived, its reply did not, and the session is gone. */
async function lostVideo(run: YoutubeRun): Promise<void> {
  await until(run, 'committing');
  run.faults = () => ({ kind: 'drop-after' });
  await expect(run.turn(clip, false)).rejects.toThrow();
  run.faults = () => undefined;
  run.standIn.forgetSessions();
}

const everyFault: Fault[] = [
  { kind: 'drop-before' },
  { kind: 'drop-after' },
  { kind: 'half-body' },
  { kind: 'duplicate' },
  { kind: 'slow' },
  { kind: 'error-after', status: 503 },
  ...[401, 403, 409, 429, 500, 502, 503, 504].map((status) => ({ kind: 'status' as const, status })),
];

describe('one fault at each request of a post', () => {
  it.each(everyFault)('leaves one video: %o', async (fault) => {
    const calm = chunkedRun();
    await calm.finish(clip);
    for (const index of calm.requests.keys()) {
      const run = chunkedRun();
      let count = -1;
      run.faults = () => ((count += 1) === index ? fault : undefined);
      const done = await run.finish(clip);
      expect({ index, state: done.state, notices: run.notices }).toEqual({ index, state: 'published', notices: [] });
      expect(run.standIn.posts()).toMatchObject([{ videoSha256: clip.sha256, visibility: 'public' }]);
      expect(run.standIn.extrasOf(run.standIn.posts()[0]?.id ?? '')?.captions).toHaveLength(1);
    }
  });
});

describe('a process that dies', () => {
  it('after any request, before what it said was saved, leaves one video and sends at most one chunk again', async () => {
    const calm = chunkedRun();
    await calm.finish(clip);
    for (const index of calm.steps.keys()) {
      const run = chunkedRun();
      for (let step = 0; step < index; step += 1) await run.turn(clip, false);
      // Its requests take effect; its result is forgotten.
      await youtubePublisher.advance(run.publication, run.context(clip));
      await run.turn(clip, true);
      expect(await run.finish(clip)).toMatchObject({ state: 'published' });
      expect(run.standIn.posts()).toMatchObject([{ videoSha256: clip.sha256 }]);
      expect(run.standIn.extrasOf(run.standIn.posts()[0]?.id ?? '')?.captions).toHaveLength(1);
      expect(sentBytes(run)).toBeLessThanOrEqual(filmBytes + chunkBytes);
    }
  });

  it('goes on in another process from what YouTube holds, not from what was saved', async () => {
    const run = chunkedRun();
    await until(run, 'uploading');
    // Another process has no memory of the answers: that of this one is filled with other sessions.
    const others = Array.from({ length: 70 }, () => chunkedRun());
    for (const other of others) await other.turn(clip, false);
    run.requests.length = 0;
    await run.turn(clip, true);
    expect(run.log).toEqual([`PUT videos bytes */${filmBytes}`, `PUT videos bytes ${chunkBytes}-${2 * chunkBytes - 1}/${filmBytes}`]);
  });

  it('in the middle of a chunk loses no whole block of it', async () => {
    const run = chunkedRun();
    run.options = { chunkKib: 512 };
    await until(run, 'prepared');
    const { http } = run.context(clip);
    const cut = { ...run.context(clip), http: { send: (request: Parameters<typeof http.send>[0]) => http.send(typeof request.body === 'object' && 'path' in request.body ? { ...request, headers: { ...request.headers, 'content-length': String(2 * chunkBytes) }, body: { ...request.body, endByte: chunkBytes + 5 } } : request) } };
    run.record(await youtubePublisher.advance(run.publication, cut));
    expect(run.publication.handle).toMatchObject({ sentBytes: chunkBytes });
  });
});

describe('the reply to the last chunk', () => {
  it.each<[Fault, typeof LostReply | typeof PlatformFault]>([
    [{ kind: 'status', status: 500 }, LostReply],
    [{ kind: 'status', status: 503 }, LostReply],
    [{ kind: 'error-after', status: 502 }, LostReply],
    [{ kind: 'half-body' }, LostReply],
    [{ kind: 'status', status: 401 }, PlatformFault],
    [{ kind: 'status', status: 403 }, PlatformFault],
    [{ kind: 'status', status: 429 }, PlatformFault],
  ])('is an answer only when it is Google’s own refusal: %o', async (fault, kind) => {
    const run = chunkedRun();
    await until(run, 'committing');
    run.faults = () => fault;
    await expect(run.turn(clip, false)).rejects.toBeInstanceOf(kind);
  });

  it('is lost: the session says that the film is complete', async () => {
    const run = chunkedRun();
    await until(run, 'committing');
    run.faults = ({ headers }) => (headers['content-range']?.startsWith('bytes *') === true ? undefined : { kind: 'drop-after' });
    await expect(run.turn(clip, false)).rejects.toThrow();
    run.faults = () => undefined;
    expect(await youtubePublisher.lookup(run.publication, run.context(clip))).toMatchObject({ found: { state: 'processing', handle: { stage: 'video', videoId: run.standIn.posts()[0]?.id } } });
  });

  it('is lost with the chunk: the session says where to go on', async () => {
    const run = chunkedRun();
    await until(run, 'committing');
    run.faults = () => ({ kind: 'drop-before' });
    await expect(run.turn(clip, false)).rejects.toThrow();
    run.faults = () => undefined;
    expect(await youtubePublisher.lookup(run.publication, run.context(clip))).toMatchObject({ absent: { state: 'uploading', handle: { sentBytes: 2 * chunkBytes } } });
    expect(run.standIn.posts()).toEqual([]);
  });

  it('is never given up because the question about the session is refused', async () => {
    const run = chunkedRun();
    await until(run, 'committing');
    run.faults = () => ({ kind: 'drop-before' });
    await expect(run.turn(clip, false)).rejects.toThrow();
    run.faults = () => undefined;
    await run.turn(clip, true);
    expect(run.publication.state).toBe('uploading');
    run.faults = () => ({ kind: 'status', status: 400 });
    await run.turn(clip, false);
    expect(run.publication).toMatchObject({ state: 'committing', handle: { sentBytes: 2 * chunkBytes } });
    await expect(run.turn(clip, false)).rejects.toBeInstanceOf(LostReply);
    run.faults = () => undefined;
    expect(await run.finish(clip)).toMatchObject({ state: 'published' });
    expect(run.standIn.posts()).toHaveLength(1);
  });

  it('is an end that YouTube cannot say yet: the question has an end too', async () => {
    const run = chunkedRun();
    await until(run, 'committing');
    const full = { send: async () => ({ status: 308, headers: { range: `bytes=0-${filmBytes - 1}` }, text: '' }) };
    const answers = [];
    for (let ask = 0; ask < 6; ask += 1) {
      const lookup = await youtubePublisher.lookup(run.publication, { ...run.context(clip), http: full });
      answers.push(Object.keys(lookup)[0]);
      if ('later' in lookup) run.publication = { ...run.publication, handle: lookup.later.handle };
    }
    expect(answers).toEqual(['later', 'later', 'later', 'later', 'later', 'undecided']);
  });
});

describe('a session that YouTube has forgotten', () => {
  it('in the middle of the upload is begun anew', async () => {
    const run = chunkedRun();
    await until(run, 'uploading');
    run.standIn.forgetSessions();
    expect(await run.finish(clip)).toMatchObject({ state: 'published' });
    expect(run.standIn.posts()).toMatchObject([{ videoSha256: clip.sha256 }]);
    expect(run.log.filter((line) => line === 'POST videos')).toHaveLength(2);
  });

  it('after a week is begun anew as well', async () => {
    const run = chunkedRun({ sessionLifetimeMs: 86_400_000 });
    await until(run, 'uploading');
    run.nowMs += 8 * 86_400_000;
    expect(await run.finish(clip)).toMatchObject({ state: 'published' });
    expect(run.standIn.posts()).toHaveLength(1);
  });

  it('again and again is given an hour’s rest', async () => {
    const run = chunkedRun();
    const begun = { ...run.publication, handle: { stage: 'fresh', restarts: 6 } };
    await expect(youtubePublisher.advance(begun, run.context(clip))).rejects.toMatchObject({ kind: 'retry', code: 'sessionLost', retryAtMs: run.nowMs + 3_600_000 });
  });

  it('after the last chunk: the video is found among the channel’s uploads once it is listed', async () => {
    const run = chunkedRun({ listingMs: 300_000 });
    await lostVideo(run);
    await run.turn(clip, true);
    expect(run.publication).toMatchObject({ state: 'committing', notBeforeMs: run.nowMs + 30_000 });
    while (run.publication.state === 'committing') await run.turn(clip, true);
    expect(await run.finish(clip)).toMatchObject({ state: 'published', url: expect.stringContaining(run.standIn.posts()[0]?.id ?? '?') });
    expect(run.standIn.posts()).toHaveLength(1);
  });

  it('before the last chunk arrived: after several looks it is sent anew', async () => {
    const run = chunkedRun();
    await until(run, 'committing');
    run.standIn.forgetSessions();
    await expect(run.turn(clip, false)).rejects.toThrow('does not know the upload');
    while (run.publication.state === 'committing') await run.turn(clip, true);
    expect(run.publication.state).toBe('claimed');
    expect(await run.finish(clip)).toMatchObject({ state: 'published' });
    expect(run.standIn.posts()).toHaveLength(1);
  });

  it('with two videos of that title and size: a person is asked', async () => {
    const run = chunkedRun({ listingMs: 0 });
    await lostVideo(run);
    const twin = chunkedRun();
    Object.assign(twin, { standIn: run.standIn });
    const login = run.standIn.issue(channel);
    const context = { ...run.context(clip), credentials: async () => ({ ...run.credentials, accessToken: login.accessToken }) };
    while (twin.publication.state !== 'processing') twin.record(await youtubePublisher.advance(twin.publication, context));
    await run.turn(clip, true);
    const links = run.standIn.posts().map(({ url }) => url);
    expect(run.publication).toMatchObject({ state: 'unknown', problem: { question: expect.stringContaining(links[0] ?? '?') } });
    expect(run.publication.problem?.question).toContain(links[1]);
  });

  it('with videos of another title, size or time: none of them is it', async () => {
    const run = chunkedRun({ listingMs: 0 });
    const others = [smallClip(temporaryFolder(), { bytes: Buffer.alloc(filmBytes, 'other'), title: 'Another' }), smallClip(temporaryFolder(), { bytes: Buffer.from('same title, other size') })];
    for (const other of others) {
      run.publication = { ...run.publication, state: 'claimed', handle: null };
      await run.finish(other);
    }
    run.publication = { ...run.publication, state: 'claimed', handle: null };
    await until(run, 'committing');
    run.standIn.forgetSessions();
    let lookups = 0;
    while (run.publication.state === 'committing') {
      await run.turn(clip, true);
      lookups += 1;
    }
    expect({ state: run.publication.state, lookups }).toEqual({ state: 'claimed', lookups: 6 });
  });
});

describe('a clip that is changed on the way', () => {
  it('before the last chunk goes out anew, and the old session is ended', async () => {
    const run = chunkedRun();
    await until(run, 'uploading');
    const edited = { ...clip, title: 'A better title' };
    expect(await run.finish(edited)).toMatchObject({ state: 'published' });
    expect(run.standIn.posts()).toMatchObject([{ text: 'A better title' }]);
    expect(run.log).toContain('DELETE videos');
  });

  it('after the last chunk may have arrived: the old one stays the post', async () => {
    const run = chunkedRun();
    await until(run, 'committing');
    run.faults = () => ({ kind: 'slow' });
    await expect(run.turn(clip, false)).rejects.toThrow();
    run.faults = () => undefined;
    await run.turn(clip, true);
    expect(await run.finish({ ...clip, title: 'A better title' })).toMatchObject({ state: 'published' });
    expect(run.standIn.posts()).toMatchObject([{ text: 'First words' }]);
  });

  it('in its film, when the last chunk did not arrive: never half of each', async () => {
    const run = chunkedRun({ listingMs: 0 });
    await until(run, 'committing');
    run.faults = () => ({ kind: 'drop-before' });
    await expect(run.turn(clip, false)).rejects.toThrow();
    run.faults = () => undefined;
    await run.turn(clip, true);
    expect(run.publication.state).toBe('uploading');
    const bytes = Buffer.alloc(filmBytes + 7, 'another ');
    writeFileSync(clip.videoPath, bytes);
    const changed = { ...clip, sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
    expect(await run.finish(changed)).toMatchObject({ state: 'published' });
    expect(run.standIn.posts()).toMatchObject([{ videoSha256: changed.sha256 }]);
  });
});

it.each([1, 2, 3])('hundreds of posts through random faults are one video each (seed %i)', async (seed) => {
  const script = randomFaults({ seed, rate: 0.2 });
  for (let post = 0; post < 70; post += 1) {
    const run = chunkedRun();
    run.options = { chunkKib: 256, captions: 'both' };
    run.faults = script;
    const done = await run.finish(clip, 500);
    expect(run.standIn.posts()).toMatchObject([{ videoSha256: clip.sha256 }]);
    expect(done.state).toBe('published');
  }
});

function sentBytes(run: YoutubeRun): number {
  return run.requests.filter(({ headers }) => headers['content-range']?.startsWith('bytes *') === false).reduce((sum, { headers }) => sum + Number(headers['content-length']), 0);
}

it('does not send to an address that is not Google’s', async () => {
  const run = chunkedRun();
  const { http } = run.context(clip);
  const astray = { send: async (request: Parameters<typeof http.send>[0]) => ({ ...(await http.send(request)), headers: { location: 'https://googleapis.com.example/upload' } }) };
  await expect(youtubePublisher.advance(run.publication, { ...run.context(clip), http: astray })).rejects.not.toBeInstanceOf(PlatformFault);
});
