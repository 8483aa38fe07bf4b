import { stat } from 'node:fs/promises';
import { hashFile } from '../artifacts/fingerprint.js';
import type { FileRef } from '../pipeline/stage.js';

interface Remembering {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
}

const alwaysHashedBytes = 256 * 1024;

/** Hashes files, remembering each by path, size, time and inode: a gigabyte is read once, not once a run. */
export function rememberedFingerprints(memo: Remembering): (path: string, options?: { signal?: AbortSignal }) => Promise<FileRef> {
  return async (path, options) => {
    const info = await stat(path, { bigint: true });
    // Small files are what people edit, and not every file system keeps times finely enough to tell.
    if (info.size <= alwaysHashedBytes) return { path, ...(await hashFile(path, options?.signal)) };
    const seen = `${info.size}.${info.mtimeNs}.${info.ino}`;
    const key = `fingerprint ${path}`;
    const known = memo.get(key)?.split(' ');
    if (known?.[0] === seen && known[1]) return { path, sha256: known[1], sizeBytes: Number(info.size) };
    const { sha256, sizeBytes } = await hashFile(path, options?.signal);
    memo.set(key, `${seen} ${sha256}`);
    return { path, sha256, sizeBytes };
  };
}

/** Whether a file still is what it was: for the price of a look at it, unless it was touched. */
export async function isUnchanged(file: FileRef, fingerprint: (path: string) => Promise<FileRef>): Promise<boolean> {
  const now = await fingerprint(file.path).catch(() => undefined);
  return now?.sha256 === file.sha256;
}
