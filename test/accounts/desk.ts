import { join } from 'node:path';
import { storeLogin } from '../../src/accounts/stored-logins.js';
import type { Login, StoredAccount } from '../../src/accounts/vault-content.js';
import { openAccounts, type AccountsRequest, type OpenedAccounts } from '../../src/app/accounts/open-accounts.js';
import type { FaultScript } from '../../src/sandbox/faults.js';
import { inProcessTransport } from '../../src/sandbox/in-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { AuthorizationServer, type ServerTraits } from './authorization-server.js';

/** A server, a machine's accounts and a clock that is moved by hand. */
export interface Desk extends OpenedAccounts {
  server: AuthorizationServer;
  clock: { nowMs: number };
  dataDir: string;
  vaultPath: string;
  /** What goes wrong with the next requests. */
  faults: { script: FaultScript };
  /** The accounts as another process would open them. */
  again(changes?: Partial<AccountsRequest>): OpenedAccounts;
  /** Logs a person in without asking anybody. */
  loggedIn(changes?: { person?: { id: string; name: string }; name?: string; scopes?: string[]; login?: Partial<Login> }): Promise<StoredAccount>;
}

export const startMs = Date.UTC(2026, 10, 25, 12);

export function desk(traits: Partial<ServerTraits> = {}, changes: Partial<AccountsRequest> = {}): Desk {
  const clock = { nowMs: startMs };
  const dataDir = join(temporaryFolder(), 'data');
  const server = new AuthorizationServer({ nowMs: () => clock.nowMs, ...traits });
  const faults: Desk['faults'] = { script: () => undefined };
  const again = (more: Partial<AccountsRequest> = {}): OpenedAccounts =>
    openAccounts({
      paths: { dataDir },
      vault: 'file',
      env: {},
      http: inProcessTransport([server], (request) => faults.script(request)),
      signal: new AbortController().signal,
      nowMs: () => clock.nowMs,
      ...changes,
      ...more,
    });
  const opened = again();
  return {
    ...opened,
    server,
    clock,
    dataDir,
    vaultPath: join(dataDir, 'accounts.vault'),
    faults,
    again,
    loggedIn: ({ person = server.person, name, scopes, login } = {}) => {
      const { accessToken, refreshToken, expiresAtMs } = server.issue(person, scopes);
      return storeLogin(opened.vault, {
        platform: 'example',
        who: person,
        name,
        makeDefault: false,
        login: {
          tokens: { kind: 'oauth2', accessToken, refreshToken, expiresAtMs, refreshExpiresAtMs: null, scopes: scopes ?? ['video.write', 'profile.read'], receivedAtMs: clock.nowMs },
          client: { clientId: 'the-client', clientSecret: traits.clientSecret === undefined ? 'the client secret' : traits.clientSecret },
          grantedAtMs: clock.nowMs,
          renewing: null,
          ended: null,
          ...login,
        },
      });
    },
  };
}
