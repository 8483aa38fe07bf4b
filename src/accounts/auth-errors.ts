import { SnvgError } from '../errors.js';
import type { AccountPolicy } from '../publishers/credentials.js';

/** What people type to log in to an account: `youtube --as main`. */
export function loginCommand(platform: string, name: string): string {
  return `snvg auth login ${platform}${name === '' ? '' : ` --as ${name}`}`;
}

export function authNeeded(message: string, remedy: string, cause?: unknown): SnvgError {
  return new SnvgError('AUTH_NEEDED', message, remedy, { cause });
}

/** What `scopes` lacks of what publishing needs; nothing when nobody said which there are. */
export function missingScopes(policy: AccountPolicy, scopes: readonly string[]): string[] {
  return scopes.length === 0 ? [] : policy.scopes.filter((scope) => !scopes.includes(scope));
}

/** @throws {SnvgError} AUTH_SCOPE */
export function requireScopes(policy: AccountPolicy, scopes: readonly string[], of: { label: string; remedy: string }): void {
  const missing = missingScopes(policy, scopes);
  if (missing.length > 0) throw new SnvgError('AUTH_SCOPE', `The login to ${of.label} lacks ${missing.length === 1 ? 'the permission' : 'the permissions'} ${missing.join(', ')}`, of.remedy);
}

export function wrongAccount(label: string, expected: string, found: { id: string; name: string }, remedy: string): SnvgError {
  return new SnvgError('AUTH_WRONG_ACCOUNT', `The token of ${label} belongs to ${found.name} (${found.id}), not to ${expected}`, remedy);
}
