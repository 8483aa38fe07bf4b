import { SnvgError } from '../../errors.js';
import { installHint } from '../../media/install-hint.js';
import { programsFolder } from '../../pipeline/backends/ssh/agent-command.js';
import { type SshConnection, SshFailure } from '../../pipeline/backends/ssh/ssh-connection.js';
import { hostErrorOf } from '../../pipeline/backends/ssh/ssh-fault.js';
import { run, ToolFailure } from '../../process/run.js';
import type { Machine } from './program-files.js';

/** What a host is, seen before anything of snvg is there. */
export interface HostLook {
  home: string;
  /** `uname -s` and `-m`. */
  system: string;
  machine: string;
  /** What its C library calls itself; empty where it does not say. */
  libc: string;
  /** Every Node that was found, the best first. */
  nodes: readonly { path: string; version: string; platform: string; arch: string }[];
  /** Files that tell which distribution it is. */
  releases: readonly string[];
  freeBytes: number | undefined;
  writable: boolean;
  /** What its ffmpeg says it is, as `ffmpegWords` reads it; empty: there is none. */
  ffmpeg: string;
}

/** package.json's `engines`. */
const oldestNode = { major: 20, minor: 19 } as const;

/** Where Node lies that a login without a terminal does not have on its PATH. */
const nodePlaces = ['node', 'nodejs', '/usr/local/bin/node', '/opt/homebrew/bin/node', '"$HOME"/.local/bin/node', '"$HOME"/.volta/bin/node', '"$HOME"/n/bin/node', '/snap/bin/node', '"$HOME"/.nvm/versions/node/*/bin/node', '"$HOME"/.local/share/fnm/node-versions/*/installation/bin/node', '"$HOME"/.asdf/installs/nodejs/*/bin/node', '"$HOME"/.local/share/mise/installs/node/*/bin/node'];
const releaseFiles = ['/etc/debian_version', '/etc/alpine-release', '/etc/arch-release', '/etc/fedora-release'];

const script = `
say() { printf '%s=%s\\n' "$1" "$2"; }
say home "$HOME"
say system "$(uname -s 2> /dev/null)"
say machine "$(uname -m 2> /dev/null)"
say libc "$(getconf GNU_LIBC_VERSION 2> /dev/null || ldd --version 2>&1 | head -n 1)"
for file in ${releaseFiles.join(' ')}; do test -e $file && say release $file; done
folder="$HOME/${programsFolder}"
mkdir -p "$folder" 2> /dev/null
test -d "$folder" && test -w "$folder" && say writable yes
say disk "$(df -Pk "$folder" 2> /dev/null | tail -n 1)"
say ffmpeg "$(PATH="$PATH:/usr/local/bin:/opt/homebrew/bin:$HOME/.local/bin" ffmpeg -version < /dev/null 2> /dev/null | head -n 3 | tr '\\n' ' ')"
for name in ${nodePlaces.join(' ')}; do
  path=$(command -v "$name" 2> /dev/null) || continue
  say node "$("$path" -p 'JSON.stringify({ path: process.execPath, version: process.versions.node, platform: process.platform, arch: process.arch })' < /dev/null 2> /dev/null)"
done
`;

/**
 * Looks over a host. @throws {SnvgError} REMOTE_UNAVAILABLE, REMOTE_REFUSED, SSH_MISSING when it cannot be reached
 */
export async function lookAtHost(connection: SshConnection, signal: AbortSignal): Promise<HostLook> {
  const text = await reached(connection, () => connection.run(script, { signal }));
  const lines = text.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const);
  const all = (key: string): string[] => lines.flatMap(([name, value]) => (name === key && value !== '' ? [value] : []));
  const one = (key: string): string => all(key)[0] ?? '';
  const freeKb = Number(one('disk').split(/\s+/)[3]);
  return {
    home: one('home'),
    system: one('system'),
    machine: one('machine'),
    libc: one('libc'),
    nodes: nodesOf(all('node')),
    releases: all('release'),
    freeBytes: Number.isFinite(freeKb) && one('disk') !== '' ? freeKb * 1024 : undefined,
    writable: one('writable') === 'yes',
    ffmpeg: one('ffmpeg').trim(),
  };
}

/** Runs something on a host and turns what `ssh` has against it into an error for the person who named the host. */
export async function reached<T>(connection: SshConnection, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof SshFailure) throw hostErrorOf(error.fault);
    if (error instanceof ToolFailure) throw new SnvgError('REMOTE_REFUSED', `${connection.title} could not run what snvg asked (exit code ${error.exitCode}${error.stderrTail.length > 0 ? `: ${error.stderrTail.at(-1)}` : ''})`, `Try \`ssh ${connection.title} sh\` by hand: the account may be restricted.`, { cause: error });
    throw error;
  }
}

function nodesOf(found: readonly string[]): HostLook['nodes'] {
  const nodes = new Map<string, HostLook['nodes'][number]>();
  for (const text of found) {
    try {
      const node = JSON.parse(text) as HostLook['nodes'][number];
      nodes.set(node.path, node);
    } catch {
      // Something else that is called node.
    }
  }
  return [...nodes.values()].toSorted((a, b) => Number(isEnough(b.version)) - Number(isEnough(a.version)));
}

function isEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > oldestNode.major || (major === oldestNode.major && minor >= oldestNode.minor);
}

/** What is ready there to run snvg. */
export interface HostBase {
  node: string;
  machine: Machine;
}

/**
 * The Node to run snvg with there, or exactly what is missing.
 * @throws {SnvgError} HOST_LACKING
 */
export function requireBase(title: string, look: HostLook): HostBase {
  const [node] = look.nodes;
  const needed = `${oldestNode.major}.${oldestNode.minor} or later`;
  if (!node) {
    throw new SnvgError('HOST_LACKING', `${title} has no Node.js, which snvg needs there (${needed})`, `Install it there (${nodeHint(look)}), then run again. It is looked for on the PATH of a login without a terminal and where nvm, fnm, volta, asdf, mise and Homebrew put it.`);
  }
  if (!isEnough(node.version)) {
    throw new SnvgError('HOST_LACKING', `${title} has Node.js ${node.version} (${node.path}); snvg needs ${needed}`, `Install a newer one there (${nodeHint(look)}); the old one may stay, the newest that is found is used.`);
  }
  if (!look.writable) {
    throw new SnvgError('HOST_LACKING', `Nothing can be written below ${look.home}/${programsFolder} on ${title}`, 'Make the home folder of this account writable, or use another account: snvg hosts add user@host');
  }
  return { node: node.path, machine: { platform: node.platform, arch: node.arch, glibc: node.platform !== 'linux' || /glibc|gnu libc|gnu c library/i.test(look.libc) } };
}

function nodeHint({ system, releases }: HostLook): string {
  if (system === 'Darwin') return 'macOS: brew install node';
  if (releases.includes('/etc/alpine-release')) return 'sudo apk add nodejs, on Alpine 3.20 or later';
  if (releases.includes('/etc/arch-release')) return 'sudo pacman -S nodejs';
  if (releases.includes('/etc/fedora-release')) return 'sudo dnf install nodejs';
  if (releases.includes('/etc/debian_version')) return 'sudo apt-get install -y nodejs, on Debian 13, Ubuntu 25.04 or later; before that from nodejs.org or with nvm';
  return 'from nodejs.org, or with nvm';
}

/** The first lines of `ffmpeg -version`: equal words are the same build. */
export async function ffmpegWords(path: string, signal: AbortSignal): Promise<string> {
  const lines: string[] = [];
  await run({ command: path, args: ['-version'], cwd: '/', signal, timeoutMs: 20_000, onStdoutLine: (line) => lines.push(line) });
  return lines.slice(0, 3).join(' ').trim();
}

/** How a full ffmpeg is installed on that system. */
export function ffmpegHint({ system, releases }: HostLook): string {
  return installHint(system === 'Darwin' ? 'darwin' : 'linux', (path) => releases.includes(path));
}
