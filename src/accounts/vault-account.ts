import type { AccountPolicy, Credentials } from '../publishers/credentials.js';
import type { Account, AccountWarning } from './accounts.js';
import { authNeeded, loginCommand, requireScopes } from './auth-errors.js';
import { credentialsOf } from './identity.js';
import { loginWarnings } from './login-warnings.js';
import { currentLogin, renewedLogin, type LoginPlace, type RenewalContext } from './renewal.js';
import type { Login, StoredAccount } from './vault-content.js';
import type { Vault } from './vault.js';

/** Where the login of an account in the vault is kept. */
export function placeInVault(vault: Vault, account: Pick<StoredAccount, 'platform' | 'id' | 'name'>): LoginPlace {
  const { platform, id, name } = account;
  const isIt = (one: StoredAccount): boolean => one.platform === platform && one.id === id;
  const remedy = `Log in again: ${loginCommand(platform, name)}`;
  return {
    label: `${platform}:${name}`,
    remedy,
    lockName: `login ${platform} ${id}`,
    read: async () => (await vault.read()).accounts.find(isIt)?.login,
    write: async (login) => {
      await vault.change((content) => {
        const found = content.accounts.find(isIt);
        // Logged out while it was renewed: the tokens are not to come back.
        if (!found) throw authNeeded(`${platform}:${name} was logged out meanwhile`, remedy);
        found.login = login;
      });
    },
  };
}

/** An account whose tokens lie in the vault. */
export class VaultAccount implements Account {
  readonly platform: string;
  readonly id: string;
  readonly name: string;
  readonly #accountName: string;
  readonly #place: LoginPlace;
  readonly #context: RenewalContext;

  constructor(vault: Vault, stored: StoredAccount, context: RenewalContext) {
    this.platform = stored.platform;
    this.id = stored.id;
    this.name = stored.name;
    this.#accountName = stored.accountName;
    this.#place = placeInVault(vault, stored);
    this.#context = context;
  }

  async credentials(): Promise<Credentials> {
    return this.#signed(await currentLogin(this.#place, this.#context));
  }

  async renew(rejected: Credentials): Promise<Credentials> {
    return this.#signed(await renewedLogin(this.#place, this.#context, rejected.accessToken));
  }

  async warnings(): Promise<readonly AccountWarning[]> {
    const login = await this.#place.read();
    return login ? loginWarnings(login, this.#policy, { label: this.#place.label, remedy: this.#place.remedy, nowMs: this.#context.request.nowMs() }) : [];
  }

  get #policy(): AccountPolicy {
    return this.#context.policy;
  }

  #signed(login: Login): Credentials {
    const credentials = credentialsOf(login, { id: this.id, name: this.#accountName });
    requireScopes(this.#policy, credentials.scopes, { label: this.#place.label, remedy: `${this.#place.remedy}, and agree to all of them.` });
    return credentials;
  }
}
