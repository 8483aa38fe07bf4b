import { createHash } from 'node:crypto';
import { SnvgError } from '../errors.js';
import { keepSecret } from '../secrets.js';

/** A login that stands in the environment: SNVG_<PLATFORM>_[<NAME>_]<FIELD>. */
export interface EnvAccount {
  platform: string;
  /** As it stands in the variable; empty: variables without a name. */
  envName: string;
  id: string | undefined;
  accountName: string | undefined;
  clientId: string | undefined;
  clientSecret: string | undefined;
  tokens: EnvTokens;
}

export type EnvTokens =
  | { kind: 'oauth2'; accessToken: string | undefined; refreshToken: string | undefined }
  | { kind: 'oauth1'; consumerKey: string; consumerSecret: string; accessToken: string; tokenSecret: string };

const fields = ['ACCESS_TOKEN', 'REFRESH_TOKEN', 'CLIENT_ID', 'CLIENT_SECRET', 'ACCOUNT_ID', 'ACCOUNT_NAME', 'CONSUMER_KEY', 'CONSUMER_SECRET', 'TOKEN_SECRET', 'TOKEN'] as const;
type Field = (typeof fields)[number];

/** `x`, `Work 2` → `SNVG_X_WORK_2_…` */
export function envPrefix(platform: string, name: string): string {
  return ['SNVG', platform, name].filter((part) => part !== '').map(envWord).join('_');
}

/** A name as it stands in a variable's. */
export function envWord(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
}

/**
 * The accounts of a platform in the environment, the unnamed one first.
 * @throws {SnvgError} CONFIG_INVALID when a login is there in part
 */
export function envAccounts(env: NodeJS.ProcessEnv, platform: string): EnvAccount[] {
  const named = fieldsByName(env, platform);
  const accounts: EnvAccount[] = [];
  for (const [envName, given] of [...named].toSorted(([one], [other]) => one.localeCompare(other))) {
    // An app is often one for all accounts: what a name lacks is taken from the unnamed variables.
    const shared = named.get('');
    for (const field of ['CONSUMER_KEY', 'CONSUMER_SECRET'] as const) {
      const value = shared?.get(field);
      if (value !== undefined && !given.has(field)) given.set(field, value);
    }
    const tokens = tokensOf(given, envPrefix(platform, envName));
    if (!tokens) continue;
    accounts.push({
      platform,
      envName,
      id: given.get('ACCOUNT_ID'),
      accountName: given.get('ACCOUNT_NAME'),
      clientId: given.get('CLIENT_ID') ?? shared?.get('CLIENT_ID'),
      clientSecret: given.get('CLIENT_SECRET') ?? shared?.get('CLIENT_SECRET'),
      tokens,
    });
  }
  return accounts;
}

/** The app that the environment names for a platform, and for one name before all. */
export function envClient(env: NodeJS.ProcessEnv, platform: string, name: string): { clientId: string | undefined; clientSecret: string | undefined } {
  const read = (field: Field): string | undefined => env[`${envPrefix(platform, name)}_${field}`] || env[`${envPrefix(platform, '')}_${field}`] || undefined;
  const client = { clientId: read('CLIENT_ID'), clientSecret: read('CLIENT_SECRET') };
  keepSecret(client.clientSecret);
  return client;
}

/** Names a token without showing it. */
export function borrowedKey(account: EnvAccount): string {
  const { tokens, platform } = account;
  const token = tokens.kind === 'oauth2' ? (tokens.refreshToken ?? tokens.accessToken ?? '') : tokens.accessToken;
  return createHash('sha256').update(JSON.stringify(['snvg', platform, token])).digest('hex');
}

function fieldsByName(env: NodeJS.ProcessEnv, platform: string): Map<string, Map<Field, string>> {
  const prefix = `${envPrefix(platform, '')}_`;
  const named = new Map<string, Map<Field, string>>();
  for (const [variable, value] of Object.entries(env)) {
    if (!value || !variable.startsWith(prefix)) continue;
    const rest = variable.slice(prefix.length);
    // The longest field that fits, so that X_ACCESS_TOKEN is no account called ACCESS.
    const field = fields.find((one) => rest === one) ?? fields.find((one) => rest.endsWith(`_${one}`));
    if (!field) continue;
    const name = rest === field ? '' : rest.slice(0, -field.length - 1);
    const given = named.get(name) ?? new Map<Field, string>();
    given.set(field, value);
    named.set(name, given);
    if (field.includes('TOKEN') || field.includes('SECRET') || field === 'CONSUMER_KEY') keepSecret(value);
  }
  return named;
}

const oauth1Fields = ['CONSUMER_KEY', 'CONSUMER_SECRET', 'TOKEN', 'TOKEN_SECRET'] as const;

function tokensOf(given: ReadonlyMap<Field, string>, prefix: string): EnvTokens | undefined {
  const missing = oauth1Fields.filter((field) => !given.has(field));
  if (missing.length === 0) {
    return { kind: 'oauth1', consumerKey: given.get('CONSUMER_KEY') ?? '', consumerSecret: given.get('CONSUMER_SECRET') ?? '', accessToken: given.get('TOKEN') ?? '', tokenSecret: given.get('TOKEN_SECRET') ?? '' };
  }
  if (given.has('ACCESS_TOKEN') || given.has('REFRESH_TOKEN')) return { kind: 'oauth2', accessToken: given.get('ACCESS_TOKEN'), refreshToken: given.get('REFRESH_TOKEN') };
  // The consumer's key and secret alone are an app, not a login.
  if (given.has('TOKEN') || given.has('TOKEN_SECRET')) {
    const names = missing.map((field) => `${prefix}_${field}`).join(', ');
    throw new SnvgError('CONFIG_INVALID', `The environment holds a part of a login only: ${names} ${missing.length === 1 ? 'is' : 'are'} missing`, 'Set all four (consumer key and secret, token and token secret), or none.');
  }
  return undefined;
}
