import { setTimeout as delay } from 'node:timers/promises';
import type { Accounts } from '../../accounts/accounts.js';
import { HostBreaker } from '../../pipeline/publish/breaker.js';
import type { Timing } from '../../pipeline/publish/timing.js';
import type { HttpTransport } from '../../publishers/http.js';
import type { App } from '../app.js';

/** The way to the platforms: who one is there, how requests get there, and the time that passes meanwhile. */
export interface Outside {
  http: HttpTransport;
  timing: Timing;
  accounts(): Promise<Accounts>;
  close(): Promise<void>;
}

/** The real platforms, or what `hosts` puts in their place; under --sandbox their stand-ins. @throws {SnvgError} CONFIG_INVALID for a bad host map */
export async function openOutside(app: App): Promise<Outside> {
  if (app.settings.sandbox) return (await import('./rehearsal.js')).openRehearsal(app);
  const { openTransport } = await import('../../publishers/send.js');
  const transport = openTransport({ hosts: app.settings.platformHosts });
  const nowMs = (): number => app.clock.nowMs();
  return {
    http: new HostBreaker(nowMs).guard(transport),
    timing: {
      nowMs,
      sleep: async (durationMs, until) => {
        await delay(durationMs, undefined, { signal: until }).catch(() => until.throwIfAborted());
      },
      random: () => Math.random(),
    },
    accounts: async () => {
      const { openAccounts } = await import('../accounts/open-accounts.js');
      return openAccounts({ paths: app.paths, vault: app.settings.vault, env: process.env, http: transport, signal: app.signal, nowMs }).accounts;
    },
    close: async () => transport.close(),
  };
}
