import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { makeFolder, writeFileAtomically } from '../../artifacts/atomic-file.js';
import type { Paths } from '../../config/paths.js';
import { SnvgError } from '../../errors.js';
import { programPattern } from '../../pipeline/backends/ssh/agent-command.js';
import { formatDestination, parseDestination } from '../../pipeline/backends/ssh/destination.js';

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** What was measured when a host was last tested. */
const measurement = z.object({
  at: z.iso.datetime(),
  latencyMs: z.number().nonnegative(),
  bytesPerSecond: z.number().positive(),
  /** Its time for the sample, as a share of this machine's: 0.5 is twice as fast. */
  relativeTime: z.number().positive(),
});
export type HostMeasurement = z.infer<typeof measurement>;

const knownHost = z.object({
  name: z.string().regex(namePattern),
  destination: z.string().refine((text) => isDestination(text), 'not [user@]host[:port]'),
  /** Cores it gives at most; null: all it has. */
  cores: z.int().min(1).max(1024).nullable(),
  /** Folder of the version that was installed there last; null: none, its PATH decides. */
  program: z.string().regex(programPattern).nullable(),
  addedAt: z.iso.datetime(),
  measured: measurement.nullable(),
});
export type KnownHost = z.infer<typeof knownHost>;

const hostsFile = z.object({ schemaVersion: z.literal(1), hosts: z.array(knownHost) });

/** The hosts a person added, in `<configDir>/hosts.json`, readable by them alone. */
export class KnownHosts {
  readonly path: string;

  constructor(paths: Pick<Paths, 'configDir'>) {
    this.path = join(paths.configDir, 'hosts.json');
  }

  /** @throws {SnvgError} CONFIG_INVALID when the file is no list of hosts */
  async all(): Promise<KnownHost[]> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw new SnvgError('CONFIG_INVALID', `The list of hosts cannot be read (${this.path}: ${(error as NodeJS.ErrnoException).code})`, 'Make the file readable for you, or remove it and add your hosts anew.', { cause: error });
    }
    try {
      return hostsFile.parse(JSON.parse(text)).hosts;
    } catch (cause) {
      throw new SnvgError('CONFIG_INVALID', `${this.path} is no list of hosts: ${firstIssue(cause)}`, 'Mend it, or remove it and add your hosts anew with snvg hosts add.', { cause });
    }
  }

  /** @throws {SnvgError} HOST_NOT_FOUND */
  async find(name: string): Promise<KnownHost> {
    const hosts = await this.all();
    const found = hosts.find((host) => host.name === name) ?? hosts.find((host) => host.destination === name);
    if (found) return found;
    const known = hosts.length === 0 ? 'None was added yet: snvg hosts add user@host' : `There are: ${hosts.map((host) => host.name).join(', ')}`;
    throw new SnvgError('HOST_NOT_FOUND', `No host is called ${name}`, known);
  }

  /** Adds a host, or puts another in place of the one of this name. */
  async put(host: KnownHost): Promise<void> {
    const hosts = await this.all();
    const at = hosts.findIndex(({ name }) => name === host.name);
    await this.#write(at === -1 ? [...hosts, host] : hosts.with(at, host));
  }

  /** @throws {SnvgError} HOST_NOT_FOUND */
  async remove(name: string): Promise<KnownHost> {
    const host = await this.find(name);
    await this.#write((await this.all()).filter((other) => other.name !== host.name));
    return host;
  }

  async #write(hosts: readonly KnownHost[]): Promise<void> {
    await makeFolder(join(this.path, '..'));
    await writeFileAtomically(this.path, `${JSON.stringify({ schemaVersion: 1, hosts }, null, 2)}\n`, 0o600);
  }
}

/** @throws {SnvgError} USAGE */
export function checkHostName(name: string): string {
  if (namePattern.test(name)) return name;
  throw new SnvgError('USAGE', `${JSON.stringify(name)} is no name for a host`, 'Names have up to 63 letters, digits, dots, dashes and underscores, and begin with a letter or digit: --name render1');
}

function isDestination(text: string): boolean {
  try {
    return formatDestination(parseDestination(text)) === text;
  } catch {
    return false;
  }
}

function firstIssue(error: unknown): string {
  if (!(error instanceof z.ZodError)) return 'it is not JSON';
  const [issue] = error.issues;
  return issue ? `${issue.path.join('.')}: ${issue.message}` : 'it has another shape';
}
