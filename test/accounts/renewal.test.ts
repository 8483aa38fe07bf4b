import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { forcedLogin } from '../../src/accounts/renewal.js';
import { placeInVault } from '../../src/accounts/vault-account.js';
import type { StandInRequest } from '../../src/sandbox/stand-in.js';
import { desk, startMs } from './desk.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const isToken = ({ url }: StandInRequest): boolean => url.pathname === '/token';

it('a token with time left is used as it is; five minutes before its end it is renewed once, and saved before it is used', async () => {
  const { server, accounts, vault, loggedIn, clock, vaultPath } = desk();
  await loggedIn();
  const account = await accounts.find('example', server.policy(), '');
  const first = await account.credentials();
  expect(first).toMatchObject({ accountId: 'A1', accountName: '@ada', scopes: ['video.write', 'profile.read'], expiresAtMs: startMs + hourMs });
  clock.nowMs += hourMs - 5 * 60_000 - 1;
  expect((await account.credentials()).accessToken).toBe(first.accessToken);
  clock.nowMs += 1;
  const second = await account.credentials();
  expect(second.accessToken).not.toBe(first.accessToken);
  expect(readFileSync(vaultPath, 'utf8')).toContain(second.accessToken);
  expect((await account.credentials()).accessToken).toBe(second.accessToken);
  expect(server.refreshes).toBe(1);
  expect((await vault.read()).accounts[0]?.login.renewing).toBeNull();
});

it('short-lived tokens are not renewed at every use', async () => {
  const { server, accounts, loggedIn, clock } = desk({ accessLifetimeMs: 4 * 60_000 });
  await loggedIn();
  const account = await accounts.find('example', server.policy(), '');
  for (let minute = 0; minute < 12; minute += 1) {
    await account.credentials();
    clock.nowMs += 60_000;
  }
  expect(server.refreshes).toBe(3);
});

it('an access token that expired long ago is renewed', async () => {
  const { server, accounts, loggedIn, clock } = desk();
  await loggedIn();
  clock.nowMs += 40 * dayMs;
  await expect((await accounts.find('example', server.policy(), '')).credentials()).resolves.toMatchObject({ expiresAtMs: clock.nowMs + hourMs });
});

it('renew asks the platform once for many who were refused the same token', async () => {
  const { server, accounts, loggedIn, again } = desk();
  await loggedIn();
  const rejected = await (await accounts.find('example', server.policy(), '')).credentials();
  server.expire(rejected.accessToken);
  const renewed = await Promise.all(Array.from({ length: 5 }, async () => (await again().accounts.find('example', server.policy(), '')).renew(rejected)));
  expect(new Set(renewed.map(({ accessToken }) => accessToken)).size).toBe(1);
  expect(server.attempts).toBe(1);
});

it.each([
  [false, 'Google’s kept'],
  [true, 'a rotated'],
])('porjo/youtubeuploader#115, #128, #163: invalid_grant for a revoked refresh token (rotates: %s, %s one) is AUTH_NEEDED with what to do, and is not asked again', async (rotates) => {
  const { server, accounts, loggedIn, clock } = desk({ rotates });
  await loggedIn();
  const account = await accounts.find('example', server.policy(), '');
  server.revokeAll();
  clock.nowMs += hourMs;
  for (let turn = 0; turn < 2; turn += 1) {
    await expect(account.credentials()).rejects.toMatchObject({ code: 'AUTH_NEEDED', exitCode: 6, message: expect.stringMatching(/invalid_grant.*revoked/), remedy: 'Log in again: snvg auth login example --as ada' });
  }
  expect(server.attempts).toBe(1);
});

it('porjo/youtubeuploader#163: invalid_grant after seven days says that the app is in testing, and the day before warns of it', async () => {
  const { server, accounts, loggedIn, clock } = desk({ rotates: false });
  await loggedIn();
  const account = await accounts.find('example', server.policy({ testingLifetimeDays: 7 }), '');
  await expect(account.warnings?.()).resolves.toEqual([]);
  clock.nowMs += 6.2 * dayMs;
  await account.credentials();
  await expect(account.warnings?.()).resolves.toEqual([expect.objectContaining({ message: expect.stringMatching(/still in testing, the login to example:ada ends on 2026-12-02 12:00 UTC/) })]);
  clock.nowMs += 0.9 * dayMs;
  server.revokeAll();
  await expect(account.credentials()).rejects.toMatchObject({ code: 'AUTH_NEEDED', message: expect.stringMatching(/7 days old, and logins of apps in testing end after 7/) });
});

it('a login that outlived the testing time warns no more', async () => {
  const { server, accounts, loggedIn, clock } = desk({ rotates: false });
  await loggedIn();
  clock.nowMs += 8 * dayMs;
  const account = await accounts.find('example', server.policy({ testingLifetimeDays: 7 }), '');
  await account.credentials();
  await expect(account.warnings?.()).resolves.toEqual([]);
});

it('a refresh token that says when it ends is warned of a week ahead', async () => {
  const { server, accounts, loggedIn, clock } = desk({ rotates: true, refreshLifetimeMs: 30 * dayMs });
  await loggedIn();
  const account = await accounts.find('example', server.policy(), '');
  clock.nowMs += hourMs;
  await account.credentials();
  await expect(account.warnings?.()).resolves.toEqual([]);
  clock.nowMs += 24 * dayMs;
  await expect(account.warnings?.()).resolves.toEqual([expect.objectContaining({ message: expect.stringContaining('ends on 2026-12-25') })]);
});

it('the lost reply of a rotation is told apart: the next try gets invalid_grant and says what happened', async () => {
  const { server, accounts, loggedIn, clock, faults } = desk();
  await loggedIn();
  const account = await accounts.find('example', server.policy(), '');
  clock.nowMs += hourMs;
  faults.script = (request) => (isToken(request) ? { kind: 'drop-after' } : undefined);
  await expect(account.credentials()).rejects.toMatchObject({ name: 'LostReply' });
  faults.script = () => undefined;
  await expect(account.warnings?.()).resolves.toEqual([expect.objectContaining({ message: expect.stringContaining('never arrived') })]);
  await expect(account.credentials()).rejects.toMatchObject({ code: 'AUTH_NEEDED', message: expect.stringMatching(/answer to a renewal begun at 2026-11-25T13:00:00Z was lost/) });
  expect(server.refreshes).toBe(1);
});

it.each(['drop-before', 'status'] as const)('a renewal that had no effect (%s) is done again the next time', async (kind) => {
  const { server, accounts, loggedIn, clock, faults } = desk();
  await loggedIn();
  const account = await accounts.find('example', server.policy(), '');
  clock.nowMs += hourMs;
  faults.script = (request) => (isToken(request) ? (kind === 'status' ? { kind, status: 503 } : { kind }) : undefined);
  await expect(account.credentials()).rejects.toMatchObject({ name: 'LostReply' });
  faults.script = () => undefined;
  await expect(account.credentials()).resolves.toMatchObject({ accountId: 'A1' });
  expect(server.refreshes).toBe(1);
});

it('while the token at hand is good, a token endpoint that cannot be reached stops nothing', async () => {
  const { server, accounts, loggedIn, clock, faults } = desk({ rotates: false });
  await loggedIn();
  const account = await accounts.find('example', server.policy(), '');
  const first = await account.credentials();
  clock.nowMs += hourMs - 60_000;
  faults.script = (request) => (isToken(request) ? { kind: 'status', status: 500 } : undefined);
  expect((await account.credentials()).accessToken).toBe(first.accessToken);
});

it('a clock that was set back is not believed about when the token ends; one set forward costs a renewal', async () => {
  const { server, accounts, loggedIn, clock } = desk();
  await loggedIn();
  const account = await accounts.find('example', server.policy(), '');
  clock.nowMs -= dayMs;
  await account.credentials();
  expect(server.refreshes).toBe(1);
  await account.credentials();
  clock.nowMs += 300 * dayMs;
  await account.credentials();
  await account.credentials();
  expect(server.refreshes).toBe(2);
});

it('missing permissions are named', async () => {
  const { server, accounts, loggedIn } = desk();
  await loggedIn({ scopes: ['profile.read'] });
  await expect((await accounts.find('example', server.policy(), '')).credentials()).rejects.toMatchObject({ code: 'AUTH_SCOPE', exitCode: 6, message: 'The login to example:ada lacks the permission video.write' });
});

it('an app that the platform no longer knows is said to be that, and the login is not given up', async () => {
  const { server, accounts, loggedIn, clock, vault } = desk();
  await loggedIn({ login: { client: { clientId: 'the-client', clientSecret: 'another secret' } } });
  clock.nowMs += hourMs;
  await expect((await accounts.find('example', server.policy(), '')).credentials()).rejects.toMatchObject({ code: 'AUTH_NEEDED', message: expect.stringContaining('invalid_client') });
  expect((await vault.read()).accounts[0]?.login).toMatchObject({ ended: null, renewing: null });
});

it('a renewal cannot bring back what was logged out meanwhile', async () => {
  const { server, accounts, loggedIn, clock, vault, faults } = desk();
  await loggedIn();
  const account = await accounts.find('example', server.policy(), '');
  clock.nowMs += hourMs;
  faults.script = () => {
    throw new Error('must not be asked');
  };
  await vault.change((content) => {
    content.accounts = [];
  });
  await expect(account.credentials()).rejects.toMatchObject({ code: 'AUTH_NEEDED' });
});

it('nothing is asked of the platform when the successor could not be saved', async () => {
  const { server, loggedIn, again } = desk();
  const stored = await loggedIn();
  const opened = again();
  const place = placeInVault(opened.vault, stored);
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
  const write = async (): Promise<void> => {
    throw full;
  };
  await expect(forcedLogin({ ...place, write }, opened.accounts.context(server.policy()))).rejects.toBe(full);
  expect(server.attempts).toBe(0);
});

it('forced renewal works on a token that is still good', async () => {
  const { server, loggedIn, accounts, vault } = desk();
  const stored = await loggedIn();
  const login = await forcedLogin(placeInVault(vault, stored), accounts.context(server.policy()));
  expect(login.tokens.accessToken).not.toBe(stored.login.tokens.accessToken);
  expect(server.refreshes).toBe(1);
});

it('access tokens that are exchanged for younger ones are renewed ten days ahead', async () => {
  const { server, accounts, loggedIn, clock } = desk({ accessLifetimeMs: 60 * dayMs });
  const exchanged: string[] = [];
  const policy = server.policy({
    refreshTokens: 'exchanged',
    refresh: async ({ accessToken }, { nowMs }) => {
      exchanged.push(accessToken);
      const next = server.issue();
      return { accessToken: next.accessToken, expiresAtMs: nowMs() + 60 * dayMs, scopes: [] };
    },
  });
  const stored = await loggedIn();
  const account = await accounts.find('example', policy, '');
  clock.nowMs += 49 * dayMs;
  await account.credentials();
  expect(exchanged).toEqual([]);
  clock.nowMs += 2 * dayMs;
  await expect(account.credentials()).resolves.toMatchObject({ expiresAtMs: clock.nowMs + 60 * dayMs });
  expect(exchanged).toEqual([stored.login.tokens.accessToken]);
  expect(server.attempts).toBe(0);
});
