import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, chmodSync, constants, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const sshd = '/usr/sbin/sshd';
/** Of RFC 2544: addresses for tests, routed nowhere. */
const testNetwork = [198, 18] as const;
/** What a host has that has nothing installed: no ffmpeg, no snvg, no node. */
const plainTools = ['sh', 'bash', 'env', 'uname', 'tar', 'gzip', 'mkdir', 'mv', 'rm', 'cat', 'ls', 'df', 'du', 'cp', 'chmod', 'touch', 'head', 'tail', 'wc', 'id', 'getconf', 'ldd', 'sleep', 'kill', 'dirname', 'find', 'sort', 'tr', 'cut', 'sed', 'grep', 'nproc', 'true', 'false', 'test', 'date', 'hostname', 'readlink', 'basename', 'nice', 'taskset'];

/** Why there can be no SSH host at all here; undefined when there can. */
export const noSshd: string | undefined = existsSync(sshd) && findProgram('ssh') ? undefined : 'ssh or sshd is not installed';
/** Why hosts cannot have a network of their own that can be cut; undefined when they can. */
export const noOwnNetworks: string | undefined = noSshd ?? whyNoNamespaces();

if (process.env['CI'] === 'true' && noOwnNetworks !== undefined) throw new Error(`hosts are tested in network namespaces, which CI must have: ${noOwnNetworks}`);

export interface SshHostOptions {
  /** Programs on the host's PATH beside the plain ones: by name, as found here, or name → path. Default: node, ffmpeg, ffprobe. */
  programs?: readonly (string | readonly [name: string, path: string])[];
  /** CPUs its processes may use, as taskset counts them. Default: all. */
  cpus?: readonly number[];
  /** Further lines of its sshd_config. */
  config?: readonly string[];
}

/** A machine reached by SSH: its own network, HOME and PATH; disk, clock and process table are this machine's. */
export interface SshHost {
  /** `w1`, `w2` …: an alias in the ssh_config. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** `root@198.18.3.2:2201`, for those who would not use the alias. */
  readonly destination: string;
  readonly home: string;
  /** Its PATH. */
  readonly bin: string;
  /** sshd's log. */
  readonly log: string;
  /** Its network namespace, as `ip netns` knows it; undefined: it has none of its own. */
  readonly namespace: string | undefined;
}

export interface SshHosts {
  readonly hosts: readonly SshHost[];
  /** A folder with an `ssh` that knows the hosts; `env.PATH` begins with it. */
  readonly clientBin: string;
  /** Add to the environment of what is to reach the hosts. */
  readonly env: Readonly<{ PATH: string }>;
  /** The file `ssh` reads in place of the person's own. */
  readonly configFile: string;
  readonly knownHostsFile: string;
  /** False: plain servers on 127.0.0.1; cut, blackhole and slow throw. */
  readonly ownNetworks: boolean;
  /** Pulls the plug: nothing gets through, nothing is said. */
  cut(name: string): void;
  /** Undoes `cut`, `blackhole` and `slow`. */
  restore(name: string): void;
  /** The host drops what reaches it; its own packets go nowhere either. */
  blackhole(name: string): void;
  /** Lets so many kilobits a second through, each way. */
  slow(name: string, kilobitsPerSecond: number): void;
  /** No new connections; open ones go on. */
  killListener(name: string): void;
  startListener(name: string): Promise<void>;
  /** Kills the server's end of every connection, not what runs in it. */
  killSessions(name: string): void;
  /** The host's key becomes another. */
  changeHostKey(name: string): Promise<void>;
  /** Processes on the host but its sshd's: pid and command line. Empty without own networks. */
  processes(name: string): { pid: number; command: string }[];
  /** Ends everything that was started on the hosts and removes them. Also happens when this process dies. */
  stop(): Promise<void>;
}

interface Machine extends SshHost {
  /** This end of the cable. */
  link: string;
  ourAddress: string;
  dir: string;
  cpus: readonly number[] | undefined;
  listener: ChildProcess | undefined;
}

/**
 * Starts hosts with a real sshd each, in network namespaces of their own; where those are not permitted, on ports of 127.0.0.1.
 * Give a number for ordinary hosts, or options for each.
 */
export async function startSshHosts(wanted: number | readonly SshHostOptions[]): Promise<SshHosts> {
  if (noSshd !== undefined) throw new Error(noSshd);
  const ownNetworks = noOwnNetworks === undefined;
  if (!ownNetworks) process.stderr.write(`SSH hosts are servers on 127.0.0.1 that cannot be cut: ${noOwnNetworks}\n`);
  const options = typeof wanted === 'number' ? Array.from({ length: wanted }, (): SshHostOptions => ({})) : wanted;
  const id = randomBytes(3).toString('hex');
  const dir = mkdtempSync(join(tmpdir(), 'snvg-ssh-'));
  const cleaner = startCleaner(dir, ownNetworks ? options.map((_, index) => `snvg-${id}-${index + 1}`) : []);
  try {
    mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    const clientKey = join(dir, 'client-key');
    makeKey(clientKey);
    const machines = await Promise.all(options.map((host, index) => layOut(dir, id, index + 1, host, ownNetworks)));
    const configFile = join(dir, 'ssh_config');
    const knownHostsFile = join(dir, 'known_hosts');
    writeFileSync(configFile, machines.map((machine) => clientConfig(machine, clientKey, knownHostsFile)).join('\n'));
    const clientBin = join(dir, 'client-bin');
    mkdirSync(clientBin);
    writeFileSync(join(clientBin, 'ssh'), `#!/bin/sh\nexec ${findProgram('ssh')} -F '${configFile}' "$@"\n`, { mode: 0o755 });
    const knowHosts = (): void => writeFileSync(knownHostsFile, machines.map((machine) => `[${machine.address}]:${machine.port} ${readFileSync(join(machine.dir, 'host-key.pub'), 'utf8')}`).join(''));
    for (const [index, machine] of machines.entries()) {
      makeKey(join(machine.dir, 'host-key'));
      if (machine.namespace !== undefined) wire(machine);
      writeFileSync(join(machine.dir, 'sshd_config'), serverConfig(machine, `${clientKey}.pub`, options[index]?.config ?? []));
    }
    knowHosts();
    const startListener = async (machine: Machine): Promise<void> => {
      const command = [sshd, '-D', '-f', join(machine.dir, 'sshd_config'), '-E', machine.log];
      machine.listener = onHost(machine, command, cleaner.pid);
      await answers(machine);
    };
    await Promise.all(machines.map(startListener));
    const one = (name: string): Machine => {
      const machine = machines.find((other) => other.name === name);
      if (!machine) throw new Error(`there is no host ${name}`);
      return machine;
    };
    const netted = (name: string): Machine & { namespace: string } => {
      const machine = one(name);
      if (machine.namespace === undefined) throw new Error('this host has no network of its own');
      return { ...machine, namespace: machine.namespace };
    };
    return {
      hosts: machines,
      clientBin,
      env: { PATH: `${clientBin}${delimiter}${process.env['PATH'] ?? ''}` },
      configFile,
      knownHostsFile,
      ownNetworks,
      cut: (name) => ip('link', 'set', netted(name).link, 'down'),
      restore: (name) => {
        const { link, namespace, ourAddress } = netted(name);
        ip('link', 'set', link, 'up');
        // Each undoes something only if that was done.
        tried('ip', 'netns', 'exec', namespace, 'iptables', '-F');
        tried('ip', '-n', namespace, 'route', 'del', 'blackhole', `${ourAddress}/32`);
        tried('tc', 'qdisc', 'del', 'dev', link, 'root');
        tried('tc', '-n', namespace, 'qdisc', 'del', 'dev', 'e0', 'root');
      },
      blackhole: (name) => {
        const { namespace, ourAddress } = netted(name);
        if (findProgram('iptables')) {
          inside(namespace, 'iptables', '-A', 'INPUT', '-j', 'DROP');
          inside(namespace, 'iptables', '-A', 'OUTPUT', '-j', 'DROP');
        } else inside(namespace, 'ip', 'route', 'add', 'blackhole', `${ourAddress}/32`);
      },
      slow: (name, kilobitsPerSecond) => {
        const { link, namespace } = netted(name);
        const shape = ['root', 'tbf', 'rate', `${kilobitsPerSecond}kbit`, 'burst', '16kbit', 'latency', '400ms'];
        execFileSync('tc', ['qdisc', 'add', 'dev', link, ...shape]);
        inside(namespace, 'tc', 'qdisc', 'add', 'dev', 'e0', ...shape);
      },
      killListener: (name) => {
        const machine = one(name);
        machine.listener?.kill('SIGKILL');
        machine.listener = undefined;
      },
      startListener: (name) => startListener(one(name)),
      killSessions: (name) => {
        const machine = one(name);
        for (const { pid, command } of everything(machine)) if (isServer(command) && pid !== machine.listener?.pid) kill(pid);
      },
      changeHostKey: async (name) => {
        const machine = one(name);
        machine.listener?.kill('SIGKILL');
        for (const file of ['host-key', 'host-key.pub']) rmSync(join(machine.dir, file));
        makeKey(join(machine.dir, 'host-key'));
        await startListener(machine);
      },
      processes: (name) => everything(one(name)).filter(({ command }) => !isServer(command)),
      stop: async () => {
        cleaner.stdin?.end();
        if (cleaner.exitCode === null) await new Promise((resolve) => cleaner.once('exit', resolve));
      },
    };
  } catch (error) {
    cleaner.stdin?.end();
    throw error;
  }
}

/** Outlives this process and clears up once its stdin ends, however this process came to its end. */
function startCleaner(dir: string, namespaces: readonly string[]): ChildProcess {
  const script = `
cat > /dev/null
for round in 1 2 3; do
  for namespace in ${namespaces.join(' ')}; do
    for pid in $(ip netns pids "$namespace" 2> /dev/null); do kill -9 "$pid" 2> /dev/null; done
  done
  for file in "$1"/w*/sshd.pid; do test -e "$file" && kill -9 "$(cat "$file")" 2> /dev/null; done
  sleep 0.1
done
for namespace in ${namespaces.join(' ')}; do ip netns del "$namespace" 2> /dev/null; done
rm -rf "$1"
`;
  return spawn('sh', ['-c', script, 'cleaner', dir], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
}

async function layOut(root: string, id: string, number: number, { programs = ['node', 'ffmpeg', 'ffprobe'], cpus }: SshHostOptions, ownNetworks: boolean): Promise<Machine> {
  const name = `w${number}`;
  const dir = join(root, name);
  const [home, bin] = [join(dir, 'home'), join(dir, 'bin')];
  for (const folder of [dir, home, bin]) mkdirSync(folder, { mode: 0o700 });
  for (const tool of [...plainTools, ...programs]) {
    const [called, path] = typeof tool === 'string' ? [tool, tool === 'node' ? process.execPath : findProgram(tool)] : tool;
    if (path !== undefined) symlinkSync(path, join(bin, called));
  }
  const subnet = ownNetworks ? freeSubnet() : ['127.0.0.1', '127.0.0.1'] as const;
  const [ourAddress, address] = subnet;
  const port = ownNetworks ? 2200 + number : await freePort();
  return { name, dir, home, bin, log: join(dir, 'sshd.log'), namespace: ownNetworks ? `snvg-${id}-${number}` : undefined, link: `sv${id}${number}`, ourAddress, address, port, destination: `root@${address}:${port}`, cpus, listener: undefined };
}

const taken = new Set<string>();

/** Two neighbouring addresses nobody uses: ours and the host's. */
function freeSubnet(): readonly [ours: string, theirs: string] {
  const inUse = execFileSync('ip', ['-o', 'addr'], { encoding: 'utf8' });
  for (;;) {
    const [third = 0, fourth = 0] = randomBytes(2);
    const base = `${testNetwork.join('.')}.${third}.`;
    const start = fourth & 0xfc;
    if (taken.has(base + start) || inUse.includes(`${base}${start + 1}/`)) continue;
    taken.add(base + start);
    return [`${base}${start + 1}`, `${base}${start + 2}`];
  }
}

function wire({ namespace, link, address, ourAddress }: Machine): void {
  if (namespace === undefined) return;
  ip('netns', 'add', namespace);
  ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'e0', 'netns', namespace);
  ip('addr', 'add', `${ourAddress}/30`, 'dev', link);
  ip('link', 'set', link, 'up');
  ip('-n', namespace, 'addr', 'add', `${address}/30`, 'dev', 'e0');
  ip('-n', namespace, 'link', 'set', 'e0', 'up');
  ip('-n', namespace, 'link', 'set', 'lo', 'up');
}

function clientConfig({ name, address, port }: Machine, key: string, knownHosts: string): string {
  return `Host ${name} ${address}
  HostName ${address}
  Port ${port}
  User root
  IdentityFile ${key}
  IdentitiesOnly yes
  UserKnownHostsFile ${knownHosts}
  StrictHostKeyChecking yes
`;
}

function serverConfig({ dir, home, bin, address, port }: Machine, authorizedKeys: string, further: readonly string[]): string {
  return `${[
    // Of two lines for the same, sshd takes the first.
    ...further,
    `ListenAddress ${address}:${port}`,
    `HostKey ${join(dir, 'host-key')}`,
    `PidFile ${join(dir, 'sshd.pid')}`,
    `AuthorizedKeysFile ${authorizedKeys}`,
    'UsePAM no',
    'StrictModes no',
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'MaxStartups 100:30:200',
    'ClientAliveInterval 1',
    'ClientAliveCountMax 3',
    `SetEnv HOME=${home} PATH=${bin}`,
    // All hosts share one account, whose home is another one.
    'ForceCommand cd "$HOME" && exec sh -c "$SSH_ORIGINAL_COMMAND"',
  ].join('\n')}\n`;
}

function onHost({ namespace, cpus }: Machine, command: readonly string[], cleanerPid: number | undefined): ChildProcess {
  if (cleanerPid === undefined) throw new Error('nothing would clear up');
  const bound = cpus === undefined ? command : ['taskset', '-c', cpus.join(','), ...command];
  const [program = '', ...args] = namespace === undefined ? bound : ['ip', 'netns', 'exec', namespace, ...bound];
  return spawn(program, args, { stdio: 'ignore', detached: true });
}

/** Resolves when sshd accepts connections. */
async function answers({ address, port, log }: Machine): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const up = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: address, port }, () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`sshd does not answer at ${address}:${port}: ${existsSync(log) ? readFileSync(log, 'utf8') : 'it never logged anything'}`);
}

function everything({ namespace, listener }: Machine): { pid: number; command: string }[] {
  const pids = namespace === undefined ? childrenOf(listener?.pid) : execFileSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' }).split('\n').filter(Boolean).map(Number);
  return pids.flatMap((pid) => {
    try {
      return [{ pid, command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() }];
    } catch {
      return [];
    }
  });
}

function childrenOf(parent: number | undefined): number[] {
  if (parent === undefined) return [];
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/status`, 'utf8').includes(`PPid:\t${parent}\n`);
    } catch {
      return false;
    }
  });
}

/** A server shows itself as `sshd: …`, a zombie as nothing. */
function isServer(command: string): boolean {
  return command === '' || command.startsWith('sshd:') || command.startsWith(sshd);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

function makeKey(path: string): void {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'snvg-test', '-f', path]);
  chmodSync(path, 0o600);
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function inside(namespace: string, ...command: readonly string[]): void {
  execFileSync('ip', ['netns', 'exec', namespace, ...command], { stdio: ['ignore', 'ignore', 'pipe'] });
}

function tried(program: string, ...args: readonly string[]): void {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
  } catch {
    // There was nothing to undo.
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

function findProgram(name: string): string | undefined {
  return [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'].map((folder) => join(folder, name)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function whyNoNamespaces(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are Linux’s';
  if (process.getuid?.() !== 0) return 'network namespaces take root';
  if (!findProgram('ip')) return 'ip (iproute2) is not installed';
  const name = `snvg-try-${randomBytes(3).toString('hex')}`;
  try {
    ip('netns', 'add', name);
    ip('netns', 'del', name);
    return undefined;
  } catch (error) {
    return `network namespaces are not permitted: ${(error as Error).message.split('\n').at(-1)}`;
  }
}
