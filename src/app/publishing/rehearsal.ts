import { setImmediate as turn } from 'node:timers/promises';
import type { Account, Accounts } from '../../accounts/accounts.js';
import { SnvgError } from '../../errors.js';
import { HostBreaker } from '../../pipeline/publish/breaker.js';
import type { AccountPolicy, Credentials } from '../../publishers/credentials.js';
import { inProcessTransport } from '../../sandbox/in-process.js';
import { randomFaults } from '../../sandbox/random-faults.js';
import { makeStandIn, rehearsable } from '../../sandbox/registry.js';
import type { StandIn } from '../../sandbox/stand-in.js';
import type { App } from '../app.js';
import type { Outside } from './outside.js';

/** As the platforms' ids of accounts look: a channel, else a number. */
const accountIds: Readonly<Record<string, string>> = { youtube: 'UCsandbox0000000000000000' };
/** Which part of the requests goes wrong when failures are rehearsed too. */
const faultRate = 0.2;
const anyAccountId = '17841400000000001';

/** Stand-ins of all platforms inside this process. Waits are skipped: their clock, and the engine's, is set forward in place of sleeping. */
export async function openRehearsal(app: Pick<App, 'clock' | 'settings'>): Promise<Outside> {
  let skippedMs = 0;
  const { sandboxFaults: seed } = app.settings;
  const nowMs = (): number => app.clock.nowMs() + skippedMs;
  const standIns = (await Promise.all(rehearsable.map((id) => makeStandIn(id, { nowMs })))).filter((one) => one !== undefined);
  return {
    http: new HostBreaker(nowMs).guard(inProcessTransport(standIns, seed === null ? undefined : randomFaults({ seed, rate: faultRate }))),
    timing: {
      nowMs,
      sleep: async (durationMs, until) => {
        // Others get their turn, as they would while somebody sleeps.
        await turn();
        until.throwIfAborted();
        skippedMs += durationMs;
      },
      random: () => Math.random(),
    },
    accounts: async () => new RehearsalAccounts(standIns),
    close: async () => {},
  };
}

/** Everybody is logged in everywhere, with all that publishing needs. */
class RehearsalAccounts implements Accounts {
  readonly #standIns: readonly StandIn[];

  constructor(standIns: readonly StandIn[]) {
    this.#standIns = standIns;
  }

  async find(platform: string, policy: AccountPolicy, name: string): Promise<Account> {
    const standIn = this.#standIns.find(({ id }) => id === platform);
    if (!standIn?.issue) throw new SnvgError('USAGE', `${platform} cannot be rehearsed`, `Platforms with a stand-in are: ${rehearsable.join(', ')}.`);
    const account = { id: accountIds[platform] ?? anyAccountId, name: name === '' ? 'rehearsal' : name };
    const issue = standIn.issue.bind(standIn);
    const login = (): Credentials => {
      const { accessToken, expiresAtMs } = issue(account, policy.scopes);
      return { accountId: account.id, accountName: account.name, accessToken, scopes: policy.scopes, expiresAtMs };
    };
    let current = login();
    return { platform, ...account, credentials: async () => current, renew: async () => (current = login()) };
  }
}
