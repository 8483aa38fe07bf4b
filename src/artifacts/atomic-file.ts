import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SnvgError } from '../errors.js';

/** A name beside `path` that no reader takes for a finished file. Stays below 255 bytes whatever the name. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${randomBytes(6).toString('hex')}.part`);
}

/** Whether a name was made by `temporaryName`. */
export function isTemporaryName(name: string): boolean {
  return /^\.[0-9a-f]{12}\.part$/.test(name);
}

/** Makes the file's bytes and its directory entry durable. */
async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Publishes a finished temporary file under its final name: fsync, rename, fsync of the folder. */
export async function commitFile(temporaryPath: string, path: string): Promise<void> {
  await syncPath(temporaryPath);
  await rename(temporaryPath, path);
  await syncPath(dirname(path));
}

/**
 * Writes a whole file so that readers see the old bytes or the new ones, never a part.
 * @throws {SnvgError} DISK_FULL, OUTPUT_UNWRITABLE
 */
export async function writeFileAtomically(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = temporaryName(path);
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(data);
    } finally {
      await handle.close();
    }
    await commitFile(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw explainWriteError(error, path);
  }
}

/** Turns the system's reason into one a user can act on; other errors pass through. */
export function explainWriteError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new SnvgError('DISK_FULL', `No space left while writing ${basename(path)} in ${dirname(path)}`, 'Free some space or choose another folder with --output, then run again: finished work is kept.', { cause: error });
  }
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') {
    return new SnvgError('OUTPUT_UNWRITABLE', `Cannot write ${path}`, 'Choose a folder you may write to with --output, or change its permissions.', { cause: error });
  }
  return error;
}
