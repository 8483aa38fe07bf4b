import { openAccounts, type OpenedAccounts } from './open-accounts.js';
import type { Paths } from '../../config/paths.js';
import type { Settings } from '../../config/options.js';
import { SnvgError } from '../../errors.js';
import { systemClock } from '../../clock.js';
import type { AccountPolicy, TokenRequest } from '../../publishers/credentials.js';
import { LostReply, PlatformFault } from '../../publishers/faults.js';
import { findPublisher, publisherIds } from '../../publishers/registry.js';

/** What the commands about accounts are built from. */
export interface AuthDesk extends OpenedAccounts {
  env: NodeJS.ProcessEnv;
  request: Omit<TokenRequest, 'client'>;
}

export interface AuthDeskRequest {
  settings: Pick<Settings, 'vault' | 'platformHosts'>;
  paths: Pick<Paths, 'dataDir'>;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
  askPassphrase?: (purpose: 'open' | 'new') => Promise<string>;
}

/** Opens the accounts and the way to the platforms for one command. Platforms that do not answer end it with REMOTE_UNAVAILABLE. */
export async function atAuthDesk<T>(request: AuthDeskRequest, body: (desk: AuthDesk) => Promise<T>): Promise<T> {
  const { openTransport } = await import('../../publishers/send.js');
  const http = openTransport({ hosts: request.settings.platformHosts });
  const { env, signal, paths, settings, askPassphrase } = request;
  const { nowMs } = systemClock;
  try {
    const opened = openAccounts({ paths, vault: settings.vault, env, http, signal, nowMs, ...(askPassphrase ? { askPassphrase } : {}) });
    return await body({ ...opened, env, request: { http, signal, nowMs } });
  } catch (error) {
    throw explained(error);
  } finally {
    http.close();
  }
}

/** Faults of platforms as errors that people understand. */
export function explained(error: unknown): unknown {
  if (error instanceof LostReply) return new SnvgError('REMOTE_UNAVAILABLE', `The platform did not answer: ${error.message}`, 'Check the connection and run again; a login that was being renewed is tried again then.', { cause: error });
  if (error instanceof PlatformFault) return new SnvgError(error.kind === 'retry' ? 'REMOTE_UNAVAILABLE' : error.kind === 'auth' ? 'AUTH_NEEDED' : 'REMOTE_REFUSED', error.message, error.remedy, { cause: error });
  return error;
}

/** How one logs in to a platform. @throws {SnvgError} TARGET_UNKNOWN, USAGE for one without logins */
export async function policyOf(platform: string): Promise<AccountPolicy> {
  const { auth } = await findPublisher(platform);
  if (auth) return auth;
  throw new SnvgError('USAGE', `${platform} needs no login`, `Name a platform with accounts: ${(await platformsWithLogins()).join(', ')}`);
}

/** Platforms with accounts. */
export async function platformsWithLogins(): Promise<string[]> {
  const publishers = await Promise.all(publisherIds.map((id) => findPublisher(id)));
  return publishers.filter(({ auth }) => auth !== null).map(({ id }) => id);
}
