import { open, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { explainWriteError } from '../../artifacts/atomic-file.js';
import { SnvgError } from '../../errors.js';

/** A login's JSON from a file; without one, or `-`: from stdin. @throws {SnvgError} USAGE */
export async function readLoginText(file: string | undefined, cwd: string): Promise<string> {
  if (file === undefined || file === '-') {
    if (process.stdin.isTTY) throw new SnvgError('USAGE', 'There is no login to import', 'Name a file, or pipe it: snvg auth import youtube < login.json');
    return text(process.stdin);
  }
  try {
    return await readFile(resolve(cwd, file), 'utf8');
  } catch (cause) {
    throw new SnvgError('USAGE', `The login cannot be read from ${file} (${(cause as NodeJS.ErrnoException).code ?? 'unknown'})`, 'Check its name and who may read it.', { cause });
  }
}

/** Writes a new file that only this user may read; what is there already is not touched. @returns its path @throws {SnvgError} USAGE, OUTPUT_UNWRITABLE, DISK_FULL */
export async function writeLoginText(file: string, cwd: string, json: string): Promise<string> {
  const path = resolve(cwd, file);
  try {
    const handle = await open(path, 'wx', 0o600);
    try {
      await handle.writeFile(json);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return path;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw new SnvgError('USAGE', `${file} exists already`, 'Name a file that does not exist: secrets are written into no file that others may have made.', { cause: error });
    throw explainWriteError(error, path);
  }
}
