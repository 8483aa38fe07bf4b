import { randomBytes } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { instagramPublisher as publisher } from '../../src/publishers/instagram/index.js';
import type { HttpRequest, HttpTransport } from '../../src/publishers/http.js';
import type { Publication } from '../../src/publishers/publisher.js';
import { openTransport } from '../../src/publishers/send.js';
import { InstagramStandIn } from '../../src/sandbox/instagram/index.js';
import { serveStandIns } from '../../src/sandbox/server.js';
import { applied, HandClock } from '../support/drive-publication.js';
import { allScopes } from '../support/instagram-stage.js';
import { freshPublication, publishContext, smallClip } from '../support/publish-context.js';
import { temporaryFolder } from '../support/temporary-folder.js';

test('over a real socket, an upload that is killed in the middle goes on at the byte that has arrived', async () => {
  const clock = new HandClock();
  const standIn = new InstagramStandIn(clock);
  const account = standIn.addAccount('clips.of.anna');
  const { accessToken } = standIn.issue(account, allScopes);
  const server = await serveStandIns({ standIns: [standIn] });
  onTestFinished(() => server.close());
  const transport = openTransport({ hosts: { '*': server.url } });
  onTestFinished(() => transport.close());
  const clip = smallClip(temporaryFolder(), { bytes: randomBytes(8_000_000) });
  const uploads: HttpRequest[] = [];
  const http: HttpTransport = {
    send(request) {
      if (request.url.includes('rupload')) uploads.push(request);
      return transport.send(request);
    },
  };
  const context = publishContext({ clip, http, clock, credentials: { accountId: account.id, accountName: account.name, accessToken, scopes: allScopes, expiresAtMs: null } });
  let current: Publication = freshPublication({ platform: 'instagram', account: account.id, clipSha256: clip.sha256 });
  current = applied(current, await publisher.advance(current, context));

  const kill = new AbortController();
  const killed = { ...context, signal: kill.signal, progress: (fraction: number) => fraction > 0.3 && kill.abort(new Error('killed')) };
  await expect(publisher.advance(current, killed)).rejects.toThrow('killed');
  while (current.state !== 'published') {
    current = applied(current, await publisher.advance(current, context));
    clock.advance(60_000);
  }
  const [first, second] = uploads;
  expect(uploads).toHaveLength(2);
  expect(first?.headers?.['offset']).toBe('0');
  expect(Number(second?.headers?.['offset'])).toBeGreaterThan(0);
  expect(standIn.posts().map(({ videoSha256 }) => videoSha256)).toEqual([clip.sha256]);
  expect(server.failures).toEqual([]);
});
