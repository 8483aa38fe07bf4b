import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { StandInAnswer } from '../../src/sandbox/stand-in.js';
import { withoutChannel, YoutubeStandIn } from '../../src/sandbox/youtube/index.js';
import { scopes } from '../../src/sandbox/youtube/oauth.js';

const maker = { id: 'UCmaker', name: 'Maker' };
const other = { id: 'UCother', name: 'Other' };
const blockBytes = 262_144;
const insertUrl = 'https://www.googleapis.com/upload/youtube/v3/videos?uploadType=resumable&part=snippet,status';
const dataUrl = 'https://youtube.googleapis.com/youtube/v3';
const startMs = Date.UTC(2026, 10, 25, 20);

let nowMs = startMs;
let youtube: YoutubeStandIn;
let token = '';
beforeEach(() => {
  nowMs = startMs;
  youtube = new YoutubeStandIn({ nowMs: () => nowMs });
  token = youtube.issue(maker).accessToken;
});

interface Sent {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  token?: string | null;
  /** The connection breaks after so many bytes of the body. */
  cutAt?: number;
}

async function send(url: string, { method = 'GET', headers = {}, body = '', token: bearer = token, cutAt }: Sent = {}): Promise<StandInAnswer> {
  const bytes = Buffer.from(body);
  return youtube.handle({
    method,
    url: new URL(url),
    headers: { ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }), 'content-length': String(bytes.length), ...headers },
    body: async function* () {
      for (let at = 0; at < Math.min(bytes.length, cutAt ?? bytes.length); at += 65_536) yield bytes.subarray(at, Math.min(at + 65_536, cutAt ?? bytes.length));
      if (cutAt !== undefined) throw new Error('the connection broke');
    },
  });
}

const metadata = (changes: { snippet?: object; status?: object } = {}): object => ({ snippet: { title: 'Title', ...changes.snippet }, status: { privacyStatus: 'public', ...changes.status } });

const begin = (sizeBytes: number, changes: object = metadata(), sent: Sent & { url?: string } = {}): Promise<StandInAnswer> =>
  send(sent.url ?? insertUrl, { method: 'POST', body: JSON.stringify(changes), ...sent, headers: { 'content-type': 'application/json; charset=UTF-8', 'x-upload-content-length': String(sizeBytes), 'x-upload-content-type': 'video/mp4', ...sent.headers } });

const put = (session: string, bytes: Uint8Array, range: string, sent: Sent = {}): Promise<StandInAnswer> => send(session, { method: 'PUT', body: bytes, ...sent, headers: { 'content-range': range, ...sent.headers } });

async function open(sizeBytes: number, changes?: object): Promise<string> {
  const answer = await begin(sizeBytes, changes);
  expect(answer.status).toBe(200);
  return answer.headers?.['location'] ?? '';
}

async function upload(changes?: object, bytes = Buffer.from('film')): Promise<string> {
  const answer = await put(await open(bytes.length, changes), bytes, `bytes 0-${bytes.length - 1}/${bytes.length}`);
  expect(answer.status).toBe(201);
  return (answer.body as { id: string }).id;
}

/** Status and Google's reason. */
function reason(answer: StandInAnswer): string {
  const body = answer.body as { error?: { errors?: { reason: string }[] } };
  return `${answer.status} ${body.error?.errors?.[0]?.reason ?? ''}`.trim();
}

describe('opening a session', () => {
  it.each<[string, object, string]>([
    ['an unknown field', metadata({ snippet: { subtitle: 'x' } }), '400 badRequest'],
    ['an unknown part', { ...metadata(), player: {} }, '400 badRequest'],
    ['a field of the wrong type', metadata({ status: { embeddable: 'yes' } }), '400 badRequest'],
    ['no title', { status: {} }, '400 invalidTitle'],
    ['a blank title', metadata({ snippet: { title: ' ' } }), '400 invalidTitle'],
    ['a title of 101 characters', metadata({ snippet: { title: 'x'.repeat(101) } }), '400 invalidTitle'],
    ['a title of 51 emoji', metadata({ snippet: { title: '🎬'.repeat(51) } }), '400 invalidTitle'],
    ['a bracket in the title', metadata({ snippet: { title: 'a < b' } }), '400 invalidTitle'],
    ['a description of 5001 bytes', metadata({ snippet: { description: `${'字'.repeat(1666)}xyz` } }), '400 invalidDescription'],
    ['a bracket in the description', metadata({ snippet: { description: '>' } }), '400 invalidDescription'],
    ['tags of 501 characters', metadata({ snippet: { tags: ['x'.repeat(250), 'y'.repeat(250)] } }), '400 invalidTags'],
    ['a tag whose quotation marks are too many', metadata({ snippet: { tags: [`${'x'.repeat(498)} `.slice(0, 499)] } }), '400 invalidTags'],
    ['a category that is none', metadata({ snippet: { categoryId: '999' } }), '400 invalidCategoryId'],
    ['a language that is none', metadata({ snippet: { defaultLanguage: '??' } }), '400 invalidVideoMetadata'],
    ['a time for a public video', metadata({ status: { publishAt: '2026-12-01T00:00:00Z' } }), '400 invalidPublishAt'],
    ['a time that is none', metadata({ status: { privacyStatus: 'private', publishAt: 'soon' } }), '400 invalidPublishAt'],
  ])('is refused with %s', async (_what, changes, expected) => {
    expect(reason(await begin(4, changes))).toBe(expected);
    expect(youtube.posts()).toEqual([]);
  });

  it('is refused without sizes, types, parts, or as another kind of upload', async () => {
    expect(reason(await begin(0))).toBe('400 mediaBodyRequired');
    expect(reason(await begin(4, metadata(), { headers: { 'x-upload-content-type': 'image/png' } }))).toBe('400 badContent');
    expect(reason(await begin(4, metadata(), { headers: { 'content-type': 'text/plain' } }))).toBe('400 badRequest');
    expect(reason(await begin(4, metadata(), { url: insertUrl.replace('snippet,status', 'snippet') }))).toBe('400 unexpectedPart');
    expect(reason(await begin(4, metadata(), { url: insertUrl.replace('&part=snippet,status', '') }))).toBe('400 missingRequiredParameter');
    expect(reason(await begin(4, metadata(), { url: `${insertUrl}&surprise=1` }))).toBe('400 badRequest');
    expect(reason(await begin(4, metadata(), { url: insertUrl.replace('resumable', 'multipart') }))).toBe('400 badRequest');
    expect(reason(await begin(4, metadata(), { body: '{' }))).toBe('400 parseError');
  });

  it('is refused without login, channel or rights', async () => {
    expect(reason(await begin(4, metadata(), { token: null }))).toBe('401 required');
    expect(reason(await begin(4, metadata(), { token: 'x' }))).toBe('401 authError');
    expect(reason(await begin(4, metadata(), { token: youtube.issue(maker, [scopes.read]).accessToken }))).toBe('403 insufficientPermissions');
    expect(reason(await begin(4, metadata(), { token: youtube.issue(withoutChannel).accessToken }))).toBe('401 youtubeSignupRequired');
    nowMs += 3_600_000;
    expect(reason(await begin(4))).toBe('401 authError');
  });

  it('is refused beyond the channel’s and the project’s limits until the Pacific midnight', async () => {
    youtube.facts(maker).uploadLimitReached = true;
    expect(reason(await begin(4))).toBe('400 uploadLimitExceeded');
    youtube.facts(maker).uploadLimitReached = false;
    youtube.quota = { uploads: 2 };
    expect((await begin(4)).status).toBe(200);
    expect(reason(await begin(4))).toBe('403 quotaExceeded');
    expect(youtube.used).toEqual({ uploads: 2, units: 0 });
    nowMs = Date.UTC(2026, 10, 26, 8) - 1;
    token = youtube.issue(maker).accessToken;
    expect(reason(await begin(4))).toBe('403 quotaExceeded');
    nowMs += 1;
    expect((await begin(4)).status).toBe(200);
  });
});

describe('sending bytes', () => {
  const film = Buffer.alloc(2 * blockBytes + 10, 'film');

  it('goes chunk by chunk, and the last one makes the video', async () => {
    const session = await open(film.length);
    expect(await put(session, film.subarray(0, blockBytes), `bytes 0-${blockBytes - 1}/${film.length}`)).toMatchObject({ status: 308, headers: { range: `bytes=0-${blockBytes - 1}` } });
    expect((await put(session, film.subarray(blockBytes, 2 * blockBytes), `bytes ${blockBytes}-${2 * blockBytes - 1}/${film.length}`)).status).toBe(308);
    expect(youtube.posts()).toEqual([]);
    const done = await put(session, film.subarray(2 * blockBytes), `bytes ${2 * blockBytes}-${film.length - 1}/${film.length}`);
    expect(done).toMatchObject({ status: 201, body: { kind: 'youtube#video', snippet: { title: 'Title', channelId: 'UCmaker' }, status: { uploadStatus: 'uploaded', privacyStatus: 'public' } } });
    expect(youtube.posts()).toMatchObject([{ videoSha256: createHash('sha256').update(film).digest('hex'), visibility: 'public', createdMs: nowMs }]);
  });

  it('answers a question with what it holds, and a complete session gives its final answer for ever', async () => {
    const session = await open(film.length);
    const question = (): Promise<StandInAnswer> => put(session, Buffer.alloc(0), `bytes */${film.length}`);
    const empty = await question();
    expect(empty.status).toBe(308);
    expect(empty.headers?.['range']).toBeUndefined();
    await put(session, film, `bytes 0-${film.length - 1}/${film.length}`);
    const [post] = youtube.posts();
    expect(await question()).toMatchObject({ status: 200, body: { id: post?.id } });
    expect(await put(session, film, `bytes 0-${film.length - 1}/${film.length}`)).toMatchObject({ status: 200, body: { id: post?.id } });
    expect(youtube.posts()).toHaveLength(1);
  });

  it('stores nothing that does not follow on what is there', async () => {
    const session = await open(film.length);
    const first = (): Promise<StandInAnswer> => put(session, film.subarray(0, blockBytes), `bytes 0-${blockBytes - 1}/${film.length}`);
    await first();
    expect(await first()).toMatchObject({ status: 308, headers: { range: `bytes=0-${blockBytes - 1}` } });
    expect(await put(session, film.subarray(2 * blockBytes), `bytes ${2 * blockBytes}-${film.length - 1}/${film.length}`)).toMatchObject({ status: 308, headers: { range: `bytes=0-${blockBytes - 1}` } });
    expect(youtube.posts()).toEqual([]);
  });

  it('keeps whole blocks of a chunk that breaks off', async () => {
    const session = await open(film.length);
    await expect(put(session, film, `bytes 0-${film.length - 1}/${film.length}`, { cutAt: blockBytes + 5 })).rejects.toThrow('the connection broke');
    expect(await put(session, Buffer.alloc(0), `bytes */${film.length}`)).toMatchObject({ status: 308, headers: { range: `bytes=0-${blockBytes - 1}` } });
    await put(session, film.subarray(blockBytes), `bytes ${blockBytes}-${film.length - 1}/${film.length}`);
    expect(youtube.posts()).toMatchObject([{ videoSha256: createHash('sha256').update(film).digest('hex') }]);
  });

  it.each<[string, (session: string) => Promise<StandInAnswer>, string]>([
    ['a chunk of an odd size', (session) => put(session, film.subarray(0, 1000), `bytes 0-999/${film.length}`), '400 badRequest'],
    ['a range that is not the body', (session) => put(session, film.subarray(0, blockBytes), `bytes 0-${2 * blockBytes - 1}/${film.length}`), '400 badRequest'],
    ['another total', (session) => put(session, film.subarray(0, blockBytes), `bytes 0-${blockBytes - 1}/${film.length + 1}`), '400 badRequest'],
    ['an unknown total', (session) => put(session, film.subarray(0, blockBytes), `bytes 0-${blockBytes - 1}/*`), '400 badRequest'],
    ['no range', (session) => send(session, { method: 'PUT', body: film.subarray(0, blockBytes) }), '400 badRequest'],
    ['a question with a body', (session) => put(session, Buffer.from('x'), `bytes */${film.length}`), '400 badRequest'],
    ['no login', (session) => put(session, film, `bytes 0-${film.length - 1}/${film.length}`, { token: null }), '401 required'],
    ['another account', (session) => put(session, film, `bytes 0-${film.length - 1}/${film.length}`, { token: youtube.issue(other).accessToken }), '403 forbidden'],
    ['an unknown session', (session) => put(`${session}x`, film, `bytes 0-${film.length - 1}/${film.length}`), '404 notFound'],
  ])('is refused with %s', async (_what, sendTo, expected) => {
    expect(reason(await sendTo(await open(film.length)))).toBe(expected);
    expect(youtube.posts()).toEqual([]);
  });

  it('wants chunks of one size', async () => {
    const session = await open(5 * blockBytes);
    await put(session, Buffer.alloc(blockBytes), `bytes 0-${blockBytes - 1}/${5 * blockBytes}`);
    expect(reason(await put(session, Buffer.alloc(2 * blockBytes), `bytes ${blockBytes}-${3 * blockBytes - 1}/${5 * blockBytes}`))).toBe('400 badRequest');
  });

  it('ends when it is ended, or old', async () => {
    const ended = await open(film.length);
    expect((await send(ended, { method: 'DELETE' })).status).toBe(499);
    expect(reason(await put(ended, film, `bytes 0-${film.length - 1}/${film.length}`))).toBe('404 notFound');
    const old = await open(film.length);
    nowMs += 8 * 86_400_000;
    token = youtube.issue(maker).accessToken;
    expect(reason(await put(old, film, `bytes 0-${film.length - 1}/${film.length}`))).toBe('404 notFound');
    expect(youtube.posts()).toEqual([]);
  });

  it('makes one video of the same last chunk sent twice at once', async () => {
    const session = await open(4);
    const last = (): Promise<StandInAnswer> => put(session, Buffer.from('film'), 'bytes 0-3/4');
    const answers = await Promise.all([last(), last()]);
    expect(answers.map(({ status }) => status).toSorted((one, two) => one - two)).toEqual([200, 201]);
    expect(youtube.posts()).toHaveLength(1);
  });
});

const show = async (id: string, parts = 'status'): Promise<{ status: Record<string, unknown>; fileDetails: unknown } | undefined> => ((await send(`${dataUrl}/videos?part=${parts}&id=${id}`)).body as { items: { status: Record<string, unknown>; fileDetails: unknown }[] }).items[0];

describe('a video', () => {
  it('is worked on for a while', async () => {
    const id = await upload();
    expect((await show(id))?.status['uploadStatus']).toBe('uploaded');
    nowMs += 20_000;
    expect((await show(id))?.status['uploadStatus']).toBe('processed');
  });

  it('fails or is rejected with the reason', async () => {
    youtube.facts(maker).processing = { end: 'rejected', reason: 'duplicate' };
    const id = await upload();
    nowMs += 20_000;
    expect((await show(id))?.status).toMatchObject({ uploadStatus: 'rejected', rejectionReason: 'duplicate' });
  });

  it('becomes public at its time, and at once when that is past', async () => {
    const later = await upload(metadata({ status: { privacyStatus: 'private', publishAt: new Date(nowMs + 60_000).toISOString() } }));
    await upload(metadata({ status: { privacyStatus: 'private', publishAt: new Date(nowMs - 60_000).toISOString() } }));
    expect(youtube.posts().map(({ visibility }) => visibility)).toEqual(['scheduled', 'public']);
    nowMs += 60_000;
    expect((await show(later))?.status).toMatchObject({ privacyStatus: 'public' });
    expect((await show(later))?.status).not.toHaveProperty('publishAt');
  });

  it('stays private when the project is not audited', async () => {
    youtube.audited = false;
    const id = await upload();
    expect(youtube.posts()).toMatchObject([{ visibility: 'private' }]);
    expect(reason(await send(`${dataUrl}/videos?part=status`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ id, status: { privacyStatus: 'public' } }) }))).toBe('403 forbiddenPrivacySetting');
  });

  it('shows strangers neither itself nor its file', async () => {
    const hidden = await upload(metadata({ status: { privacyStatus: 'private' } }));
    const seen = await upload();
    const stranger = youtube.issue(other).accessToken;
    const ask = (parts: string, ids: string): Promise<StandInAnswer> => send(`${dataUrl}/videos?part=${parts}&id=${ids}`, { token: stranger });
    expect(((await ask('status', `${hidden},${seen}`)).body as { items: { id: string }[] }).items.map(({ id }) => id)).toEqual([seen]);
    expect(reason(await ask('fileDetails', seen))).toBe('403 forbidden');
    expect(await show(seen, 'fileDetails')).toMatchObject({ fileDetails: { fileSize: '4' } });
  });

  it('loses in an update what the update does not name', async () => {
    const id = await upload(metadata({ status: { privacyStatus: 'private', embeddable: false, license: 'creativeCommon', publishAt: new Date(nowMs + 60_000).toISOString() } }));
    const update = (body: object): Promise<StandInAnswer> => send(`${dataUrl}/videos?part=status`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    expect((await update({ id, status: { privacyStatus: 'private' } })).status).toBe(200);
    expect((await show(id))?.status).toMatchObject({ privacyStatus: 'private', embeddable: true, license: 'youtube' });
    nowMs += 60_000;
    expect(youtube.posts()).toMatchObject([{ visibility: 'private' }]);
    expect((await update({ id, status: {} })).status).toBe(200);
    expect((await show(id))?.status).toMatchObject({ privacyStatus: 'public' });
    expect(reason(await update({ id, status: { privacyStatus: 'private', publishAt: new Date(nowMs + 60_000).toISOString() } }))).toBe('400 invalidPublishAt');
    expect(reason(await update({ id: 'unknown', status: {} }))).toBe('404 videoNotFound');
    expect(reason(await update({ id, status: {}, surprise: 1 }))).toBe('400 badRequest');
    expect(reason(await send(`${dataUrl}/videos?part=status`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ id, status: {} }), token: youtube.issue(maker, [scopes.upload]).accessToken }))).toBe('403 insufficientPermissions');
  });

  it('appears among the channel’s uploads after a while, newest first, page by page', async () => {
    const ids = [await upload(), await upload(), await upload()];
    const list = async (query = ''): Promise<{ items: { contentDetails: { videoId: string } }[]; nextPageToken?: string }> => (await send(`${dataUrl}/playlistItems?part=snippet,contentDetails&playlistId=UUmaker&maxResults=2${query}`)).body as never;
    expect((await list()).items).toEqual([]);
    nowMs += 60_000;
    const first = await list();
    expect(first.items.map(({ contentDetails }) => contentDetails.videoId)).toEqual([ids[2], ids[1]]);
    const second = await list(`&pageToken=${first.nextPageToken}`);
    expect(second.items.map(({ contentDetails }) => contentDetails.videoId)).toEqual([ids[0]]);
    expect(second).not.toHaveProperty('nextPageToken');
    expect(reason(await send(`${dataUrl}/playlistItems?part=snippet&playlistId=UUother`))).toBe('404 playlistNotFound');
    expect(reason(await send(`${dataUrl}/playlistItems?part=snippet&playlistId=UUmaker&maxResults=51`))).toBe('400 invalidValue');
  });

  it('is asked for within the shared quota', async () => {
    youtube.quota = { units: 3 };
    const id = await upload();
    for (const _ of [1, 2, 3]) expect((await send(`${dataUrl}/videos?part=status&id=${id}`)).status).toBe(200);
    expect(reason(await send(`${dataUrl}/videos?part=status&id=${id}`))).toBe('403 quotaExceeded');
    expect(reason(await send('https://www.googleapis.com/youtube/v3/channels?part=snippet&mine=true'))).toBe('403 quotaExceeded');
  });
});

const cover = (id: string, sent: Sent = {}): Promise<StandInAnswer> => send(`https://www.googleapis.com/upload/youtube/v3/thumbnails/set?uploadType=media&videoId=${id}`, { method: 'POST', body: 'picture', ...sent, headers: { 'content-type': 'image/jpeg', ...sent.headers } });
const track = (snippet: object, text = '1\n', changes: Sent = {}): Promise<StandInAnswer> =>
  send('https://www.googleapis.com/upload/youtube/v3/captions?uploadType=multipart&part=snippet', {
    method: 'POST',
    body: `--b\r\nContent-Type: application/json\r\n\r\n${JSON.stringify({ snippet })}\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n${text}\r\n--b--\r\n`,
    ...changes,
    headers: { 'content-type': 'multipart/related; boundary=b', ...changes.headers },
  });

describe('covers and caption tracks', () => {
  it('are kept with the video', async () => {
    const id = await upload();
    expect((await cover(id)).status).toBe(200);
    expect((await track({ videoId: id, language: 'en', name: 'English' }, 'line\r\none')).status).toBe(200);
    expect(youtube.extrasOf(id)).toMatchObject({ thumbnailSha256: createHash('sha256').update('picture').digest('hex'), captions: [{ language: 'en', name: 'English', text: 'line\r\none' }] });
    expect((await send(`${dataUrl}/captions?part=snippet&videoId=${id}`)).body).toMatchObject({ items: [{ snippet: { language: 'en', name: 'English', trackKind: 'standard' } }] });
    expect(youtube.used.units).toBe(500);
  });

  it('are refused as the documents say', async () => {
    const id = await upload();
    expect(reason(await cover(id, { body: '' }))).toBe('400 mediaBodyRequired');
    expect(reason(await cover(id, { headers: { 'content-type': 'video/mp4' } }))).toBe('400 badContent');
    expect(reason(await cover(id, { body: Buffer.alloc(2 * 1024 * 1024 + 1) }))).toBe('413 uploadTooLarge');
    expect(reason(await cover('unknown'))).toBe('404 videoNotFound');
    expect(reason(await cover(id, { token: youtube.issue(other).accessToken }))).toBe('403 forbidden');
    youtube.facts(maker).mayHaveThumbnails = false;
    expect(reason(await cover(id))).toBe('403 forbidden');
    const snippet = { videoId: id, language: 'en', name: 'English' };
    expect((await track(snippet)).status).toBe(200);
    expect(reason(await track(snippet))).toBe('409 captionExists');
    expect((await track({ ...snippet, name: 'Another' })).status).toBe(200);
    expect(reason(await track(snippet, ''))).toBe('400 contentRequired');
    expect(reason(await track({ ...snippet, language: 'x' }))).toBe('400 invalidMetadata');
    expect(reason(await track({ ...snippet, surprise: 1 }))).toBe('400 badRequest');
    expect(reason(await track({ ...snippet, videoId: 'unknown' }))).toBe('404 videoNotFound');
    expect(reason(await track(snippet, '1', { headers: { 'content-type': 'multipart/form-data; boundary=b' } }))).toBe('400 badContent');
    expect(reason(await track(snippet, '1', { token: youtube.issue(maker, [scopes.upload]).accessToken }))).toBe('403 insufficientPermissions');
  });
});

it('knows no other addresses', async () => {
  expect(reason(await send('https://www.googleapis.com/youtube/v3/comments'))).toBe('404 notFound');
  expect(reason(await send('https://oauth2.googleapis.com/other', { method: 'POST' }))).toBe('404 notFound');
});
