import { createHmac, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LostReply, PlatformFault } from '../../src/publishers/faults.js';
import type { HttpAnswer } from '../../src/publishers/http.js';
import type { Publication } from '../../src/publishers/publisher.js';
import { createWebhookPublisher, webhookPublisher } from '../../src/publishers/webhook/index.js';
import { applied, drive } from '../support/drive-publication.js';
import { webhookAddress, webhookStage, type WebhookStage } from '../support/webhook-stage.js';

function run({ publisher, context, clock }: WebhookStage, start: Publication): Promise<Publication> {
  return drive(start, { publisher, context, clock });
}

async function committing(stage: WebhookStage): Promise<Publication> {
  let current = stage.publication;
  while (current.state !== 'committing') current = applied(current, await stage.publisher.advance(current, stage.context));
  return current;
}

async function answering(answer: Partial<HttpAnswer> & { status: number }): Promise<unknown> {
  const stage = webhookStage();
  const start = await committing(stage);
  const http = { send: async (): Promise<HttpAnswer> => ({ headers: {}, text: '', ...answer }) };
  try {
    return await stage.publisher.advance(start, { ...stage.context, http });
  } catch (error) {
    return error;
  }
}

test('a clip is delivered in one signed request, and the receiver tells its address', async () => {
  const stage = webhookStage();
  const done = await run(stage, stage.publication);
  expect(done).toMatchObject({ state: 'published', url: 'https://clips.example.com/clips/1' });
  expect(stage.standIn.posts()).toMatchObject([{ account: webhookAddress, videoSha256: stage.clip.sha256, text: 'First words\n\nWhat they heard.\n\n#words' }]);
  expect(stage.sent).toHaveLength(1);
});

test('the signature is the one of Standard Webhooks over id, seconds and the event as it was sent', async () => {
  const stage = webhookStage();
  await run(stage, stage.publication);
  const [request] = stage.sent;
  const headers = request?.headers ?? {};
  const body = request?.body;
  const event = typeof body === 'object' && 'parts' in body ? String(body.parts[0]?.value) : '';
  const key = Buffer.from(stage.secret.slice('whsec_'.length), 'base64');
  expect(headers['webhook-id']).toBe(`${stage.publication.key}-r1`);
  expect(headers['webhook-timestamp']).toBe(String(Math.floor(stage.clock.nowMs() / 1000)));
  expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${event}`).digest('base64')}`);
  expect(JSON.stringify(stage.sent)).not.toContain(stage.secret.slice(6, 30));
});

test('captions and cover go along when they are asked for', async () => {
  const stage = webhookStage({ options: { captions: true, cover: true } });
  expect((await run(stage, stage.publication)).state).toBe('published');
  const body = stage.sent[0]?.body;
  expect(typeof body === 'object' && 'parts' in body ? body.parts.map(({ name }) => name) : []).toEqual(['event', 'video', 'captions-srt', 'captions-vtt', 'cover']);
});

test('a named endpoint has its address in the settings and its own secret in the environment', async () => {
  const own = `whsec_${randomBytes(24).toString('base64')}`;
  const stage = webhookStage({ account: 'my-studio', options: { endpoints: { 'my-studio': 'https://studio.example.com/in' } }, environment: { SNVG_WEBHOOK_MY_STUDIO_SECRET: own, SNVG_WEBHOOK_SECRET: 'not base64!' } });
  expect(await run(stage, stage.publication)).toMatchObject({ state: 'published', url: 'https://studio.example.com/clips/1' });
  await expect(stage.publisher.advance({ ...stage.publication, account: 'other' }, stage.context)).rejects.toMatchObject({ code: 'CONFIG_INVALID', remedy: expect.stringContaining('endpoints') });
});

test('while a secret is replaced both sign', async () => {
  const [old, young] = [0, 1].map(() => `whsec_${randomBytes(32).toString('base64')}`);
  const stage = webhookStage({ environment: { SNVG_WEBHOOK_SECRET: `${young} ${old}` } });
  expect((await run(stage, stage.publication)).state).toBe('published');
  expect(stage.sent[0]?.headers?.['webhook-signature']?.split(' ')).toHaveLength(2);
});

test.each([
  ['none', {}, 'secret_missing'],
  ['not base64', { SNVG_WEBHOOK_SECRET: 'whsec_%%%' }, 'secret_invalid'],
  ['too short', { SNVG_WEBHOOK_SECRET: Buffer.alloc(23).toString('base64') }, 'secret_invalid'],
  ['too long', { SNVG_WEBHOOK_SECRET: Buffer.alloc(65).toString('base64') }, 'secret_invalid'],
])('a secret that is %s is refused before anything is sent, and not repeated', async (_name, environment: Record<string, string>, code) => {
  const stage = webhookStage({ environment: { SNVG_WEBHOOK_SECRET: Buffer.alloc(32).toString('base64') } });
  const error: unknown = await Promise.allSettled([createWebhookPublisher(environment).advance(stage.publication, stage.context)]).then(([result]) => (result.status === 'rejected' ? result.reason : undefined));
  expect(error).toMatchObject({ kind: 'auth', code });
  const { message, remedy } = error as PlatformFault;
  expect(`${message} ${remedy}`).not.toContain(environment['SNVG_WEBHOOK_SECRET'] ?? 'nothing');
  expect(stage.sent).toEqual([]);
});

test.each([
  ['https://clips.example.com/inbox', 'https://clips.example.com/inbox'],
  ['HTTPS://Clips.Example.com:443/inbox#top', 'https://clips.example.com/inbox'],
  ['http://127.0.0.1:8080/in', 'http://127.0.0.1:8080/in'],
  ['http://localhost/in', 'http://localhost/in'],
  ['https://192.168.1.4/in', 'https://192.168.1.4/in'],
  ['studio', 'studio'],
])('--to webhook:%s stands for %s', (text, account) => {
  expect(webhookPublisher.account?.(text)).toBe(account);
});

test.each(['', 'http://clips.example.com/in', 'https://me:pw@clips.example.com/', 'ftp://clips.example.com/', 'https://', 'Studio', 'a b', '-x'])('--to webhook:%s is refused', (text) => {
  expect(() => webhookPublisher.account?.(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});

test('settings are checked', () => {
  const valid = webhookPublisher.options;
  expect(valid.safeParse({ endpoints: { studio: 'https://a.example/' }, captions: true, cover: true }).success).toBe(true);
  for (const wrong of [{ url: 'x' }, { endpoints: { Studio: 'https://a.example/' } }, { endpoints: { a: 'http://a.example/' } }, { captions: 'yes' }]) expect(valid.safeParse(wrong).success).toBe(false);
});

test('what each answer means', async () => {
  expect(await answering({ status: 204 })).toEqual({ state: 'published' });
  expect(await answering({ status: 200, text: '{"url":"https://a.example/1"}' })).toEqual({ state: 'published', url: 'https://a.example/1' });
  for (const text of ['{"url":"javascript:alert(1)"}', '{"url":5}', 'null', 'OK', '{"url":"https://a.example/']) expect(await answering({ status: 200, text })).toEqual({ state: 'published' });
  expect(await answering({ status: 410 })).toMatchObject({ kind: 'refused', code: '410' });
  expect(await answering({ status: 422, text: 'bad\n\u0007hash' })).toMatchObject({ kind: 'refused', message: 'The webhook answered 422: bad hash' });
  expect(await answering({ status: 413 })).toMatchObject({ kind: 'refused', remedy: expect.stringContaining('larger') });
  expect(await answering({ status: 302, headers: { location: 'https://evil.example/' } })).toMatchObject({ kind: 'refused' });
  expect(await answering({ status: 401 })).toMatchObject({ kind: 'auth', remedy: expect.stringContaining('SNVG_WEBHOOK_SECRET') });
  expect(await answering({ status: 429, headers: { 'retry-after': '30' } })).toMatchObject({ kind: 'retry', retryAtMs: 1_800_000_030_000 });
  expect(await answering({ status: 409 })).toMatchObject({ kind: 'retry', retryAtMs: undefined });
  for (const status of [500, 502, 503, 504]) expect(await answering({ status })).toBeInstanceOf(LostReply);
});

test('a film that changed on the disk is refused by the receiver', async () => {
  const stage = webhookStage();
  const start = await committing(stage);
  writeFileSync(stage.clip.videoPath, 'film'.toUpperCase());
  await expect(stage.publisher.advance(start, stage.context)).rejects.toMatchObject({ kind: 'refused', message: expect.stringContaining('another hash') });
});

test('a clip that was offered cannot be taken back', async () => {
  const stage = webhookStage();
  const { publisher, context } = stage;
  const start = await committing(stage);
  await expect(publisher.cancel(start, context)).rejects.toMatchObject({ kind: 'refused' });
});

test('a new revision is another message, the same one a repeated message', async () => {
  const stage = webhookStage();
  await run(stage, stage.publication);
  await run(stage, stage.publication);
  expect(stage.standIn.posts()).toHaveLength(1);
  await run(stage, { ...stage.publication, revision: 2 });
  expect(stage.standIn.posts().map(({ id }) => id.slice(-3))).toEqual(['-r1', '-r2']);
});
