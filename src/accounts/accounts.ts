import type { AccountPolicy, Credentials } from '../publishers/credentials.js';

/** One login on one platform. */
export interface Account {
  platform: string;
  /** The platform's own id, as the ledger keys it. */
  id: string;
  /** The name a person gave it, as `--to <platform>:<name>` has it. */
  name: string;
  /** Valid ones: refreshed first when they are about to end. @throws {SnvgError} AUTH_NEEDED, AUTH_SCOPE, AUTH_WRONG_ACCOUNT, AUTH_READ_ONLY; {LostReply} the token endpoint does not answer */
  credentials(): Promise<Credentials>;
  /** After the platform refused `rejected`: refreshes unless another process has done so meanwhile. @throws as `credentials` */
  renew(rejected: Credentials): Promise<Credentials>;
  /** What a person should know days ahead: that the login is about to end. Asks nobody. */
  warnings?(): Promise<readonly AccountWarning[]>;
}

/** In two lines, like an error. */
export interface AccountWarning {
  message: string;
  remedy: string;
}

export interface Accounts {
  /**
   * By the name a person gave it; empty: the platform's only or default one. Asks nobody, except once whose a token in the environment
   * is that comes without an id.
   * @throws {SnvgError} AUTH_NEEDED when there is none, USAGE when several could be meant, AUTH_WRONG_ACCOUNT, REMOTE_UNAVAILABLE, VAULT_LOCKED, VAULT_UNREADABLE
   */
  find(platform: string, policy: AccountPolicy, name: string): Promise<Account>;
}
