import { expect, it } from 'vitest';
import { identify } from '../../src/accounts/identity.js';
import { logIn } from '../../src/accounts/login.js';
import { forcedLogin } from '../../src/accounts/renewal.js';
import { storeLogin } from '../../src/accounts/stored-logins.js';
import { revokeTokens } from '../../src/accounts/token-endpoint.js';
import { placeInVault } from '../../src/accounts/vault-account.js';
import type { Login } from '../../src/accounts/vault-content.js';
import { openAccounts } from '../../src/app/accounts/open-accounts.js';
import { findPublisher } from '../../src/publishers/registry.js';
import { inProcessTransport } from '../../src/sandbox/in-process.js';
import { InstagramStandIn } from '../../src/sandbox/instagram/index.js';
import { makeStandIn } from '../../src/sandbox/registry.js';
import type { StandIn } from '../../src/sandbox/stand-in.js';
import { XStandIn } from '../../src/sandbox/x/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const startMs = Date.UTC(2026, 10, 25, 12);

async function browse(standIn: StandIn, address: string): Promise<string> {
  const url = new URL(address);
  const { status, headers, body } = await standIn.handle({ method: 'GET', url, headers: { host: url.host }, body: async function* () {} });
  expect(`${status} ${JSON.stringify(body ?? '')}`).toMatch(/^302 /);
  return headers?.['location'] ?? headers?.['Location'] ?? '';
}

/** The app that a stand-in takes, and somebody who agrees. */
function registered(standIn: StandIn): { clientId: string; clientSecret: string } {
  if (standIn instanceof XStandIn) standIn.logins.person = { id: '42', name: 'rehearsal' };
  if (!(standIn instanceof InstagramStandIn)) return { clientId: 'rehearsal-app', clientSecret: 'rehearsal-secret' };
  standIn.addAccount('rehearsal');
  return { clientId: standIn.login.app.id, clientSecret: standIn.login.app.secret };
}

it.each(['youtube', 'x', 'tiktok', 'instagram'])('%s: logs in by its stand-in’s consent page, renews, is told apart from others, and logs out', async (platform) => {
  const clock = { nowMs: startMs };
  const nowMs = (): number => clock.nowMs;
  const standIn = await makeStandIn(platform, { nowMs });
  const { auth: policy } = await findPublisher(platform);
  if (!standIn || !policy) throw new Error(`${platform} cannot be rehearsed`);
  const client = registered(standIn);
  const http = inProcessTransport([standIn]);
  const signal = new AbortController().signal;
  const request = { client, http, signal, nowMs };
  let told = '';
  const tokens = await logIn(policy, { kind: 'paste', redirectUri: undefined, port: undefined }, {
    tell: (line) => void (told += line),
    offerBrowser: async () => {},
    answer: () => browse(standIn, /https:\S+/.exec(told)?.[0] ?? ''),
    pause: async () => {},
  }, request);
  expect(policy.scopes.filter((scope) => !tokens.scopes.includes(scope))).toEqual([]);

  const { vault, accounts } = openAccounts({ paths: { dataDir: temporaryFolder() }, vault: 'file', env: {}, http, signal, nowMs });
  const login: Login = { tokens, client, grantedAtMs: startMs, renewing: null, ended: null };
  const who = await identify({ label: platform, remedy: '', lockName: platform, read: async () => login, write: async () => {} }, accounts.context(policy));
  const stored = await storeLogin(vault, { platform, who, name: 'main', makeDefault: false, login });
  const account = await accounts.find(platform, policy, 'main');
  await expect(account.credentials()).resolves.toMatchObject({ accountId: who.id, accessToken: tokens.accessToken });

  if (tokens.refreshToken !== null) {
    clock.nowMs += 60_000;
    const { tokens: next } = await forcedLogin(placeInVault(vault, stored), accounts.context(policy));
    expect(next.accessToken).not.toBe(tokens.accessToken);
    expect(await identify(placeInVault(vault, stored), accounts.context(policy))).toEqual(who);
  }
  const credentials = await account.credentials();
  const current = (await placeInVault(vault, stored).read())?.tokens;
  if (current?.kind !== 'oauth2') throw new Error('the login is gone');
  if (await revokeTokens(policy, { accessToken: current.accessToken, ...(current.refreshToken === null ? {} : { refreshToken: current.refreshToken }) }, request)) {
    await expect(account.renew(credentials)).rejects.toMatchObject({ code: 'AUTH_NEEDED' });
  }
});
