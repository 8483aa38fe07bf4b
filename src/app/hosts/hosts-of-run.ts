import type { Paths } from '../../config/paths.js';
import type { Settings } from '../../config/options.js';
import { SnvgError } from '../../errors.js';
import { parseDestination } from '../../pipeline/backends/ssh/destination.js';
import type { SshHost } from '../../pipeline/backends/ssh/index.js';
import { KnownHosts } from './known-hosts.js';

/**
 * The hosts of a run with --backend ssh: those that --host names, by the name they were added under or as ssh knows them; else all that were added.
 * @throws {SnvgError} USAGE when there is none, or one is named in a way that is no host; CONFIG_INVALID
 */
export async function hostsOfRun(settings: Pick<Settings, 'hosts'>, paths: Pick<Paths, 'configDir'>): Promise<SshHost[]> {
  const known = (await new KnownHosts(paths).all()).map(({ name, destination, cores, program }): SshHost => ({ name, destination: parseDestination(destination), cores: cores ?? undefined, program: program ?? undefined }));
  if (settings.hosts.length === 0) {
    if (known.length === 0) throw new SnvgError('USAGE', 'There are no hosts for --backend ssh', 'Add one with snvg hosts add user@host, or name one with --host.');
    return known;
  }
  const names = [...new Set(settings.hosts)];
  const byText = await new KnownHosts(paths).all();
  return names.map((text) => {
    const index = byText.findIndex(({ name, destination }) => name === text || destination === text);
    return known[index] ?? { name: text, destination: parseDestination(text), cores: undefined, program: undefined };
  });
}
