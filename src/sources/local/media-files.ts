import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { SnvgError } from '../../errors.js';

/** Endings of files that hold pictures or sound in time. Others are still taken when they are named one by one. */
const endings = new Set(
  'mp4 m4v mov qt dv mkv webm avi flv f4v wmv asf mpg mpeg m2v ts m2ts mts vob 3gp 3g2 mxf ogv gif m4a m4b mp3 wav w64 flac ogg oga opus aac ac3 eac3 wma aif aiff caf mka'.split(' '),
);
/** A folder of more is a mistake, or needs a list. */
const mostFiles = 10_000;
const deepest = 32;

/** Whether a folder's listing would take a file of this name: a film or a sound, not hidden, not half downloaded. */
export function isMedia(name: string): boolean {
  return !/^[.~]|~$/.test(name) && endings.has(extname(name).slice(1).toLowerCase());
}

/**
 * The films and sounds in a folder, in the order people count (`2.mp4` before `10.mp4`). Hidden files, unfinished downloads and the
 * folders snvg makes (`*.snvg`) are left out.
 *
 * @returns absolute paths
 * @throws {SnvgError} MEDIA_MISSING when there is none, MEDIA_UNREADABLE when the folder may not be read, USAGE when there are too many
 */
export async function mediaFilesIn(folder: string, recursive: boolean): Promise<string[]> {
  const found = await list(folder, recursive, 0);
  if (found.length > 0) return found;
  throw new SnvgError('MEDIA_MISSING', `The folder ${folder} holds no video or sound file`, recursive ? 'Check the path.' : 'Check the path, or look into its folders too with --recursive.');
}

async function list(folder: string, recursive: boolean, depth: number): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw new SnvgError('MEDIA_UNREADABLE', `The folder ${folder} may not be read (${error.code ?? error.message})`, 'Give yourself permission to it, or name the files.', { cause: error });
  });
  const found: string[] = [];
  for (const entry of entries.toSorted((a, b) => byCount(a.name, b.name))) {
    const path = join(folder, entry.name);
    const info = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
    if (info?.isFile() && isMedia(entry.name)) found.push(path);
    // A link to a folder may lead round in a circle.
    else if (recursive && entry.isDirectory() && depth < deepest && !entry.name.startsWith('.') && !entry.name.endsWith('.snvg')) found.push(...(await list(path, true, depth + 1)));
    if (found.length > mostFiles) throw new SnvgError('USAGE', `The folder ${folder} holds more than ${mostFiles} files`, 'Name a smaller folder, or give a list with --from-list.');
  }
  return found;
}

const collator = new Intl.Collator('en', { numeric: true });

/** Numbers in names by their value; the same on every machine. */
export function byCount(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : Number(a > b));
}
