import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

/** With less, no job is taken: what runs still writes its events, and the log of a long job takes some megabytes. */
const floorBytes = 32 * 1024 * 1024;

/** What keeps the disk of the database from taking more work; undefined: nothing. */
export async function lacksSpace(databaseFile: string): Promise<string | undefined> {
  const { bavail, bsize } = await statfs(dirname(databaseFile));
  const freeBytes = bavail * bsize;
  if (freeBytes >= floorBytes) return undefined;
  return `Only ${Math.floor(freeBytes / 1e6)} MB are free for the database ${databaseFile}; at least ${Math.ceil(floorBytes / 1e6)} MB are needed`;
}
