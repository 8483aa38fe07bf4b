import type { Paths } from '../../../config/paths.js';
import { type LinkOptions, openLink } from '../wire/open-link.js';
import { openControlFolder } from './control-folder.js';
import type { Destination } from './destination.js';
import { SshConnection } from './ssh-connection.js';
import { SshPlace } from './ssh-place.js';

/** A host as a run uses it. */
export interface SshHost {
  /** Unique among the hosts of a run. */
  name: string;
  destination: Destination;
  /** Cores it gives at most; undefined: all. */
  cores: number | undefined;
  /** Folder of the version that is installed there; undefined: the `snvg` on its PATH. */
  program: string | undefined;
}

export interface SshPlacesOptions {
  hosts: readonly SshHost[];
  /** What every link with an agent is opened with. */
  link: Omit<LinkOptions, 'name' | 'signal'>;
  /** Of this machine's toolchain: what enters task keys. */
  identities: Readonly<Record<string, string>>;
  paths: Pick<Paths, 'runtimeDir'>;
}

/** Places for hosts reached by the system's `ssh`. None is connected yet; each ends its agent and its connection when it is closed. */
export async function openSshPlaces(options: SshPlacesOptions): Promise<SshPlace[]> {
  const controls = await openControlFolder(options.paths.runtimeDir);
  return options.hosts.map(
    ({ name, destination, cores, program }) =>
      new SshPlace({
        name,
        cores,
        program,
        identities: options.identities,
        connection: new SshConnection({ destination, controls, cwd: '/' }),
        greet: (streams, signal) => openLink(streams, { ...options.link, name, signal }),
      }),
  );
}
