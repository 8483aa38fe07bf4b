import { join } from 'node:path';
import { openKeyring } from '../../accounts/keyring.js';
import type { Locks } from '../../accounts/locks.js';
import { KnownAccounts } from '../../accounts/find-account.js';
import { Vault, type VaultSetting } from '../../accounts/vault.js';
import type { Paths } from '../../config/paths.js';
import { HeldFiles } from '../../jobs/held-files.js';
import { LostReply } from '../../publishers/faults.js';
import type { HttpTransport } from '../../publishers/http.js';

export interface AccountsRequest {
  paths: Pick<Paths, 'dataDir'>;
  vault: VaultSetting;
  env: NodeJS.ProcessEnv;
  http: HttpTransport;
  signal: AbortSignal;
  nowMs(): number;
  /** Asks at the terminal; absent: there is none. */
  askPassphrase?: (purpose: 'open' | 'new') => Promise<string>;
}

export interface OpenedAccounts {
  accounts: KnownAccounts;
  vault: Vault;
  locks: Locks;
}

/** How long a process waits for another one that renews the same login: longer than any request takes. */
const patienceMs = 3 * 60_000;

/** The logins of this machine and of the environment. Opens nothing before it is asked. */
export function openAccounts(request: AccountsRequest): OpenedAccounts {
  const { env, signal, http, nowMs } = request;
  const held = new HeldFiles(join(request.paths.dataDir, 'locks'));
  const locks: Locks = {
    run: async (name, of, work) => {
      const turn = await held.run(name, of, patienceMs, work);
      if (!turn) throw new LostReply(`another snvg process has been busy with this for ${patienceMs / 60_000} minutes (${name})`, { unreached: true });
      return turn.result;
    },
  };
  const vault = new Vault({
    path: join(request.paths.dataDir, 'accounts.vault'),
    setting: request.vault,
    passphrase: env['SNVG_VAULT_PASSPHRASE'],
    locks,
    signal,
    keyring: () => openKeyring(env),
    ...(request.askPassphrase ? { askPassphrase: request.askPassphrase } : {}),
  });
  const accounts = new KnownAccounts({ vault, env, locks, lasting: outlivesTheRun(env, vault), request: { http, signal, nowMs } });
  return { accounts, vault, locks };
}

/** The disks of CI runs are thrown away, unless somebody named a folder for snvg that is kept or put a vault there before. */
function outlivesTheRun(env: NodeJS.ProcessEnv, vault: Vault): boolean {
  const underCi = env['CI'] !== undefined && !['', '0', 'false'].includes(env['CI'].toLowerCase());
  return !underCi || Boolean(env['SNVG_HOME']) || Boolean(env['XDG_DATA_HOME']) || vault.exists;
}
