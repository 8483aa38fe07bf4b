import { identify } from '../../accounts/identity.js';
import { envClient } from '../../accounts/env-accounts.js';
import { logIn, type LoginPerson, type LoginWay } from '../../accounts/login.js';
import { requireScopes, wrongAccount } from '../../accounts/auth-errors.js';
import { readPortable } from '../../accounts/portable-login.js';
import type { LoginPlace } from '../../accounts/renewal.js';
import { requireName, storeLogin } from '../../accounts/stored-logins.js';
import type { Login, StoredAccount } from '../../accounts/vault-content.js';
import { createHash } from 'node:crypto';
import { SnvgError } from '../../errors.js';
import type { AccountPolicy, ClientIdentity } from '../../publishers/credentials.js';
import { keepSecret } from '../../secrets.js';
import { type AuthDesk, policyOf } from './auth-desk.js';

export interface LoginRequest {
  platform: string;
  name: string | undefined;
  clientId: string | undefined;
  clientSecret: string | undefined;
  makeDefault: boolean;
  way: LoginWay;
}

/** Logs a person in and keeps the login under the account that the platform says it is. @throws {SnvgError} APP_MISSING, AUTH_DENIED, AUTH_SCOPE, AUTH_WRONG_ACCOUNT, USAGE; {LostReply}, {PlatformFault} */
export async function logInTo(desk: AuthDesk, asked: LoginRequest, person: LoginPerson): Promise<StoredAccount> {
  const policy = await policyOf(asked.platform);
  if (asked.name !== undefined) requireName(asked.name);
  const client = await clientFor(desk, policy, asked);
  // A vault that cannot be opened is found out before a person has agreed to anything.
  await desk.vault.read();
  const tokens = await logIn(policy, asked.way, person, { ...desk.request, client });
  const login: Login = { tokens, client: { clientId: client.clientId, clientSecret: client.clientSecret ?? null }, grantedAtMs: desk.request.nowMs(), renewing: null, ended: null };
  requireScopes(policy, tokens.scopes, { label: asked.platform, remedy: 'Begin again and agree to all of them (each has its own box on some platforms).' });
  return keep(desk, policy, { platform: asked.platform, name: asked.name, makeDefault: asked.makeDefault, login, expectedId: undefined });
}

/** The app: of the flags, of the environment, or the one that an account of the platform was logged in with. */
async function clientFor(desk: AuthDesk, policy: AccountPolicy, asked: LoginRequest): Promise<ClientIdentity> {
  const fromEnv = envClient(desk.env, asked.platform, asked.name ?? '');
  const before = (await desk.vault.read()).accounts.find(({ platform, login }) => platform === asked.platform && login.client !== null)?.login.client;
  const clientId = asked.clientId ?? fromEnv.clientId ?? before?.clientId;
  if (clientId === undefined) {
    throw new SnvgError('APP_MISSING', `Logging in to ${asked.platform} needs an app of your own there`, `${policy.registerHint} Then: snvg auth login ${asked.platform} --client-id <id>, its secret in SNVG_${asked.platform.toUpperCase()}_CLIENT_SECRET (or on stdin with --client-secret-stdin).`);
  }
  const clientSecret = asked.clientSecret ?? fromEnv.clientSecret ?? (before?.clientId === clientId ? (before.clientSecret ?? undefined) : undefined);
  keepSecret(clientSecret);
  return { clientId, ...(clientSecret === undefined ? {} : { clientSecret }) };
}

/** Takes a login that was made elsewhere. @throws {SnvgError} USAGE, AUTH_NEEDED when it is not valid, AUTH_SCOPE, AUTH_WRONG_ACCOUNT; {LostReply} */
export async function importLogin(desk: AuthDesk, asked: { platform: string | undefined; name: string | undefined; json: string; makeDefault: boolean }): Promise<StoredAccount> {
  if (asked.name !== undefined) requireName(asked.name);
  const nowMs = desk.request.nowMs();
  const client = asked.platform === undefined ? { clientId: undefined, clientSecret: undefined } : envClient(desk.env, asked.platform, asked.name ?? '');
  const incoming = readPortable(asked.json, client, nowMs);
  const platform = asked.platform ?? incoming.platform;
  if (platform === undefined) throw new SnvgError('USAGE', 'The login does not say which platform it is of', 'Name it: snvg auth import <platform> login.json');
  if (incoming.platform !== undefined && incoming.platform !== platform) throw new SnvgError('USAGE', `The login is of ${incoming.platform}, not of ${platform}`, `Run: snvg auth import ${incoming.platform}`);
  const policy = await policyOf(platform);
  if (incoming.login.tokens.kind === 'oauth1' && !policy.oauth1) throw new SnvgError('USAGE', `${platform} takes no OAuth 1.0a login`, `Log in: snvg auth login ${platform}`);
  if (incoming.login.tokens.kind === 'oauth2') requireScopes(policy, incoming.login.tokens.scopes, { label: platform, remedy: 'Make a login with all of them.' });
  return keep(desk, policy, { platform, name: asked.name, makeDefault: asked.makeDefault, login: incoming.login, expectedId: incoming.accountId });
}

interface Arrived {
  platform: string;
  name: string | undefined;
  makeDefault: boolean;
  login: Login;
  /** Whose it is said to be. */
  expectedId: string | undefined;
}

/** Asks whose login it is and keeps it. What is renewed on the way is on the disk at once, beside the accounts. */
async function keep(desk: AuthDesk, policy: AccountPolicy, arrived: Arrived): Promise<StoredAccount> {
  const place = parkedPlace(desk, arrived);
  const who = await identify(place, desk.accounts.context(policy));
  if (arrived.expectedId !== undefined && arrived.expectedId !== who.id) throw wrongAccount(`this ${arrived.platform} login`, arrived.expectedId, who, 'Give the login of the account that it says it is.');
  const login = await place.read();
  const account = await storeLogin(desk.vault, { platform: arrived.platform, who, name: arrived.name, makeDefault: arrived.makeDefault, login: login ?? arrived.login });
  await place.clear();
  return account;
}

/** A login on its way in: in memory, and as soon as it is renewed in the vault, under the hash of its first token. */
function parkedPlace(desk: AuthDesk, { platform, login }: Arrived): LoginPlace & { clear(): Promise<void> } {
  const { tokens } = login;
  const key = createHash('sha256').update(JSON.stringify(['arriving', platform, tokens.kind === 'oauth2' ? (tokens.refreshToken ?? tokens.accessToken) : tokens.accessToken])).digest('hex');
  let parked = false;
  return {
    label: platform,
    remedy: `Log in again: snvg auth login ${platform}`,
    lockName: `arriving ${key}`,
    read: async () => {
      const known = (await desk.vault.read()).borrowed.find((one) => one.key === key)?.login;
      if (!known) return login;
      parked = true;
      return { ...known, client: login.client ?? known.client };
    },
    write: async (next) => {
      parked = true;
      await desk.vault.change((content) => {
        content.borrowed = content.borrowed.filter((one) => one.key !== key);
        content.borrowed.push({ key, platform, account: null, login: next, usedAtMs: desk.request.nowMs() });
      });
    },
    clear: async () => {
      if (!parked) return;
      await desk.vault.change((content) => {
        content.borrowed = content.borrowed.filter((one) => one.key !== key);
      });
    },
  };
}
