import { SnvgError } from '../errors.js';
import type { Credentials } from '../publishers/credentials.js';
import type { Account, AccountWarning } from './accounts.js';
import { requireScopes, wrongAccount } from './auth-errors.js';
import { borrowedKey, envPrefix, type EnvAccount } from './env-accounts.js';
import { credentialsOf, identify, type Identity } from './identity.js';
import { loginWarnings } from './login-warnings.js';
import { currentLogin, renewedLogin, type LoginPlace, type RenewalContext } from './renewal.js';
import type { BorrowedLogin, Login } from './vault-content.js';
import type { Vault } from './vault.js';

/** Successors of tokens that stand in no environment any more are let go, the longest unused first. */
const mostBorrowed = 50;

export interface BorrowedContext extends RenewalContext {
  vault: Vault;
  /** What is written there is still there at the next run. */
  lasting: boolean;
}

/**
 * An account whose tokens stand in the environment. What changes about them cannot be written there: rotated tokens go to the vault
 * under the hash of the one in the environment, and are used from there the next time.
 */
export class BorrowedAccount implements Account {
  readonly platform: string;
  readonly #env: EnvAccount;
  readonly #context: BorrowedContext;
  readonly #key: string;
  readonly #place: LoginPlace;
  #identity: Identity | undefined;
  /** What is kept when the vault is not used. */
  #held: Login;

  constructor(env: EnvAccount, context: BorrowedContext) {
    this.platform = env.platform;
    this.#env = env;
    this.#context = context;
    this.#key = borrowedKey(env);
    this.#held = this.#asGiven();
    const variables = envPrefix(env.platform, env.envName);
    this.#place = {
      label: `${env.platform}:${this.name === '' ? '(environment)' : this.name}`,
      remedy: `Log in elsewhere (snvg auth login ${env.platform}), print the tokens with snvg auth export, and set ${variables}_… to them.`,
      lockName: `borrowed ${this.#key}`,
      read: () => this.#read(),
      write: (login) => this.#write(login),
      refuseRotation: () => this.#refuseRotation(variables),
    };
  }

  get name(): string {
    const { envName, accountName, id } = this.#env;
    return envName === '' ? (accountName ?? id ?? this.#identity?.name ?? '') : envName.toLowerCase();
  }

  /** Known after `settleIdentity`. */
  get id(): string {
    return this.#identity?.id ?? this.#env.id ?? '';
  }

  get place(): LoginPlace {
    return this.#place;
  }

  /** Finds out whose token it is unless that is known; with an id in the environment, only when `verify` is set. @throws {SnvgError} AUTH_WRONG_ACCOUNT and those of a renewal; {LostReply} */
  async settleIdentity(verify: boolean): Promise<Identity> {
    if (this.#identity) return this.#identity;
    const remembered = (await this.#entry())?.account ?? undefined;
    if (!remembered && !verify && this.#env.id !== undefined) return { id: this.#env.id, name: this.#env.accountName ?? this.#env.id };
    const found = remembered ?? (await identify(this.#place, this.#context));
    if (this.#env.id !== undefined && found.id !== this.#env.id) {
      throw wrongAccount(this.#place.label, this.#env.id, found, `Set the tokens of ${this.#env.id}, or correct ${envPrefix(this.platform, this.#env.envName)}_ACCOUNT_ID.`);
    }
    if (!remembered && this.#context.lasting) await this.#change((entry) => Object.assign(entry, { account: found })).catch(passOverVault);
    this.#identity = found;
    return found;
  }

  async credentials(): Promise<Credentials> {
    // Asking whose it is may renew it: the login is read afterwards.
    const who = await this.settleIdentity(true);
    return this.#signed(await currentLogin(this.#place, this.#context), who);
  }

  async renew(rejected: Credentials): Promise<Credentials> {
    return this.#signed(await renewedLogin(this.#place, this.#context, rejected.accessToken), await this.settleIdentity(true));
  }

  async warnings(): Promise<readonly AccountWarning[]> {
    return loginWarnings(await this.#read(), this.#context.policy, { label: this.#place.label, remedy: this.#place.remedy, nowMs: this.#context.request.nowMs() });
  }

  #signed(login: Login, who: Identity): Credentials {
    const credentials = credentialsOf(login, { id: who.id, name: this.#env.accountName ?? who.name });
    requireScopes(this.#context.policy, credentials.scopes, { label: this.#place.label, remedy: this.#place.remedy });
    return credentials;
  }

  #asGiven(): Login {
    const { tokens, clientId, clientSecret } = this.#env;
    const nowMs = this.#context.request.nowMs();
    const client = clientId === undefined ? null : { clientId, clientSecret: clientSecret ?? null };
    const rest = { client, grantedAtMs: nowMs, renewing: null, ended: null };
    if (tokens.kind === 'oauth1') return { ...rest, tokens };
    const { accessToken, refreshToken } = tokens;
    // Without an access token the first one is made from the refresh token at once: this one has ended already.
    return { ...rest, tokens: { kind: 'oauth2', accessToken: accessToken ?? '', refreshToken: refreshToken ?? null, expiresAtMs: accessToken === undefined ? 0 : null, refreshExpiresAtMs: null, scopes: [], receivedAtMs: nowMs } };
  }

  /** Only what cannot be had again from the environment is written to the disk. */
  get #kept(): boolean {
    const { refreshTokens } = this.#context.policy;
    return this.#env.tokens.kind === 'oauth2' && (refreshTokens === 'rotated' || (refreshTokens === 'exchanged' && this.#context.lasting));
  }

  async #read(): Promise<Login> {
    if (!this.#kept) return this.#held;
    const login = (await this.#entry())?.login ?? this.#held;
    return { ...login, client: this.#held.client };
  }

  async #write(login: Login): Promise<void> {
    if (this.#kept) await this.#change((entry) => Object.assign(entry, { login }));
    else this.#held = login;
  }

  async #entry(): Promise<BorrowedLogin | undefined> {
    if (!this.#context.vault.exists) return undefined;
    try {
      return (await this.#context.vault.read()).borrowed.find(({ key }) => key === this.#key);
    } catch (error) {
      // A vault that does not open matters only where it must be used.
      if (this.#kept && this.#context.policy.refreshTokens === 'rotated') throw error;
      passOverVault(error);
      return undefined;
    }
  }

  async #change(edit: (entry: BorrowedLogin) => void): Promise<void> {
    await this.#context.vault.change((content) => {
      let entry = content.borrowed.find(({ key }) => key === this.#key);
      if (!entry) content.borrowed.push((entry = { key: this.#key, platform: this.platform, account: this.#identity ?? null, login: null, usedAtMs: 0 }));
      edit(entry);
      entry.usedAtMs = this.#context.request.nowMs();
      content.borrowed = content.borrowed.toSorted((one, other) => other.usedAtMs - one.usedAtMs).slice(0, mostBorrowed);
    });
  }

  #refuseRotation(variables: string): SnvgError | undefined {
    if (this.#context.lasting) return undefined;
    return new SnvgError(
      'AUTH_READ_ONLY',
      `The refresh token in ${variables}_REFRESH_TOKEN works once, and under CI there is no place for its successor`,
      'Set SNVG_HOME to a folder that outlives the run (a mounted volume or an encrypted cache) and SNVG_VAULT_PASSPHRASE; or use a login that does not rotate (docs/accounts.md, “CI”).',
    );
  }
}

/** Lets pass that the vault cannot be used; everything else is an error. */
function passOverVault(error: unknown): void {
  if (error instanceof SnvgError && ['VAULT_LOCKED', 'VAULT_UNREADABLE', 'OUTPUT_UNWRITABLE', 'DISK_FULL'].includes(error.code)) return;
  throw error;
}
