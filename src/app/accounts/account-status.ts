import type { AccountWarning } from '../../accounts/accounts.js';
import { missingScopes } from '../../accounts/auth-errors.js';
import type { BorrowedAccount } from '../../accounts/env-account.js';
import { identify } from '../../accounts/identity.js';
import { loginEndsAtMs, loginWarnings, whyLoginNeeded } from '../../accounts/login-warnings.js';
import { placeInVault } from '../../accounts/vault-account.js';
import type { Login, StoredAccount } from '../../accounts/vault-content.js';
import { SnvgError } from '../../errors.js';
import type { AccountPolicy } from '../../publishers/credentials.js';
import { type AuthDesk, explained, platformsWithLogins, policyOf } from './auth-desk.js';

/** How one login stands. Holds no secret. */
export interface AccountStatus {
  platform: string;
  name: string;
  id: string;
  accountName: string;
  /** `environment`: its tokens stand in variables. */
  from: 'vault' | 'environment';
  isDefault: boolean;
  /** `unchecked`: nothing that is known here speaks against it. `checked`: the platform said so just now. `unreachable`: it did not answer. */
  state: 'unchecked' | 'checked' | 'login-needed' | 'unreachable';
  reason: string | null;
  missingScopes: string[];
  accessExpiresAt: string | null;
  /** When a person must log in again, as far as it is known. */
  loginEndsAt: string | null;
  warnings: AccountWarning[];
}

/**
 * Every login, or those of one platform. `check`: each is used once at its platform, which renews what is due.
 * @throws {SnvgError} TARGET_UNKNOWN, VAULT_LOCKED, VAULT_UNREADABLE, CONFIG_INVALID for half a login in the environment
 */
export async function accountStatuses(desk: AuthDesk, platform: string | undefined, check: boolean): Promise<AccountStatus[]> {
  const statuses: AccountStatus[] = [];
  for (const id of platform === undefined ? await platformsWithLogins() : [platform]) {
    const policy = await policyOf(id);
    const { env, stored } = await desk.accounts.list(id, policy);
    for (const account of env) statuses.push(await ofEnvironment(desk, policy, account, check));
    for (const account of stored) statuses.push(await ofVault(desk, policy, account, check));
  }
  return statuses;
}

async function ofVault(desk: AuthDesk, policy: AccountPolicy, account: StoredAccount, check: boolean): Promise<AccountStatus> {
  const place = placeInVault(desk.vault, account);
  const nowMs = desk.request.nowMs();
  const outcome = check ? await checked(async () => {
    const who = await identify(place, desk.accounts.context(policy));
    if (who.id !== account.id) throw new SnvgError('AUTH_WRONG_ACCOUNT', `its token belongs to ${who.name} (${who.id})`, place.remedy);
  }) : undefined;
  // As it is after what the check renewed or ended.
  const login = (await place.read()) ?? account.login;
  return {
    platform: account.platform,
    name: account.name,
    id: account.id,
    accountName: account.accountName,
    from: 'vault',
    isDefault: account.isDefault,
    ...standing(login, policy, nowMs, outcome),
    warnings: loginWarnings(login, policy, { label: place.label, remedy: place.remedy, nowMs }),
  };
}

async function ofEnvironment(desk: AuthDesk, policy: AccountPolicy, account: BorrowedAccount, check: boolean): Promise<AccountStatus> {
  const outcome = check ? await checked(async () => {
    await account.settleIdentity(true);
    await account.credentials();
  }) : undefined;
  const login = await account.place.read();
  const status = login ? standing(login, policy, desk.request.nowMs(), outcome) : nothing;
  return { platform: account.platform, name: account.name, id: account.id, accountName: account.name, from: 'environment', isDefault: false, ...status, warnings: [...(await account.warnings())] };
}

type Standing = Pick<AccountStatus, 'state' | 'reason' | 'missingScopes' | 'accessExpiresAt' | 'loginEndsAt'>;
const nothing: Standing = { state: 'login-needed', reason: 'there is no login', missingScopes: [], accessExpiresAt: null, loginEndsAt: null };

/** What a check found; undefined: there was none. */
type Outcome = { state: 'checked' } | { state: 'login-needed' | 'unreachable'; reason: string } | undefined;

async function checked(check: () => Promise<void>): Promise<Outcome> {
  try {
    await check();
    return { state: 'checked' };
  } catch (thrown) {
    const error = explained(thrown);
    if (!(error instanceof SnvgError) || !(error.code.startsWith('AUTH_') || error.code === 'APP_MISSING' || error.code === 'REMOTE_UNAVAILABLE' || error.code === 'REMOTE_REFUSED')) throw thrown;
    return { state: error.code === 'REMOTE_UNAVAILABLE' ? 'unreachable' : 'login-needed', reason: error.message };
  }
}

function standing(login: Login, policy: AccountPolicy, nowMs: number, outcome: Outcome): Standing {
  const { tokens } = login;
  const missing = tokens.kind === 'oauth2' ? missingScopes(policy, tokens.scopes) : [];
  const why = whyLoginNeeded(login, policy, nowMs) ?? (missing.length > 0 ? `it lacks ${missing.join(', ')}` : null);
  const found: Pick<Standing, 'state' | 'reason'> = outcome && outcome.state !== 'checked' ? outcome : why === null ? { state: outcome?.state ?? 'unchecked', reason: null } : { state: 'login-needed', reason: why };
  return { ...found, missingScopes: missing, accessExpiresAt: tokens.kind === 'oauth2' ? iso(tokens.expiresAtMs) : null, loginEndsAt: iso(loginEndsAtMs(login, policy)) };
}

/** Zero stands for an access token that has not been made yet. */
function iso(timeMs: number | null): string | null {
  return timeMs === null || timeMs === 0 ? null : new Date(timeMs).toISOString();
}
