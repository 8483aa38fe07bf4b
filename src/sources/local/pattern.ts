import { lstatSync } from 'node:fs';
import { basename, parse, resolve } from 'node:path';
import { SnvgError } from '../../errors.js';
import { byCount, isMedia } from './media-files.js';

/** Whether a name that does not exist may be meant as a pattern. */
export function isPattern(name: string): boolean {
  return /[*?[{]|[!+@]\(/.test(name);
}

/**
 * The files a pattern stands for, in the order people count: for shells that leave it alone, and for lists. Folders that exist under their
 * very name are no patterns. Of what matches, films and sounds are taken; where there are none, everything. What snvg made
 * (`*.snvg`) counts only when the pattern names it.
 *
 * @returns absolute paths
 * @throws {SnvgError} MEDIA_MISSING when nothing matches
 */
export async function filesMatching(pattern: string, from: string): Promise<string[]> {
  const absolute = resolve(from, pattern);
  const { root } = parse(absolute);
  const segments = absolute.slice(root.length).split(/[\\/]/);
  let base = root;
  while (segments.length > 1 && exists(`${base}${segments[0]}`)) base += `${segments.shift()}/`;
  const { glob } = await import('tinyglobby');
  const made = segments.some((segment) => segment.endsWith('.snvg')) ? [] : ['**/*.snvg/**'];
  const matched = await glob(segments.join('/'), { cwd: base, absolute: true, onlyFiles: true, expandDirectories: false, ignore: made });
  const paths = matched.map((path) => resolve(path)).toSorted(byCount);
  const media = paths.filter((path) => isMedia(basename(path)));
  if (paths.length === 0) throw new SnvgError('MEDIA_MISSING', `No file matches ${pattern}`, 'Check the pattern and the folder it counts from; a name with such signs goes in quotes.');
  return media.length > 0 ? media : paths;
}

function exists(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
