import { realpath } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Settings } from '../../config/options.js';
import type { Paths } from '../../config/paths.js';
import { type ErrorReport, reportError, SnvgError } from '../../errors.js';
import { type ControlFolder, openControlFolder } from '../../pipeline/backends/ssh/control-folder.js';
import { formatDestination, parseDestination } from '../../pipeline/backends/ssh/destination.js';
import { SshConnection } from '../../pipeline/backends/ssh/ssh-connection.js';
import { byteSize } from '../../ui/format.js';
import type { HostReport } from './host-report.js';
import { installOnHost, type Installed } from './install-on-host.js';
import { checkHostName, type KnownHost, KnownHosts } from './known-hosts.js';
import { ffmpegWords, type HostLook, lookAtHost, requireBase } from './look-at-host.js';
import { packProgram, type Machine } from './program-files.js';
import { isStaticProgram } from './static-program.js';
import { HostTester } from './test-host.js';
import { uninstallScript } from './uninstall.js';

/** The package's own folder: this file lies three levels below it, in src/app/hosts or dist/app/hosts. */
const packageRoot = fileURLToPath(new URL('../../..', import.meta.url));

export interface DeskRequest {
  settings: Settings;
  paths: Paths;
  version: string;
  signal: AbortSignal;
  /** What goes on, for people who wait. */
  say(line: string): void;
}

/** How an installation on one host went. */
export interface HostOutcome {
  name: string;
  installed: Installed | null;
  error: ErrorReport | null;
}

/** What the commands of `snvg hosts` do. */
export class HostsDesk {
  readonly #request: DeskRequest;
  readonly #known: KnownHosts;
  readonly #controls: ControlFolder | undefined;
  readonly #open: SshConnection[] = [];

  private constructor(request: DeskRequest, controls: ControlFolder | undefined) {
    this.#request = request;
    this.#known = new KnownHosts(request.paths);
    this.#controls = controls;
  }

  static async open(request: DeskRequest): Promise<HostsDesk> {
    return new HostsDesk(request, await openControlFolder(request.paths.runtimeDir));
  }

  /** Ends the connections that were made. */
  async close(): Promise<void> {
    await Promise.all(this.#open.map((connection) => connection.disconnect()));
  }

  /**
   * Connects, installs what is needed, remembers the host, and has it do a first task. Adding a host anew brings it up to date.
   * @throws {SnvgError} USAGE, SSH_MISSING, REMOTE_UNAVAILABLE, REMOTE_REFUSED, HOST_LACKING: it was not added
   */
  async add(text: string, options: { name?: string; cores?: number }): Promise<HostReport> {
    const destination = parseDestination(text);
    const address = formatDestination(destination);
    const before = (await this.#known.all()).find((host) => host.destination === address);
    const name = checkHostName(options.name ?? before?.name ?? destination.host.replaceAll(/[^A-Za-z0-9._-]/g, '-').replace(/^[^A-Za-z0-9]+/, 'host-'));
    const namesake = (await this.#known.all()).find((host) => host.name === name);
    if (namesake && namesake.destination !== address) throw new SnvgError('USAGE', `There is a host ${name} already, at ${namesake.destination}`, 'Give this one another name with --name, or remove the other with snvg hosts remove.');
    const connection = this.#connect(address);
    const { installed, look, program } = await this.#install(name, connection);
    if (!installed.changed) this.#request.say(`${name} has this version already`);
    if (before && before.name !== name) await this.#known.remove(before.name);
    const host: KnownHost = { name, destination: address, cores: options.cores ?? before?.cores ?? null, program, addedAt: before?.addedAt ?? new Date().toISOString(), measured: before?.measured ?? null };
    await this.#known.put(host);
    const [report] = await this.#tested([host], new Map([[name, look]]));
    if (!report) throw new Error('a test without a report');
    return report;
  }

  /** @throws {SnvgError} HOST_NOT_FOUND; with `uninstall` also what keeps the host from being reached */
  async remove(name: string, { uninstall }: { uninstall: boolean }): Promise<KnownHost> {
    const host = await this.#known.find(name);
    if (uninstall) {
      const connection = this.#connect(host.destination);
      // Reached first: a host that cannot be is not forgotten with what lies on it.
      await lookAtHost(connection, this.#request.signal);
      await connection.run(uninstallScript, { signal: this.#request.signal });
    }
    return this.#known.remove(host.name);
  }

  /** Puts this version on the hosts, all of them where none is named. A host that fails does not keep the others waiting. */
  async install(names: readonly string[]): Promise<HostOutcome[]> {
    const outcomes: HostOutcome[] = [];
    for (const host of await this.#chosen(names)) {
      try {
        const { installed, program } = await this.#install(host.name, this.#connect(host.destination));
        await this.#known.put({ ...(await this.#known.find(host.name)), program });
        outcomes.push({ name: host.name, installed, error: null });
      } catch (error) {
        this.#request.signal.throwIfAborted();
        outcomes.push({ name: host.name, installed: null, error: reportError(error) });
      }
    }
    return outcomes;
  }

  /** Tests the hosts, all of them where none is named. */
  async test(names: readonly string[]): Promise<HostReport[]> {
    return this.#tested(await this.#chosen(names), new Map());
  }

  async #chosen(names: readonly string[]): Promise<KnownHost[]> {
    if (names.length === 0) return this.#known.all();
    return Promise.all([...new Set(names)].map((name) => this.#known.find(name)));
  }

  async #tested(hosts: readonly KnownHost[], looks: ReadonlyMap<string, HostLook>): Promise<HostReport[]> {
    if (hosts.length === 0) return [];
    const tester = await HostTester.open(this.#request);
    try {
      const reports: HostReport[] = [];
      for (const host of hosts) {
        this.#request.say(`testing ${host.name} …`);
        const report = await tester.test(host, this.#connect(host.destination), looks.get(host.name));
        if (report.measured) await this.#known.put({ ...(await this.#known.find(host.name)), measured: report.measured });
        reports.push(report);
      }
      return reports;
    } finally {
      await tester.close();
    }
  }

  async #install(name: string, connection: SshConnection): Promise<{ installed: Installed; look: HostLook; program: string }> {
    const { signal, say, paths } = this.#request;
    const look = await lookAtHost(connection, signal);
    const { node, machine } = requireBase(connection.title, look);
    const tools = await this.#toolsFor(machine, look);
    const program = await packProgram(packageRoot, machine, { memoFile: join(paths.cacheDir, 'program-hashes.json'), tools });
    if (program.runtime === 'wasm') say(`${name} is a ${machine.platform} ${machine.arch}${machine.glibc ? '' : ' with musl'}: models run as WebAssembly there, several times slower`);
    let saidPercent = -1;
    const installed = await installOnHost(connection, program, node, {
      signal,
      onProgress: (sentBytes, ofBytes) => {
        const percent = Math.floor((sentBytes / ofBytes) * 4) * 25;
        if (percent <= saidPercent) return;
        saidPercent = percent;
        say(`sending snvg to ${name}: ${percent} % of ${byteSize(ofBytes)}`);
      },
    });
    return { installed, look, program: program.name };
  }

  /** This machine's ffmpeg and ffprobe, where they run on the host as they are and it has not the same ones: clips are made there then, too. */
  async #toolsFor(machine: Machine, look: HostLook): Promise<Record<string, string>> {
    if (machine.platform !== process.platform || machine.arch !== process.arch) return {};
    const { settings } = this.#request;
    const [ffmpeg, ffprobe] = await Promise.all([locate(settings.ffmpeg ?? 'ffmpeg'), locate(settings.ffprobe ?? 'ffprobe')]);
    if (ffmpeg === undefined || ffprobe === undefined || !(await isStaticProgram(ffmpeg)) || !(await isStaticProgram(ffprobe))) return {};
    if (look.ffmpeg === (await ffmpegWords(ffmpeg, this.#request.signal))) return {};
    this.#request.say(`this machine’s ffmpeg is a static build: it goes along, so that clips made there are the same`);
    return { ffmpeg, ffprobe };
  }

  #connect(address: string): SshConnection {
    const connection = new SshConnection({ destination: parseDestination(address), controls: this.#controls, cwd: '/' });
    this.#open.push(connection);
    return connection;
  }
}

/** The file a program's name stands for, links resolved. */
async function locate(program: string): Promise<string | undefined> {
  const candidates = isAbsolute(program) ? [program] : (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, program));
  const found = candidates.find((path) => existsSync(path));
  return found === undefined ? undefined : realpath(found);
}
