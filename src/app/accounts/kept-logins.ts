import { portable } from '../../accounts/portable-login.js';
import { forcedLogin } from '../../accounts/renewal.js';
import { accountReference, forgetAccount, makeUsual, storedAccount } from '../../accounts/stored-logins.js';
import { GrantRefused, revokeTokens } from '../../accounts/token-endpoint.js';
import { placeInVault } from '../../accounts/vault-account.js';
import type { StoredAccount } from '../../accounts/vault-content.js';
import { SnvgError } from '../../errors.js';
import type { AccountPolicy } from '../../publishers/credentials.js';
import { LostReply } from '../../publishers/faults.js';
import { type AuthDesk, policyOf } from './auth-desk.js';

interface Kept {
  account: StoredAccount;
  policy: AccountPolicy;
  label: string;
}

/** @throws {SnvgError} TARGET_UNKNOWN, AUTH_NEEDED, USAGE; those of the vault */
async function kept(desk: AuthDesk, text: string): Promise<Kept> {
  const reference = accountReference(text);
  const policy = await policyOf(reference.platform);
  const account = await storedAccount(desk.vault, reference);
  return { account, policy, label: `${account.platform}:${account.name}` };
}

/** Renews a login now, which also shows whether it still works. @throws {SnvgError} AUTH_NEEDED, APP_MISSING; {LostReply} */
export async function refreshLogin(desk: AuthDesk, reference: string): Promise<{ label: string; accessExpiresAt: string | null }> {
  const { account, policy, label } = await kept(desk, reference);
  if (account.login.tokens.kind === 'oauth1') throw new SnvgError('USAGE', `${label} is logged in by OAuth 1.0a, whose tokens do not expire and are not renewed`, 'See whether it works: snvg auth status --check');
  const { tokens } = await forcedLogin(placeInVault(desk.vault, account), desk.accounts.context(policy));
  return { label, accessExpiresAt: tokens.kind === 'oauth2' && tokens.expiresAtMs !== null ? new Date(tokens.expiresAtMs).toISOString() : null };
}

/** Ends a login at its platform where that can be done, and forgets it here in any case. */
export async function logOut(desk: AuthDesk, reference: string, revoke: boolean): Promise<{ label: string; atPlatform: string }> {
  const { account, policy, label } = await kept(desk, reference);
  const place = placeInVault(desk.vault, account);
  // Not while another process renews it: that one's tokens would live on.
  return desk.locks.run(place.lockName, desk.request.signal, async () => {
    const current = { ...account, login: (await place.read()) ?? account.login };
    const atPlatform = revoke ? await revokedAt(desk, policy, current) : 'its tokens stay valid at the platform';
    await forgetAccount(desk.vault, account);
    return { label, atPlatform };
  });
}

async function revokedAt(desk: AuthDesk, policy: AccountPolicy, { login }: StoredAccount): Promise<string> {
  const { tokens, client } = login;
  const byHand = 'its tokens stay valid until you remove the app in your settings at the platform';
  if (tokens.kind === 'oauth1') return byHand;
  if (login.ended) return 'the platform had ended it already';
  try {
    const identity = { clientId: client?.clientId ?? '', ...(client?.clientSecret ? { clientSecret: client.clientSecret } : {}) };
    const done = await revokeTokens(policy, { accessToken: tokens.accessToken, ...(tokens.refreshToken === null ? {} : { refreshToken: tokens.refreshToken }) }, { ...desk.request, client: identity });
    return done ? 'the platform has ended it' : byHand;
  } catch (error) {
    if (!(error instanceof LostReply) && !(error instanceof GrantRefused)) throw error;
    return `the platform did not confirm the end (${error.message}): ${byHand}`;
  }
}

/** The login as JSON, with what must be known about a second copy. */
export async function exportLogin(desk: AuthDesk, reference: string): Promise<{ json: string; warning: string }> {
  const { account, policy, label } = await kept(desk, reference);
  const rotates = policy.refreshTokens === 'rotated' && account.login.tokens.kind === 'oauth2';
  return {
    json: `${JSON.stringify(portable(account), null, 2)}\n`,
    warning: rotates
      ? `Whoever has this can post as ${label}. Its refresh token works once: whichever copy is renewed first ends the other, so log out here with --no-revoke when it moves elsewhere.`
      : `Whoever has this can post as ${label}.`,
  };
}

/** Makes an account the one that is meant where none is named. @returns its label */
export async function useByDefault(desk: AuthDesk, reference: string): Promise<string> {
  const { account, label } = await kept(desk, reference);
  await makeUsual(desk.vault, account);
  return label;
}
