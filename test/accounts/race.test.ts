import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { openTransport } from '../../src/publishers/send.js';
import { serveStandIns } from '../../src/sandbox/server.js';
import type { StandInAnswer, StandInRequest } from '../../src/sandbox/stand-in.js';
import { AuthorizationServer } from './authorization-server.js';
import { desk } from './desk.js';

/** A server on a socket, whose token endpoint may be held up after it has done its work. */
class SlowServer extends AuthorizationServer {
  afterToken: () => Promise<void> = async () => {};

  override async handle(request: StandInRequest): Promise<StandInAnswer> {
    const answer = await super.handle(request);
    if (request.url.pathname === '/token') await this.afterToken();
    return answer;
  }
}

interface Asker {
  child: ChildProcess;
  go(): Promise<{ accessToken?: string; code?: string; message?: string }>;
}

/** A process that has read the expired token and waits for the signal to use it. */
async function asker(dataDir: string, base: string): Promise<Asker> {
  const child = spawn(process.execPath, ['--import', 'tsx', resolve(import.meta.dirname, 'fixtures/renewing-app.ts'), dataDir, base], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe('ready');
  return {
    child,
    go: async () => {
      child.stdin.write('go\n');
      return JSON.parse((await lines.next()).value ?? '{}') as { accessToken?: string };
    },
  };
}

/** An account whose access token expired an hour ago, and the server it belongs to, on a socket. */
async function expiredLogin(): Promise<{ server: SlowServer; base: string; dataDir: string; first: ReturnType<typeof desk> }> {
  const server = new SlowServer({ nowMs: () => Date.now() });
  const sandbox = await serveStandIns({ standIns: [server] });
  onTestFinished(() => sandbox.close());
  const transport = openTransport({ hosts: { '*': sandbox.url } });
  onTestFinished(() => transport.close());
  const first = desk({}, { http: transport, nowMs: () => Date.now() });
  const tokens = server.issue();
  const nowMs = Date.now();
  await first.loggedIn({
    login: { tokens: { kind: 'oauth2', accessToken: tokens.accessToken, refreshToken: tokens.refreshToken, expiresAtMs: nowMs - 3_600_000, refreshExpiresAtMs: null, scopes: [], receivedAtMs: nowMs - 7_200_000 } },
  });
  return { server, base: sandbox.url, dataDir: first.dataDir, first };
}

it('two processes that race for a rotation make one, and both go on with its token', async () => {
  const { server, base, dataDir } = await expiredLogin();
  const askers = await Promise.all([asker(dataDir, base), asker(dataDir, base)]);
  // The first one is held up until the other has had every chance to ask as well.
  server.afterToken = () => new Promise((done) => setTimeout(done, 300));
  const answers = await Promise.all(askers.map((one) => one.go()));
  expect(answers[0]?.accessToken).toMatch(/^access-/);
  expect(answers[1]).toEqual(answers[0]);
  expect([server.attempts, server.refreshes]).toEqual([1, 1]);
});

it('a process killed between the rotation and its saving leaves no lock, and the next one says what was lost', async () => {
  const { server, base, dataDir, first } = await expiredLogin();
  const [victim, heir] = await Promise.all([asker(dataDir, base), asker(dataDir, base)]);
  const rotated = new Promise<void>((done) => {
    server.afterToken = async () => {
      done();
      await new Promise(() => {});
    };
  });
  victim.go().catch(() => {});
  await rotated;
  victim.child.kill('SIGKILL');
  await once(victim.child, 'exit');
  server.afterToken = async () => {};
  await expect(heir.go()).resolves.toMatchObject({ code: 'AUTH_NEEDED', message: expect.stringMatching(/The login to example:ada has ended: the answer to a renewal begun at .* was lost, and with it the new refresh token/) });
  expect([server.attempts, server.refreshes]).toEqual([2, 1]);
  // The vault is whole, without leftovers beside it.
  expect((await first.vault.read()).accounts[0]?.login).toMatchObject({ renewing: null, ended: { reason: expect.stringContaining('lost') } });
  expect(readdirSync(dataDir).toSorted()).toEqual(['accounts.vault', 'locks']);
  expect(readFileSync(join(dataDir, 'accounts.vault'), 'utf8').endsWith('\n')).toBe(true);
});
