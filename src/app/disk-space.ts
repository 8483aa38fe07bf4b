import { statfs } from 'node:fs/promises';
import { SnvgError } from '../errors.js';
import { nearestExisting } from '../output/folder.js';

/** Less than this free is refused before any work: one short clip with its captions, and the database's growth. */
const floorBytes = 64 * 1024 * 1024;
/** 1080×1920 at crf 20, measured at most 0.9 MB/s, held twice: in the store and in the output folder. */
const bytesPerClipSecond = 2 * 900_000;

/** @throws {SnvgError} DISK_FULL when a folder's disk has no room for what is about to be made */
export async function requireDiskSpace(folders: readonly string[], clipSeconds: number): Promise<void> {
  const neededBytes = floorBytes + clipSeconds * bytesPerClipSecond;
  for (const folder of folders) {
    const { bavail, bsize } = await statfs(await nearestExisting(folder));
    const freeBytes = bavail * bsize;
    if (freeBytes < neededBytes) {
      throw new SnvgError('DISK_FULL', `Only ${megabytes(freeBytes)} free for ${folder}; about ${megabytes(neededBytes)} may be needed`, 'Free some space, or choose another disk with --output (and SNVG_HOME for the cache).');
    }
  }
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_000_000)} MB`;
}
