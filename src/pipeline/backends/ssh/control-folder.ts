import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Bytes of a socket's path on every system (sun_path: 104 on macOS, 108 on Linux), less its end and what ssh adds while it makes one
 * (a dot and 16 letters).
 */
const longestPath = 104 - 1 - 17;
const longestName = 'ssh-4194304-01234567'.length;
const socketName = /^ssh-(\d+)-[0-9a-f]{8}$/;

/** A folder for the sockets of shared connections, for this user alone. Each process has names of its own: no other run ends its connections. */
export interface ControlFolder {
  pathFor(name: string): string;
}

/**
 * The folder below the runtime folder, or, where that is too deep for a socket, one in the folder for temporary files. Undefined where neither
 * is surely this user's own: connections are not shared then.
 */
export async function openControlFolder(runtimeDir: string): Promise<ControlFolder | undefined> {
  const candidates = [join(runtimeDir, 'ssh'), join(tmpdir(), `snvg-${process.getuid?.() ?? 0}`), join('/tmp', `snvg-${process.getuid?.() ?? 0}`)];
  for (const dir of candidates) {
    if (Buffer.byteLength(dir) + 1 + longestName > longestPath || !(await makeOwn(dir))) continue;
    await removeSocketsOfTheDead(dir);
    return { pathFor: (name) => join(dir, `ssh-${process.pid}-${name}`) };
  }
  return undefined;
}

/** Makes a folder only this user can enter; false when somebody else may have made it. */
async function makeOwn(dir: string): Promise<boolean> {
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const info = await lstat(dir);
    return info.isDirectory() && info.uid === process.getuid?.() && (info.mode & 0o077) === 0;
  } catch {
    return false;
  }
}

async function removeSocketsOfTheDead(dir: string): Promise<void> {
  for (const name of await readdir(dir).catch(() => [])) {
    const pid = socketName.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    await rm(join(dir, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
