import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { makeFolder, writeFileAtomically } from '../artifacts/atomic-file.js';
import { SnvgError } from '../errors.js';
import { vaultContent, type VaultContent } from './vault-content.js';
import { sealed, vaultLock, type Sealed, type VaultLock } from './vault-seal.js';

const format = 'snvg-vault';
const version = 1;

const head = z.object({ format: z.literal(format), version: z.number().int() });
const file = z.union([
  z.strictObject({ format: z.literal(format), version: z.literal(version), lock: z.null(), content: vaultContent }),
  z.strictObject({ format: z.literal(format), version: z.literal(version), lock: vaultLock, sealed }),
]);

/** The vault as it lies on the disk: in clear, or under a lock. */
export type VaultFile = { lock: null; content: VaultContent } | { lock: VaultLock; sealed: Sealed };

/** What a sealed vault's text is bound to. */
export function aboutLock(lock: VaultLock): string {
  return JSON.stringify({ format, version, lock });
}

/**
 * Reads the vault; undefined: there is none.
 * @throws {SnvgError} VAULT_UNREADABLE damaged, or open to other users; the file is left as it is
 */
export async function readVaultFile(path: string): Promise<VaultFile | undefined> {
  const text = await readPrivately(path);
  if (text === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw damaged(path, cause);
  }
  const known = head.safeParse(json);
  if (known.success && known.data.version > version) throw new SnvgError('VAULT_UNREADABLE', `${path} was written by a later version of snvg`, 'Use that version, or set SNVG_HOME to another folder and log in there.');
  const parsed = file.safeParse(json);
  // A parser's complaint may quote what it read: it is not passed on.
  if (!parsed.success) throw damaged(path);
  return parsed.data;
}

/** Writes the vault whole, for this user alone, and on the disk before it returns. @throws {SnvgError} OUTPUT_UNWRITABLE, DISK_FULL */
export async function writeVaultFile(path: string, content: VaultFile): Promise<void> {
  try {
    await makeFolder(dirname(path));
    await writeFileAtomically(path, `${JSON.stringify({ format, version, ...content })}\n`, 0o600);
  } catch (error) {
    if (!(error instanceof SnvgError) || error.code !== 'OUTPUT_UNWRITABLE') throw error;
    throw new SnvgError('OUTPUT_UNWRITABLE', `The vault of logins cannot be written: ${path}`, 'Make its folder writable for you, or set SNVG_HOME to one that is.', { cause: error });
  }
}

export function damaged(path: string, cause?: unknown): SnvgError {
  return new SnvgError('VAULT_UNREADABLE', `The vault of logins is damaged: ${path}`, 'Put back a copy if you have one; otherwise move the file away and log in again (snvg auth login). snvg leaves it as it is.', { cause });
}

async function readPrivately(path: string): Promise<string | undefined> {
  try {
    const handle = await open(path, constants.O_RDONLY);
    try {
      const { mode, uid } = await handle.stat();
      if (process.platform !== 'win32') requirePrivate(path, mode, uid);
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'EACCES' || code === 'EPERM' || code === 'EISDIR' || code === 'EIO' || code === 'ELOOP') {
      throw new SnvgError('VAULT_UNREADABLE', `The vault of logins cannot be read (${code}): ${path}`, 'It must be a file that belongs to you with mode 600; see who owns it with ls -l.', { cause: error });
    }
    throw error;
  }
}

function requirePrivate(path: string, mode: number, uid: number): void {
  if (uid !== process.getuid?.()) {
    throw new SnvgError('VAULT_UNREADABLE', `The vault of logins belongs to another user (uid ${uid}): ${path}`, 'Run snvg as that user, or set SNVG_HOME to a folder of your own.');
  }
  if ((mode & 0o077) !== 0) {
    const octal = (mode & 0o777).toString(8);
    throw new SnvgError('VAULT_UNREADABLE', `Other users can read the vault of logins (mode ${octal}): ${path}`, `Run chmod 600 ${path}; if others were on this machine, also log out and in again, which ends the tokens they may have seen.`);
  }
}
