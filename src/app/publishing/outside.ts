import type { Accounts } from '../../accounts/accounts.js';
import { HostBreaker } from '../../pipeline/publish/breaker.js';
import type { HttpTransport } from '../../publishers/http.js';
import type { App } from '../app.js';

/** The way to the platforms: who one is there, and how requests get there. */
export interface Outside {
  http: HttpTransport;
  accounts(): Promise<Accounts>;
  close(): Promise<void>;
}

/** The real platforms, or what `hosts` puts in their place. @throws {SnvgError} CONFIG_INVALID for a bad host map */
export async function openOutside(app: App): Promise<Outside> {
  const { openTransport } = await import('../../publishers/send.js');
  const transport = openTransport({ hosts: app.settings.hosts });
  const nowMs = (): number => app.clock.nowMs();
  return {
    http: new HostBreaker(nowMs).guard(transport),
    accounts: async () => {
      const { openAccounts } = await import('../accounts/open-accounts.js');
      return openAccounts({ paths: app.paths, vault: app.settings.vault, env: process.env, http: transport, signal: app.signal, nowMs }).accounts;
    },
    close: async () => transport.close(),
  };
}
