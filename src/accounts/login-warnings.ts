import type { AccountPolicy } from '../publishers/credentials.js';
import type { AccountWarning } from './accounts.js';
import { hasEnded } from './renewal.js';
import type { Login } from './vault-content.js';

const dayMs = 86_400_000;
/** Days before a login ends by itself at which a person is told. */
const warnDaysAhead = 7;
/** Logins of apps in testing live for about a week: the day before is soon enough, earlier would be always. */
const warnTestingDaysAhead = 1;

/** When a person must log in again, as far as it is known; null: not known, or never. */
export function loginEndsAtMs(login: Login, policy: AccountPolicy): number | null {
  const { tokens } = login;
  if (tokens.kind === 'oauth1') return null;
  if (tokens.refreshToken !== null && policy.refreshTokens !== 'exchanged') return tokens.refreshExpiresAtMs;
  return tokens.expiresAtMs;
}

/** Why a person must log in before anything can be published; null: nothing speaks against it. */
export function whyLoginNeeded(login: Login, policy: AccountPolicy, nowMs: number): string | null {
  if (login.ended) return login.ended.reason;
  const endsAtMs = loginEndsAtMs(login, policy);
  if (endsAtMs !== null && endsAtMs <= nowMs) return `it expired on ${day(endsAtMs)}`;
  const renewable = login.tokens.kind === 'oauth2' && policy.refreshTokens !== 'exchanged' && login.tokens.refreshToken !== null;
  return hasEnded(login.tokens, nowMs) && !renewable ? 'its access token has expired, and there is nothing to renew it with' : null;
}

/** What is about to go wrong with a login that works today. */
export function loginWarnings(login: Login, policy: AccountPolicy, of: { label: string; remedy: string; nowMs: number }): AccountWarning[] {
  if (whyLoginNeeded(login, policy, of.nowMs) !== null) return [];
  const warnings: AccountWarning[] = [];
  const endsAtMs = loginEndsAtMs(login, policy);
  if (endsAtMs !== null && endsAtMs - of.nowMs < warnDaysAhead * dayMs && (policy.refreshTokens !== 'exchanged' || login.renewing !== null || endsAtMs - of.nowMs < dayMs)) {
    warnings.push({ message: `The login to ${of.label} ends on ${day(endsAtMs)}`, remedy: of.remedy });
  }
  const testing = testingEndMs(login, policy);
  if (endsAtMs === null && testing !== null && testing > of.nowMs && testing - of.nowMs < warnTestingDaysAhead * dayMs) {
    warnings.push({
      message: `If its app is still in testing, the login to ${of.label} ends on ${day(testing)}, ${policy.testingLifetimeDays} days after it was made; the platform does not say which it is`,
      remedy: `${of.remedy}, or publish the app (“In production”), after which logins last.`,
    });
  }
  if (login.renewing) warnings.push({ message: `The answer to a renewal of the login to ${of.label}, begun on ${day(login.renewing.sinceMs)}, never arrived`, remedy: `See whether it still works: snvg auth refresh ${of.label}` });
  return warnings;
}

/** When a login of an app in testing would end; null: its platform has no such rule, or it has outlived it. */
function testingEndMs({ grantedAtMs, tokens }: Login, { testingLifetimeDays }: AccountPolicy): number | null {
  if (testingLifetimeDays === undefined || tokens.kind === 'oauth1' || tokens.refreshToken === null) return null;
  return grantedAtMs + testingLifetimeDays * dayMs;
}

function day(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ').concat(' UTC');
}
