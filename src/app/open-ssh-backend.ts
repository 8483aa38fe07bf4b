import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Paths } from '../config/paths.js';
import type { Settings } from '../config/options.js';
import { openSshPlaces } from '../pipeline/backends/ssh/index.js';
import type { SpreadBackend } from '../pipeline/backends/spread/spread-backend.js';
import { IncomingArtifacts } from '../pipeline/backends/wire/incoming.js';
import { LocalSupply } from '../pipeline/backends/wire/local-supply.js';
import type { TaskHost } from '../pipeline/run-task.js';
import { hostsOfRun } from './hosts/hosts-of-run.js';
import { spreadOver } from './spread-over.js';

interface SshBackendRequest {
  settings: Pick<Settings, 'hosts' | 'here'>;
  /** What this machine lends to the tasks it runs itself. */
  host: TaskHost;
  /** Half cores. */
  slots: number;
  paths: Pick<Paths, 'configDir' | 'runtimeDir'>;
  /** What was found of films, between runs. */
  memo: { get(key: string): string | undefined; set(key: string, value: string): void };
}

/**
 * A backend over hosts reached by SSH. They are connected while the first tasks run here.
 * @throws {SnvgError} USAGE, CONFIG_INVALID
 */
export async function openSshBackend({ settings, host, slots, paths, memo }: SshBackendRequest): Promise<SpreadBackend> {
  const known = await hostsOfRun(settings, paths);
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  const supply = new LocalSupply(host.store);
  const incoming = new IncomingArtifacts(join(host.scratchRoot, 'incoming'), host.store);
  const hosts = await openSshPlaces({ hosts: known, link: { version, store: host.store, incoming, supply, log: host.log }, identities: host.toolchain.identities, paths });
  return spreadOver({ host, slots, takesShare: settings.here, hosts, supply, memo });
}
