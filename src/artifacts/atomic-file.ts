import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { explainSystemError, SnvgError } from '../errors.js';

/** A name beside `path` that no reader takes for a finished file. Stays below 255 bytes whatever the name. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${randomBytes(6).toString('hex')}.part`);
}

/** Whether a name was made by `temporaryName`. */
export function isTemporaryName(name: string): boolean {
  return /^\.[0-9a-f]{12}\.part$/.test(name);
}

/** How file systems without fsync answer it: network shares, FUSE. */
const cannotSync = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);
/** How they answer it for a folder, or the opening of one. */
const cannotSyncFolder = new Set([...cannotSync, 'EISDIR', 'EBADF', 'EPERM', 'EACCES']);

/** Makes a file's bytes, or a folder's entries, durable where the file system can. */
async function syncPath(path: string, tolerated: ReadonlySet<string>): Promise<void> {
  try {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!tolerated.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** Publishes a finished temporary file under its final name: fsync, rename, fsync of the folder. */
export async function commitFile(temporaryPath: string, path: string): Promise<void> {
  await syncPath(temporaryPath, cannotSync);
  await rename(temporaryPath, path);
  await syncFolder(dirname(path));
}

/** Makes a folder's entries durable where the file system can. */
export function syncFolder(dir: string): Promise<void> {
  return syncPath(dir, cannotSyncFolder);
}

/**
 * Makes a folder and those above it that are missing.
 * @throws {SnvgError} DISK_FULL, OUTPUT_UNWRITABLE, FILE_LIMIT; other errors of the system as they are
 */
export async function makeFolder(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
  } catch (error) {
    throw explainWriteError(await whyNotMade(dir, error), dir);
  }
}

/** Node's recursive mkdir says "no such file" whatever the system answered (20.20, libuv 1.46): the first missing folder tells. */
async function whyNotMade(dir: string, said: unknown): Promise<unknown> {
  if ((said as NodeJS.ErrnoException).code !== 'ENOENT') return said;
  try {
    await mkdir(dir);
    return said;
  } catch (error) {
    const missingAbove = (error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(dir) !== dir;
    return missingAbove ? whyNotMade(dirname(dir), said) : error;
  }
}

/** Removes what a failed write left; a disk that refuses even that must not hide why the write failed. */
export async function discard(temporaryPath: string): Promise<void> {
  await rm(temporaryPath, { force: true }).catch(() => {});
}

/** Moves a finished file, also to another disk; a reader of `to` never sees a part of it. */
export async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    const temporary = temporaryName(to);
    try {
      await copyFile(from, temporary);
      await commitFile(temporary, to);
    } catch (failure) {
      await discard(temporary);
      throw failure;
    }
    await rm(from);
  }
}

/**
 * Writes a whole file so that readers see the old bytes or the new ones, never a part; `mode` 0o600 keeps it from other users at every moment.
 * @throws {SnvgError} DISK_FULL, OUTPUT_UNWRITABLE
 */
export async function writeFileAtomically(path: string, data: string | Uint8Array, mode = 0o666): Promise<void> {
  const temporary = temporaryName(path);
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      await handle.writeFile(data);
    } finally {
      await handle.close();
    }
    await commitFile(temporary, path);
  } catch (error) {
    await discard(temporary);
    throw explainWriteError(error, path);
  }
}

/** Turns the system's reason into one a user can act on; other errors pass through. */
export function explainWriteError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EACCES' || code === 'EPERM') {
    return new SnvgError('OUTPUT_UNWRITABLE', `Cannot write ${path}`, 'Choose a folder you may write to with --output, or change its permissions.', { cause: error });
  }
  if (code === 'ENOENT' && !existsSync(dirname(path))) {
    return new SnvgError('OUTPUT_UNWRITABLE', `The folder ${dirname(path)} was removed while snvg wrote into it`, 'Run again: it is made anew, and finished work is kept.', { cause: error });
  }
  return explainSystemError(error, `while writing ${basename(path)} in ${dirname(path)}`) ?? error;
}
