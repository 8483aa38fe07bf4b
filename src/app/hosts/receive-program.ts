/**
 * Takes in a version of snvg on a host. Its compiled text is run there by `node`, before anything of snvg is there, so that it
 * imports nothing but what Node has.
 *
 * stdin: one line of JSON, the manifest; then the bytes of the files that were asked for, one after the other, without anything between.
 * stdout: one JSON line `Wanted`, and in the end one `Received` or `Refused`.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { chmod, copyFile, link, mkdir, open, readdir, readFile, rename, rm, stat, statfs, utimes, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

export interface Manifest {
  /** What the version's folder is called. */
  name: string;
  /** Below the home. */
  folder: string;
  launcher: string;
  /** How many versions to keep, with this one. */
  keep: number;
  /** Forward slashes, below the version's folder. */
  files: { path: string; sha256: string; sizeBytes: number; executable: boolean }[];
}
export interface Wanted {
  type: 'wanted';
  /** Indices of files that are not there yet. */
  files: number[];
  /** The whole version is there, checked. */
  complete: boolean;
}
export interface Received {
  type: 'received';
  path: string;
  node: string;
  pruned: string[];
}
export interface Refused {
  type: 'refused';
  why: 'space' | 'rights' | 'bytes' | 'other';
  message: string;
}

/** Room left on the disk beside what is written. */
const spareBytes = 128 * 2 ** 20;
/** Where a version lists its files, so that it can be checked and others can take files from it. */
const manifestName = 'manifest.json';

const say = (message: Wanted | Received | Refused): void => void process.stdout.write(`${JSON.stringify(message)}\n`);

class Trouble extends Error {
  readonly why: Refused['why'];
  constructor(why: Refused['why'], message: string) {
    super(message);
    this.why = why;
  }
}

/** stdin as lines and counts of bytes. */
class Input {
  readonly #chunks = process.stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  async line(): Promise<string> {
    for (;;) {
      const end = this.#held.indexOf(10);
      if (end !== -1) {
        const line = this.#held.toString('utf8', 0, end);
        this.#held = this.#held.subarray(end + 1);
        return line;
      }
      this.#held = Buffer.concat([this.#held, await this.#more()]);
    }
  }

  async *bytes(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0; ) {
      if (this.#held.length === 0) this.#held = await this.#more();
      const piece = this.#held.subarray(0, left);
      this.#held = this.#held.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  async #more(): Promise<Buffer> {
    const { value, done } = await this.#chunks.next();
    if (done === true) throw new Trouble('bytes', 'the connection ended before all was sent');
    return value;
  }
}

async function receive(input: Input, manifest: Manifest): Promise<Received> {
  const root = join(homedir(), ...manifest.folder.split('/'));
  const target = join(root, manifest.name);
  await mkdir(root, { recursive: true, mode: 0o700 });
  if (await isWhole(target, manifest)) {
    say({ type: 'wanted', files: [], complete: true });
  } else {
    const half = join(root, `.half-${manifest.name}`);
    await fill(input, manifest, { root, half });
    await writeFile(join(half, manifestName), JSON.stringify(manifest));
    await rm(target, { recursive: true, force: true });
    await rename(half, target).catch(async (error: unknown) => {
      // Two installs at once: the other was first.
      if (!(await isWhole(target, manifest))) throw error;
      await rm(half, { recursive: true, force: true });
    });
  }
  await writeLauncher(target, manifest);
  const now = new Date();
  await utimes(target, now, now);
  return { type: 'received', path: target, node: process.execPath, pruned: await prune(root, manifest) };
}

async function fill(input: Input, manifest: Manifest, { root, half }: { root: string; half: string }): Promise<void> {
  const others = await filesOfOthers(root, manifest.name);
  const missing: number[] = [];
  for (const [index, file] of manifest.files.entries()) {
    const path = join(half, ...file.path.split('/'));
    if (await isFile(path, file)) continue;
    const known = others.get(file.sha256);
    if (known !== undefined && (await take(known, path, file))) continue;
    missing.push(index);
  }
  const neededBytes = missing.reduce((sum, index) => sum + (manifest.files[index]?.sizeBytes ?? 0), 0);
  const { bavail, bsize } = await statfs(root);
  if (bavail * bsize < neededBytes + spareBytes) throw new Trouble('space', `${Math.ceil((neededBytes + spareBytes) / 1e6)} MB are needed below ${root}, ${Math.floor((bavail * bsize) / 1e6)} MB are free`);
  say({ type: 'wanted', files: missing, complete: false });
  for (const index of missing) {
    const file = manifest.files[index];
    if (file) await write(input, join(half, ...file.path.split('/')), file);
  }
}

async function write(input: Input, path: string, file: Manifest['files'][number]): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  // Two installs at once write the same files: each under a name of its own.
  const temporary = `${path}.${randomBytes(4).toString('hex')}.part`;
  const hash = createHash('sha256');
  const handle = await open(temporary, 'wx', file.executable ? 0o700 : 0o600);
  try {
    for await (const piece of input.bytes(file.sizeBytes)) {
      hash.update(piece);
      for (let at = 0; at < piece.length; ) at += (await handle.write(piece, at)).bytesWritten;
    }
  } finally {
    await handle.close();
  }
  if (hash.digest('hex') !== file.sha256) {
    await rm(temporary, { force: true });
    throw new Trouble('bytes', `${file.path} arrived changed`);
  }
  await rename(temporary, path);
}

/** Takes over a file of another version: as a second name of it, or as a copy. */
async function take(from: string, path: string, file: Manifest['files'][number]): Promise<boolean> {
  try {
    if (!(await isFile(from, file))) return false;
    await mkdir(dirname(path), { recursive: true });
    await rm(path, { force: true });
    await link(from, path).catch(() => copyFile(from, path));
    await chmod(path, file.executable ? 0o700 : 0o600);
    return true;
  } catch {
    return false;
  }
}

async function filesOfOthers(root: string, name: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const other of await versions(root)) {
    if (other === name) continue;
    const manifest = await manifestOf(join(root, other));
    for (const file of manifest?.files ?? []) found.set(file.sha256, join(root, other, ...file.path.split('/')));
  }
  return found;
}

async function isWhole(dir: string, manifest: Manifest): Promise<boolean> {
  const there = await manifestOf(dir);
  if (!there || JSON.stringify(there.files) !== JSON.stringify(manifest.files)) return false;
  for (const file of manifest.files) if (!(await isFile(join(dir, ...file.path.split('/')), file))) return false;
  return true;
}

async function isFile(path: string, file: Manifest['files'][number]): Promise<boolean> {
  const info = await stat(path).catch(() => undefined);
  if (!info?.isFile() || info.size !== file.sizeBytes) return false;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex') === file.sha256;
}

/** Starts this version with the Node that took it in, or with another one should that be gone. */
async function writeLauncher(target: string, { launcher }: Manifest): Promise<void> {
  const path = join(target, launcher);
  await writeFile(
    `${path}.part`,
    `#!/bin/sh
d=${quoted(target)}
n=${quoted(process.execPath)}
test -x "$n" || n=node
PATH="$PATH:/usr/local/bin:/opt/homebrew/bin:$HOME/.local/bin"
export PATH
${useTool('ffmpeg', 'SNVG_FFMPEG')}${useTool('ffprobe', 'SNVG_FFPROBE')}exec "$n" "$d/bin/snvg.js" "$@"
`,
    { mode: 0o700 },
  );
  await rename(`${path}.part`, path);
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}

/** A program that was sent along is used unless the host's person names another. */
function useTool(name: string, variable: string): string {
  return `test -x "$d/tools/${name}" && { ${variable}=\${${variable}:-"$d/tools/${name}"}; export ${variable}; }\n`;
}

/** Removes the versions that were used least lately, and what half sent ones left behind. */
async function prune(root: string, manifest: Manifest): Promise<string[]> {
  const dated = await Promise.all((await versions(root)).map(async (name) => ({ name, usedMs: (await stat(join(root, name))).mtimeMs })));
  const old = dated.filter(({ name }) => name !== manifest.name).toSorted((a, b) => b.usedMs - a.usedMs).slice(manifest.keep - 1).map(({ name }) => name);
  const halves = (await readdir(root)).filter((name) => name.startsWith('.half-'));
  for (const name of halves) {
    const info = await stat(join(root, name)).catch(() => undefined);
    if (info && Date.now() - info.mtimeMs > dayMs) old.push(name);
  }
  for (const name of old) await rm(join(root, name), { recursive: true, force: true });
  return old;
}

const dayMs = 86_400_000;

async function versions(root: string): Promise<string[]> {
  const names = await readdir(root).catch(() => []);
  return names.filter((name) => !name.startsWith('.') && existsSync(join(root, name, manifestName)));
}

async function manifestOf(dir: string): Promise<Manifest | undefined> {
  try {
    return JSON.parse(await readFile(join(dir, manifestName), 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
}

function whyOf(error: unknown): Refused {
  if (error instanceof Trouble) return { type: 'refused', why: error.why, message: error.message };
  const { code, message } = error as NodeJS.ErrnoException;
  const why = code === 'ENOSPC' || code === 'EDQUOT' ? 'space' : code === 'EACCES' || code === 'EPERM' || code === 'EROFS' ? 'rights' : 'other';
  return { type: 'refused', why, message };
}

async function main(): Promise<void> {
  const input = new Input();
  let last: Received | Refused;
  try {
    last = await receive(input, JSON.parse(await input.line()) as Manifest);
  } catch (error) {
    last = whyOf(error);
  }
  say(last);
  process.exitCode = last.type === 'received' ? 0 : 1;
  // What is still being sent is not waited for.
  process.stdin.destroy();
}

await main();
