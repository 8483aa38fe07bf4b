import { SnvgError } from '../errors.js';
import { authNeeded, wrongAccount } from './auth-errors.js';
import { calledInVault } from './find-account.js';
import type { Identity } from './identity.js';
import type { Login, StoredAccount, VaultContent } from './vault-content.js';
import type { Vault } from './vault.js';

/** A person's name for an account: what may follow the colon of `--to x:<name>`. */
const namePattern = /^[\p{L}\p{N}@][\p{L}\p{N}._@-]{0,63}$/u;

/** @throws {SnvgError} USAGE */
export function requireName(name: string): void {
  if (namePattern.test(name)) return;
  throw new SnvgError('USAGE', `${JSON.stringify(name)} cannot be the name of an account`, 'Use up to 64 letters, digits, dots, dashes and underscores, such as --as main.');
}

export interface NewLogin {
  platform: string;
  who: Identity;
  login: Login;
  /** Undefined: the one it has, or one made of the platform's. */
  name: string | undefined;
  makeDefault: boolean;
}

/**
 * Keeps a login. An account that is there already gets the new tokens; the first of a platform becomes the usual one.
 * @throws {SnvgError} AUTH_WRONG_ACCOUNT when the name is another account's; those of the vault
 */
export function storeLogin(vault: Vault, fresh: NewLogin): Promise<StoredAccount> {
  return vault.change((content) => store(content, fresh));
}

function store(content: VaultContent, { platform, who, login, name, makeDefault }: NewLogin): StoredAccount {
  const siblings = content.accounts.filter((one) => one.platform === platform);
  const known = siblings.find(({ id }) => id === who.id);
  const holder = name === undefined ? undefined : siblings.find((one) => one.name === name);
  if (holder && holder !== known) {
    throw wrongAccount(`this login as ${platform}:${holder.name}`, `${holder.accountName} (${holder.id})`, who, `Choose that account in the browser, give this one another name with --as, or log out first: snvg auth logout ${platform}:${holder.name}`);
  }
  const account: StoredAccount = known ?? { platform, id: who.id, name: name ?? freeName(who, siblings), accountName: who.name, isDefault: siblings.length === 0, login };
  account.login = login;
  account.accountName = who.name;
  if (name !== undefined) account.name = name;
  if (!known) content.accounts.push(account);
  if (makeDefault) for (const one of siblings.concat(known ? [] : [account])) one.isDefault = one === account;
  return account;
}

function freeName(who: Identity, siblings: readonly StoredAccount[]): string {
  const wanted = who.name.replace(/^@/, '').trim().replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[^\p{L}\p{N}]+|-+$/gu, '').slice(0, 64);
  const base = namePattern.test(wanted) ? wanted : who.id.replace(/[^\p{L}\p{N}._-]+/gu, '-');
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? base : `${base.slice(0, 58)}-${count}`;
    if (!siblings.some((one) => one.name === name)) return name;
  }
}

/** Reads `youtube` or `youtube:main`. */
export function accountReference(text: string): { platform: string; name: string } {
  const colon = text.indexOf(':');
  return colon === -1 ? { platform: text, name: '' } : { platform: text.slice(0, colon), name: text.slice(colon + 1) };
}

/** The stored account that is meant. @throws {SnvgError} AUTH_NEEDED, USAGE; those of the vault */
export async function storedAccount(vault: Vault, reference: { platform: string; name: string }): Promise<StoredAccount> {
  const siblings = (await vault.read()).accounts.filter(({ platform }) => platform === reference.platform);
  const found = reference.name === '' ? (siblings.length === 1 ? siblings[0] : undefined) : calledInVault(siblings, reference.name);
  if (found) return found;
  const known = siblings.map(({ platform, name }) => `${platform}:${name}`).join(', ');
  if (reference.name === '' && siblings.length > 1) throw new SnvgError('USAGE', `There are several accounts on ${reference.platform}`, `Name one of ${known}`);
  throw authNeeded(`Nobody is logged in to ${reference.platform}${reference.name === '' ? '' : ` as ${JSON.stringify(reference.name)}`} on this machine`, known === '' ? `Log in: snvg auth login ${reference.platform}` : `There is ${known}.`);
}

/** Forgets an account; another one of the platform becomes the usual one. */
export async function forgetAccount(vault: Vault, account: StoredAccount): Promise<void> {
  await vault.change((content) => {
    content.accounts = content.accounts.filter((one) => one.platform !== account.platform || one.id !== account.id);
    const siblings = content.accounts.filter(({ platform }) => platform === account.platform);
    const [first] = siblings;
    if (first && siblings.length === 1) first.isDefault = true;
  });
}

/** Makes an account the usual one of its platform. */
export async function makeUsual(vault: Vault, account: StoredAccount): Promise<void> {
  await vault.change((content) => {
    for (const one of content.accounts) if (one.platform === account.platform) one.isDefault = one.id === account.id;
  });
}
