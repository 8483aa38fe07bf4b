import type { AccountPolicy, Credentials } from '../publishers/credentials.js';

/** One login on one platform. */
export interface Account {
  platform: string;
  /** The platform's own id, as the ledger keys it. */
  id: string;
  /** The name a person gave it, as `--to <platform>:<name>` has it. */
  name: string;
  /** Valid ones: refreshed first when they are about to end. @throws {SnvgError} AUTH_NEEDED, AUTH_WRONG_ACCOUNT; {LostReply} the token endpoint does not answer */
  credentials(): Promise<Credentials>;
  /** After the platform refused `rejected`: refreshes unless another process has done so meanwhile. @throws {SnvgError} AUTH_NEEDED; {LostReply} */
  renew(rejected: Credentials): Promise<Credentials>;
}

export interface Accounts {
  /** By the name a person gave it; empty: the platform's only one. Asks nobody. @throws {SnvgError} AUTH_NEEDED when there is none, USAGE when several could be meant */
  find(platform: string, policy: AccountPolicy, name: string): Promise<Account>;
}
