import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { envAccounts } from '../../src/accounts/env-accounts.js';
import { desk } from './desk.js';

const hourMs = 3_600_000;
const client = { SNVG_EXAMPLE_CLIENT_ID: 'the-client', SNVG_EXAMPLE_CLIENT_SECRET: 'the client secret' };

it('reads variables with and without a name, and no account called ACCESS', () => {
  const accounts = envAccounts(
    { SNVG_X_ACCESS_TOKEN: 'a', SNVG_X_WORK_REFRESH_TOKEN: 'b', SNVG_X_CLIENT_ID: 'id', SNVG_X_WORK_ACCOUNT_ID: '7', SNVG_X_WORK_ACCOUNT_NAME: '@w', SNVG_XY_ACCESS_TOKEN: 'other platform', SNVG_X_EMPTY_ACCESS_TOKEN: '' },
    'x',
  );
  expect(accounts).toEqual([
    expect.objectContaining({ envName: '', clientId: 'id', tokens: { kind: 'oauth2', accessToken: 'a', refreshToken: undefined } }),
    expect.objectContaining({ envName: 'WORK', clientId: 'id', id: '7', accountName: '@w', tokens: { kind: 'oauth2', accessToken: undefined, refreshToken: 'b' } }),
  ]);
});

it('reads OAuth 1.0a with an app for several accounts; half of one is refused, an app alone is no account', () => {
  const app = { SNVG_X_CONSUMER_KEY: 'k', SNVG_X_CONSUMER_SECRET: 's' };
  expect(envAccounts(app, 'x')).toEqual([]);
  expect(envAccounts({ ...app, SNVG_X_WORK_TOKEN: 't', SNVG_X_WORK_TOKEN_SECRET: 'ts' }, 'x')).toEqual([expect.objectContaining({ envName: 'WORK', tokens: { kind: 'oauth1', consumerKey: 'k', consumerSecret: 's', accessToken: 't', tokenSecret: 'ts' } })]);
  expect(() => envAccounts({ ...app, SNVG_X_TOKEN: 't' }, 'x')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('SNVG_X_TOKEN_SECRET is missing') }));
});

it('an access token alone is used as it is, goes before the vault, and ends with what to do', async () => {
  const { server, again, loggedIn } = desk();
  await loggedIn({ person: { id: 'B2', name: '@bob' } });
  const { accessToken } = server.issue();
  const account = await again({ env: { SNVG_EXAMPLE_ACCESS_TOKEN: accessToken } }).accounts.find('example', server.policy(), '');
  expect(account).toMatchObject({ id: 'A1', name: '@ada' });
  const credentials = await account.credentials();
  expect(credentials).toMatchObject({ accessToken, accountId: 'A1', expiresAtMs: null });
  server.expire(accessToken);
  await expect(account.renew(credentials)).rejects.toMatchObject({ code: 'AUTH_NEEDED', message: expect.stringContaining('no longer takes its access token'), remedy: expect.stringContaining('SNVG_EXAMPLE_…') });
});

it('a token that belongs to another account than SNVG_…_ACCOUNT_ID is AUTH_WRONG_ACCOUNT before anything is posted', async () => {
  const { server, again } = desk();
  const { accessToken } = server.issue({ id: 'B2', name: '@bob' });
  const account = await again({ env: { SNVG_EXAMPLE_ACCESS_TOKEN: accessToken, SNVG_EXAMPLE_ACCOUNT_ID: 'A1' } }).accounts.find('example', server.policy(), '');
  await expect(account.credentials()).rejects.toMatchObject({ code: 'AUTH_WRONG_ACCOUNT', exitCode: 6, message: expect.stringContaining('belongs to @bob (B2), not to A1') });
});

it('a rotating refresh token is used up once: its successors lie in the vault under its hash and are found by the next process', async () => {
  const { server, again, clock, vaultPath } = desk();
  const { refreshToken } = server.issue();
  const env = { ...client, SNVG_EXAMPLE_REFRESH_TOKEN: refreshToken };
  const first = await (await again({ env }).accounts.find('example', server.policy(), '')).credentials();
  expect(server.refreshes).toBe(1);
  const second = await (await again({ env }).accounts.find('example', server.policy(), '')).credentials();
  expect([second.accessToken, server.refreshes]).toEqual([first.accessToken, 1]);
  clock.nowMs += hourMs;
  await (await again({ env }).accounts.find('example', server.policy(), '')).credentials();
  expect([server.refreshes, server.attempts]).toEqual([2, 2]);
  expect(readFileSync(vaultPath, 'utf8')).not.toContain(refreshToken);
});

it('under CI without a lasting place a rotating token is refused before it is used', async () => {
  const { server, again, vaultPath } = desk();
  const { refreshToken } = server.issue();
  const env = { ...client, CI: 'true', SNVG_EXAMPLE_REFRESH_TOKEN: refreshToken, SNVG_EXAMPLE_ACCOUNT_ID: 'A1' };
  const account = await again({ env }).accounts.find('example', server.policy(), '');
  await expect(account.credentials()).rejects.toMatchObject({ code: 'AUTH_READ_ONLY', exitCode: 2, remedy: expect.stringContaining('SNVG_HOME') });
  expect([server.attempts, server.isAlive(refreshToken), existsSync(vaultPath)]).toEqual([0, true, false]);
  await (await again({ env: { ...env, SNVG_HOME: '/kept' } }).accounts.find('example', server.policy(), '')).credentials();
  expect(server.refreshes).toBe(1);
});

it('Google’s refresh tokens work in CI without any place, and nothing is written', async () => {
  const { server, again, vaultPath } = desk({ rotates: false });
  const { refreshToken } = server.issue();
  const env = { ...client, CI: 'true', SNVG_EXAMPLE_REFRESH_TOKEN: refreshToken };
  const account = await again({ env }).accounts.find('example', server.policy(), '');
  await account.credentials();
  await account.credentials();
  expect([server.refreshes, existsSync(vaultPath)]).toEqual([1, false]);
});

it('a refresh token without its app is refused with the variable to set', async () => {
  const { server, again } = desk();
  const env = { SNVG_EXAMPLE_REFRESH_TOKEN: server.issue().refreshToken, SNVG_EXAMPLE_ACCOUNT_ID: 'A1' };
  await expect((await again({ env }).accounts.find('example', server.policy(), '')).credentials()).rejects.toMatchObject({ code: 'APP_MISSING', remedy: expect.stringContaining('_CLIENT_ID') });
});

it('whose an OAuth 1.0a token is, is asked once and remembered for later runs', async () => {
  const { server, again } = desk();
  const { accessToken } = server.issue();
  const env = { SNVG_EXAMPLE_CONSUMER_KEY: 'consumer-key', SNVG_EXAMPLE_CONSUMER_SECRET: 'consumer-secret', SNVG_EXAMPLE_TOKEN: accessToken, SNVG_EXAMPLE_TOKEN_SECRET: 'token-secret' };
  let asked = 0;
  const policy = server.policy({ whoami: async () => ({ id: 'A1', name: `@ada${(asked += 1)}` }) });
  for (let run = 0; run < 3; run += 1) {
    const credentials = await (await again({ env }).accounts.find('example', policy, '')).credentials();
    expect(credentials).toMatchObject({ accountId: 'A1', tokenSecret: 'token-secret', consumerKey: 'consumer-key' });
  }
  expect(asked).toBe(1);
});

it('several accounts: by name, by id, by what they are called there, the default one; else it is asked which', async () => {
  const { server, accounts, loggedIn, again } = desk();
  await loggedIn({ name: 'main' });
  await loggedIn({ person: { id: 'B2', name: '@bob' } });
  const find = async (name: string): Promise<string> => (await accounts.find('example', server.policy(), name)).id;
  expect([await find('main'), await find('A1'), await find('@ada'), await find('bob'), await find('')]).toEqual(['A1', 'A1', 'A1', 'B2', 'A1']);
  await expect(find('nobody')).rejects.toMatchObject({ code: 'AUTH_NEEDED', remedy: 'There is main, bob. Log in: snvg auth login example --as nobody' });
  await expect(accounts.find('other', server.policy(), '')).rejects.toMatchObject({ code: 'AUTH_NEEDED', message: 'Nobody is logged in to other' });
  const { accessToken } = server.issue({ id: 'C3', name: '@eve' });
  const more = again({ env: { SNVG_EXAMPLE_EVE_ACCESS_TOKEN: accessToken, SNVG_OTHER_A_ACCESS_TOKEN: accessToken, SNVG_OTHER_B_ACCESS_TOKEN: accessToken } }).accounts;
  expect((await more.find('example', server.policy(), 'eve')).id).toBe('C3');
  await expect(more.find('other', server.policy(), '')).rejects.toMatchObject({ code: 'USAGE', message: 'There are several accounts on other: a, b' });
});

it('another account under a name that is taken is AUTH_WRONG_ACCOUNT, and the one there stays', async () => {
  const { loggedIn, vault } = desk();
  await loggedIn({ name: 'main' });
  await expect(loggedIn({ person: { id: 'B2', name: '@bob' }, name: 'main' })).rejects.toMatchObject({ code: 'AUTH_WRONG_ACCOUNT', message: expect.stringContaining('belongs to @bob (B2), not to @ada (A1)') });
  expect((await vault.read()).accounts.map(({ id }) => id)).toEqual(['A1']);
});
