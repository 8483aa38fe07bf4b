import { createHash, createHmac, randomBytes } from 'node:crypto';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openTransport } from '../../src/publishers/send.js';
import { createWebhookPublisher } from '../../src/publishers/webhook/index.js';
import type { StandInAnswer } from '../../src/sandbox/stand-in.js';
import { WebhookStandIn } from '../../src/sandbox/webhook/index.js';
import { drive, HandClock } from '../support/drive-publication.js';
import { freshPublication, publishContext, smallClip } from '../support/publish-context.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const key = randomBytes(32);
const film = 'film';
const publication = 'a'.repeat(64);

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const event = {
  type: 'clip.published',
  timestamp: '2026-11-25T18:00:00.000Z',
  data: {
    publication,
    revision: 1,
    title: 'First words',
    description: '',
    hashtags: [],
    language: null,
    format: 'vertical',
    width: 1080,
    height: 1920,
    fps: 25,
    durationUs: 1,
    source: { sha256: 'b'.repeat(64), ranges: [] },
    files: [{ part: 'video', contentType: 'video/mp4', sha256: sha256(film), sizeBytes: 4 }],
  },
};

interface Changes {
  payload?: string;
  signed?: string;
  parts?: [string, string][];
  headers?: Record<string, string>;
  secret?: Buffer;
  offsetSeconds?: number;
  method?: string;
}

function receiver() {
  const clock = new HandClock();
  const standIn = new WebhookStandIn({ nowMs: clock.nowMs, secrets: [key] });
  const deliver = async (changes: Changes = {}): Promise<StandInAnswer> => {
    const payload = changes.payload ?? JSON.stringify(event);
    const form = new FormData();
    for (const [name, value] of changes.parts ?? [['event', payload], ['video', film]]) form.append(name, name === 'event' ? value : new Blob([value]), ...(name === 'event' ? [] : [`${name}.bin`]));
    const body = new Response(form);
    const id = `${publication}-r1`;
    const seconds = String(Math.floor(clock.nowMs() / 1000) + (changes.offsetSeconds ?? 0));
    const signature = createHmac('sha256', changes.secret ?? key).update(`${id}.${seconds}.${changes.signed ?? payload}`).digest('base64');
    const bytes = new Uint8Array(await body.arrayBuffer());
    return standIn.handle({
      method: changes.method ?? 'POST',
      url: new URL('https://clips.example.com/inbox'),
      headers: { 'content-type': body.headers.get('content-type') ?? '', 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': `v1,${signature}`, ...changes.headers },
      body: async function* () { yield bytes; },
    });
  };
  return { clock, standIn, deliver };
}

test('a delivery that is in order is taken once, and a repeated one answered the same', async () => {
  const { standIn, deliver } = receiver();
  expect(await deliver()).toEqual({ status: 201, body: { url: 'https://clips.example.com/clips/1' } });
  expect(await deliver()).toEqual({ status: 200, body: { url: 'https://clips.example.com/clips/1', duplicate: true } });
  expect(standIn.posts()).toHaveLength(1);
});

test.each<[string, Changes, number]>([
  ['another secret', { secret: randomBytes(32) }, 401],
  ['an event that was changed on the way', { signed: '{}' }, 401],
  ['a clock more than five minutes late', { offsetSeconds: -301 }, 401],
  ['a clock more than five minutes early', { offsetSeconds: 301 }, 401],
  ['no id', { headers: { 'webhook-id': '' } }, 401],
  ['an id with a full stop', { headers: { 'webhook-id': 'a.b' } }, 401],
  ['no signature', { headers: { 'webhook-signature': '' } }, 401],
  ['a signature of another version only', { headers: { 'webhook-signature': 'v1a,AAAA' } }, 401],
  ['no film', { parts: [['event', JSON.stringify(event)]] }, 422],
  ['another film', { parts: [['event', JSON.stringify(event)], ['video', 'flim']] }, 422],
  ['a film cut short', { parts: [['event', JSON.stringify(event)], ['video', 'fil']] }, 422],
  ['the film first', { parts: [['video', film], ['event', JSON.stringify(event)]] }, 400],
  ['a part that the event does not name', { parts: [['event', JSON.stringify(event)], ['video', film], ['extra', 'x']] }, 422],
  ['a field too many', { payload: JSON.stringify({ ...event, extra: 1 }) }, 400],
  ['a field too few', { payload: JSON.stringify({ ...event, data: { ...event.data, title: undefined } }) }, 400],
  ['an event that is not JSON', { payload: '{' }, 400],
  ['a body that is no form', { headers: { 'content-type': 'application/json' } }, 415],
  ['a body that is not what its type says', { headers: { 'content-type': 'multipart/form-data; boundary=x' } }, 400],
  ['another method', { method: 'PUT' }, 405],
])('refused: %s', async (_name, changes, status) => {
  const { standIn, deliver } = receiver();
  expect((await deliver(changes)).status).toBe(status);
  expect(standIn.posts()).toEqual([]);
});

test('clocks may be five minutes apart, and a receiver may be closed', async () => {
  const { standIn, deliver } = receiver();
  expect((await deliver({ offsetSeconds: 299 })).status).toBe(201);
  standIn.isClosed = true;
  expect((await deliver()).status).toBe(410);
});

test('the receiver in the manual takes what snvg sends, over a real socket, once', async () => {
  const dir = temporaryFolder();
  const manual = readFileSync(new URL('../../docs/platforms/webhook.md', import.meta.url), 'utf8');
  const code = /```js\n(\/\/ receiver\.mjs.*?)```/s.exec(manual)?.[1] ?? '';
  writeFileSync(join(dir, 'receiver.mjs'), code);
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const child = spawn(process.execPath, [join(dir, 'receiver.mjs')], { env: { ...process.env, SNVG_WEBHOOK_SECRET: secret, PORT: '0', INBOX: join(dir, 'inbox') }, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => stop(child));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const account = `http://127.0.0.1:${/\d+$/.exec(line.toString().trim())?.[0]}/`;

  const transport = openTransport();
  onTestFinished(() => transport.close());
  const clip = smallClip(dir, { bytes: randomBytes(300_000) });
  const clock = { nowMs: () => Date.now() };
  const options = { captions: true, cover: true };
  const start = freshPublication({ platform: 'webhook', account, clipSha256: clip.sha256 });
  const context = publishContext({ clip, http: transport, options, clock });
  const publisher = createWebhookPublisher({ SNVG_WEBHOOK_SECRET: secret });
  for (let time = 0; time < 2; time += 1) {
    expect(await drive(start, { publisher, context, clock: new HandClock() })).toMatchObject({ state: 'published', url: `https://clips.example.com/${start.key}` });
  }
  const [folder] = readdirSync(join(dir, 'inbox'));
  expect(readdirSync(join(dir, 'inbox'))).toHaveLength(1);
  expect(readdirSync(join(dir, 'inbox', folder ?? '')).toSorted()).toEqual(['captions-srt', 'captions-vtt', 'cover', 'event.json', 'video']);
  expect(createHash('sha256').update(readFileSync(join(dir, 'inbox', folder ?? '', 'video'))).digest('hex')).toBe(clip.sha256);

  const stranger = createWebhookPublisher({ SNVG_WEBHOOK_SECRET: randomBytes(32).toString('base64') });
  expect(await drive({ ...start, key: 'd'.repeat(64) }, { publisher: stranger, context, clock: new HandClock() })).toMatchObject({ state: 'failed', problem: { code: '401' } });
  expect(readdirSync(join(dir, 'inbox'))).toHaveLength(1);
});

async function stop(child: ChildProcess): Promise<void> {
  child.kill();
  await once(child, 'exit');
}
