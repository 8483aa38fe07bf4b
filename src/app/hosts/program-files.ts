import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hashFile } from '../../artifacts/fingerprint.js';
import { makeFolder, writeFileAtomically } from '../../artifacts/atomic-file.js';
import { SnvgError } from '../../errors.js';

/** What native code must fit: `process.platform`, `process.arch`, and whether the C library is glibc. */
export interface Machine {
  platform: string;
  arch: string;
  glibc: boolean;
}

export interface ProgramFile {
  /** Forward slashes, below the version's folder. */
  path: string;
  /** On this machine. */
  source: string;
  sizeBytes: number;
  sha256: string;
  executable: boolean;
}

/** One version of snvg, as far as a worker needs it, for one kind of machine. */
export interface Program {
  /** `<version>-<hash over all files>`: equal names are equal programs. */
  name: string;
  files: readonly ProgramFile[];
  sizeBytes: number;
  /** The runtime of models it carries. */
  runtime: 'native' | 'wasm';
}

/** Packages a worker imports, with what they import in turn. Platforms’ clients, the database, the live view and the queue stay here. */
const workerPackages = ['budoux', 'commander', 'cosmiconfig', 'execa', 'fluent-ffmpeg', 'fontkit', 'p-queue', 'pino', 'string-width', 'zod'] as const;
/** Kinds of machine that onnxruntime-node has a library for. */
const nativeRuntimes = new Set(['linux/x64', 'linux/arm64', 'darwin/arm64']);

/**
 * Finds the files of the running version that a machine of this kind needs.
 *
 * @param root the folder of package.json
 * @param tools further programs to send along, by name: static builds that run anywhere
 * @param memoFile where hashes of unchanged files are remembered
 * @throws {SnvgError} HOST_LACKING when there is no runtime of models for it; TOOL_FAILED when this version is not built
 */
export async function packProgram(root: string, machine: Machine, options: { tools?: Readonly<Record<string, string>>; memoFile: string }): Promise<Program> {
  if (!existsSync(join(root, 'dist', 'cli.js'))) throw new SnvgError('TOOL_FAILED', `snvg in ${root} is not built, so it cannot be sent`, 'Build it with npm run build, then run again.');
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  const found = new Map<string, string>();
  for (const name of ['package.json', 'LICENSE']) if (existsSync(join(root, name))) found.set(name, join(root, name));
  for (const [folder, wanted] of [
    ['bin', () => true],
    ['dist', (path: string) => !/\.(?:map|d\.ts)$/.test(path)],
    ['models', () => true],
    ['assets/fonts', () => true],
  ] as const) {
    for await (const [path, source] of filesBelow(join(root, folder), folder)) if (wanted(path)) found.set(path, source);
  }
  const runtime = await addRuntime(root, machine, found);
  for (const [path, source] of Object.entries(options.tools ?? {})) found.set(`tools/${path}`, source);
  for (const [path, source] of await packageFiles(root, [...workerPackages, ...(runtime === 'wasm' ? ['onnxruntime-web'] : [])])) found.set(path, source);
  const files = await hashed(found, options.memoFile);
  const hash = createHash('sha256');
  for (const { path, sha256, executable } of files) hash.update(`${sha256} ${executable ? 'x' : '-'} ${path}\n`);
  return { name: `${version}-${hash.digest('hex').slice(0, 16)}`, files, sizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), runtime };
}

/** The native runtime as the published package carries it, wherever it comes from here; else the WebAssembly one is sent. */
async function addRuntime(root: string, { platform, arch, glibc }: Machine, found: Map<string, string>): Promise<Program['runtime']> {
  const kind = `${platform}/${arch}`;
  if (!nativeRuntimes.has(kind) || (platform === 'linux' && !glibc)) return 'wasm';
  const shipped = join(root, 'vendor', 'onnxruntime-node');
  const from = existsSync(shipped) ? shipped : await packageFolder(root, 'onnxruntime-node');
  const libraries = from === undefined ? '' : join(from, 'bin', 'napi-v6', platform, arch);
  if (from === undefined || !existsSync(join(libraries, 'onnxruntime_binding.node'))) return 'wasm';
  const to = 'node_modules/onnxruntime-node';
  for await (const [path, source] of filesBelow(libraries, `${to}/bin/napi-v6/${kind}`)) {
    // GPU providers are several hundred megabytes and not used.
    if (/onnxruntime_binding\.node$|libonnxruntime\.(?:so\.1|1\.dylib|[\d.]+dylib)$/.test(path)) found.set(path, source);
  }
  for await (const [path, source] of filesBelow(join(from, 'dist'), `${to}/dist`)) if (isNeeded(path)) found.set(path, source);
  found.set(`${to}/package.json`, join(from, 'package.json'));
  for (const [path, source] of await packageFiles(root, ['onnxruntime-common'])) found.set(path, source);
  return 'native';
}

/** Files of packages and all they depend on, laid out so that Node finds each where it finds it here. */
async function packageFiles(root: string, names: readonly string[]): Promise<Map<string, string>> {
  /** Where a package goes → where it lies here. */
  const placed = new Map<string, string>();
  let level = names.map((name) => ({ name, from: root, under: '', optional: false }));
  while (level.length > 0) {
    const next: typeof level = [];
    // All dependencies of one package are placed before any of theirs: what is nested then hides nothing that was found above.
    for (const { name, from, under, optional } of level) {
      const source = await packageFolder(from, name);
      if (source === undefined) {
        if (optional) continue;
        throw new SnvgError('TOOL_FAILED', `The package ${name}, which a worker needs, is not installed here`, 'Install snvg anew (npm ci), then run again.');
      }
      const visible = findAbove(placed, under, name);
      if (visible === source) continue;
      const target = `${visible === undefined ? '' : under}node_modules/${name}/`;
      placed.set(target, source);
      const { dependencies = {}, optionalDependencies = {} } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8')) as { dependencies?: object; optionalDependencies?: object };
      for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies })) next.push({ name: dependency, from: source, under: target, optional: dependency in optionalDependencies });
    }
    level = next;
  }
  const files = new Map<string, string>();
  for (const [target, source] of placed) {
    for await (const [path, file] of filesBelow(source, target.slice(0, -1))) {
      const inside = path.slice(target.length);
      if (!inside.startsWith('node_modules/') && isNeeded(inside)) files.set(path, file);
    }
  }
  return files;
}

/** What Node would find from a folder of the layout: the source of the nearest package of this name. */
function findAbove(placed: ReadonlyMap<string, string>, under: string, name: string): string | undefined {
  for (let at = under; ; at = at.slice(0, at.lastIndexOf('node_modules/', at.length - 2))) {
    const source = placed.get(`${at}node_modules/${name}/`);
    if (source !== undefined || at === '') return source;
  }
}

/** Where Node finds a package from a folder, links resolved. */
async function packageFolder(from: string, name: string): Promise<string | undefined> {
  for (let at = await realpath(from); ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name);
    if (existsSync(join(folder, 'package.json'))) return realpath(folder);
    if (dirname(at) === at) return undefined;
  }
}

/** What Node loads of a package, and its licence. */
function isNeeded(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (/^(?:licen[cs]e|notice|copying)/i.test(name)) return true;
  if (/^(?:test|tests|__tests__|doc|docs|example|examples|benchmark|benchmarks|bench|coverage|tools|\.github)\//.test(path)) return false;
  // Of onnxruntime-web one build of five is loaded by Node: 14 of 140 MB.
  if (/^dist\/ort[.-]/.test(path)) return /^dist\/(?:ort\.node\.min\.m?js|ort-wasm-simd-threaded\.(?:mjs|wasm))$/.test(path);
  return !/\.(?:map|ts|mts|cts|tsx|flow|md|markdown|html|ya?ml|coffee|gyp|cc|cpp|c|h|tgz)$/i.test(name) && !name.startsWith('.');
}

async function* filesBelow(folder: string, path: string): AsyncGenerator<[path: string, source: string]> {
  for (const entry of (await readdir(folder, { withFileTypes: true }).catch(() => [])).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const source = join(folder, entry.name);
    const below = `${path}/${entry.name}`;
    if (entry.isDirectory()) yield* filesBelow(source, below);
    else if (entry.isFile() || (entry.isSymbolicLink() && (await stat(source).catch(() => undefined))?.isFile())) yield [below, source];
  }
}

type Memo = Record<string, { stamp: string; sha256: string }>;

async function hashed(found: ReadonlyMap<string, string>, memoFile: string): Promise<ProgramFile[]> {
  const known = await readFile(memoFile, 'utf8').then((text) => JSON.parse(text) as Memo, (): Memo => ({}));
  const memo: Memo = {};
  let changed = false;
  const files: ProgramFile[] = [];
  for (const [path, source] of [...found].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const info = await stat(source);
    const stamp = `${info.size} ${info.mtimeMs} ${info.ino}`;
    const before = known[source];
    const sha256 = before?.stamp === stamp ? before.sha256 : (await hashFile(source)).sha256;
    changed ||= before?.stamp !== stamp;
    memo[source] = { stamp, sha256 };
    files.push({ path, source, sizeBytes: info.size, sha256, executable: path.startsWith('bin/') || path.startsWith('tools/') });
  }
  if (changed) {
    await makeFolder(dirname(memoFile));
    await writeFileAtomically(memoFile, JSON.stringify({ ...known, ...memo }));
  }
  return files;
}
