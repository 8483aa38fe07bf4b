import { SnvgError } from '../errors.js';
import type { AccountPolicy, TokenRequest } from '../publishers/credentials.js';
import { LostReply } from '../publishers/faults.js';
import type { Account, Accounts } from './accounts.js';
import { authNeeded, loginCommand } from './auth-errors.js';
import { BorrowedAccount, type BorrowedContext } from './env-account.js';
import { envAccounts, envPrefix, envWord, type EnvAccount } from './env-accounts.js';
import type { Locks } from './locks.js';
import { VaultAccount } from './vault-account.js';
import type { StoredAccount } from './vault-content.js';
import type { Vault } from './vault.js';

export interface AccountsOptions {
  vault: Vault;
  env: NodeJS.ProcessEnv;
  locks: Locks;
  /** What the vault's folder holds outlives this run. */
  lasting: boolean;
  request: Omit<TokenRequest, 'client'>;
}

/** The accounts of the environment and of the vault; the environment goes first. */
export class KnownAccounts implements Accounts {
  readonly #options: AccountsOptions;
  /** One object for each login of the environment, so that it is asked only once whose it is. */
  readonly #borrowed = new Map<string, BorrowedAccount>();

  constructor(options: AccountsOptions) {
    this.#options = options;
  }

  async find(platform: string, policy: AccountPolicy, name: string): Promise<Account> {
    const inEnv = envAccounts(this.#options.env, platform);
    const env = name === '' ? inEnv.find(({ envName }) => envName === '') : inEnv.find((one) => isCalled(one, name));
    if (env) return this.#fromEnv(env, policy);
    const inVault = (await this.#options.vault.read()).accounts.filter((one) => one.platform === platform);
    const stored = name === '' ? undefined : calledInVault(inVault, name);
    if (stored) return this.#fromVault(stored, policy);
    if (name !== '') throw unknownName(platform, name, inEnv, inVault);
    return this.#only(platform, policy, inEnv, inVault);
  }

  /** Every account of a platform, those of the environment first. */
  async list(platform: string, policy: AccountPolicy): Promise<{ env: BorrowedAccount[]; stored: StoredAccount[] }> {
    const env = envAccounts(this.#options.env, platform).map((one) => this.#borrow(one, policy));
    const stored = (await this.#options.vault.read()).accounts.filter((one) => one.platform === platform);
    return { env, stored };
  }

  /** With what a login is renewed. */
  context(policy: AccountPolicy): BorrowedContext {
    const { vault, locks, lasting, request } = this.#options;
    return { vault, locks, lasting, request, policy };
  }

  async #only(platform: string, policy: AccountPolicy, inEnv: readonly EnvAccount[], inVault: readonly StoredAccount[]): Promise<Account> {
    const usual = inVault.find(({ isDefault }) => isDefault);
    const [firstEnv] = inEnv;
    if (inEnv.length === 1 && inVault.length === 0 && firstEnv) return this.#fromEnv(firstEnv, policy);
    if (usual) return this.#fromVault(usual, policy);
    const [firstStored] = inVault;
    if (inVault.length === 1 && inEnv.length === 0 && firstStored) return this.#fromVault(firstStored, policy);
    if (inEnv.length + inVault.length === 0) {
      throw authNeeded(`Nobody is logged in to ${platform}`, `Log in: ${loginCommand(platform, '')} (in CI: set ${envPrefix(platform, '')}_REFRESH_TOKEN or _ACCESS_TOKEN, see docs/accounts.md).`);
    }
    throw new SnvgError('USAGE', `There are several accounts on ${platform}: ${names(inEnv, inVault)}`, `Name one: --to ${platform}:<name>, or choose the usual one with snvg auth default ${platform}:<name>`);
  }

  #fromVault(stored: StoredAccount, policy: AccountPolicy): Account {
    return new VaultAccount(this.#options.vault, stored, this.context(policy));
  }

  async #fromEnv(env: EnvAccount, policy: AccountPolicy): Promise<Account> {
    const account = this.#borrow(env, policy);
    try {
      await account.settleIdentity(false);
    } catch (error) {
      if (!(error instanceof LostReply)) throw error;
      throw new SnvgError('REMOTE_UNAVAILABLE', `Whose the login in ${envPrefix(env.platform, env.envName)}_… is could not be asked: ${error.message}`, `Run again later, or set ${envPrefix(env.platform, env.envName)}_ACCOUNT_ID.`, { cause: error });
    }
    return account;
  }

  #borrow(env: EnvAccount, policy: AccountPolicy): BorrowedAccount {
    const key = `${env.platform} ${env.envName}`;
    const known = this.#borrowed.get(key) ?? new BorrowedAccount(env, this.context(policy));
    this.#borrowed.set(key, known);
    return known;
  }
}

function isCalled(one: EnvAccount, name: string): boolean {
  return one.envName === '' ? one.accountName === name || one.id === name : one.envName === envWord(name);
}

/** By a person's name for it, the platform's id, or what people call it there. */
export function calledInVault(accounts: readonly StoredAccount[], name: string): StoredAccount | undefined {
  return accounts.find((one) => one.name === name) ?? accounts.find((one) => one.id === name) ?? accounts.find((one) => one.accountName === name || one.accountName === `@${name}`);
}

function names(inEnv: readonly EnvAccount[], inVault: readonly StoredAccount[]): string {
  return [...inEnv.map(({ envName, accountName }) => (envName === '' ? (accountName ?? '(environment)') : envName.toLowerCase())), ...inVault.map(({ name }) => name)].join(', ');
}

function unknownName(platform: string, name: string, inEnv: readonly EnvAccount[], inVault: readonly StoredAccount[]): SnvgError {
  const known = names(inEnv, inVault);
  return authNeeded(`Nobody is logged in to ${platform} as ${JSON.stringify(name)}`, `${known === '' ? '' : `There is ${known}. `}Log in: ${loginCommand(platform, name)}`);
}
