import { realpath, stat } from 'node:fs/promises';
import { basename, relative, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Settings } from '../config/options.js';
import { SnvgError } from '../errors.js';
import { readList } from './local/list-file.js';
import { byCount, mediaFilesIn } from './local/media-files.js';
import { filesMatching, isPattern } from './local/pattern.js';
import type { InputRef } from './source.js';
import { isRemote, remoteInput } from './url-input.js';

export interface ExpandContext {
  cwd: string;
  stdin: Readable;
  /** A list of more inputs: a path, or `-` for stdin. */
  fromList: string | null;
  /** Look into the folders of folders. */
  recursive: boolean;
  /** Names the objects below `s3://bucket/folder/`: the only thing here that asks a network. */
  listS3(prefix: string): Promise<string[]>;
  /**
   * Checks the settings of one line and makes its paths absolute.
   * @throws {SnvgError} LIST_INVALID naming the line
   */
  settingsOf(given: Record<string, unknown>, line: { where: string; from: string }): Partial<Settings>;
}

export interface ExpandedInputs {
  inputs: InputRef[];
  /** What a person should know of what was left out. */
  remarks: string[];
}

/**
 * What was typed, as single inputs in order: folders become the media in them, patterns what they match, lists their lines.
 * A file named twice (also by a link) is taken once, unless each naming has settings of its own.
 *
 * @throws {SnvgError} MEDIA_MISSING for an empty folder or a pattern without match, LIST_INVALID, USAGE, SOURCE_*, REMOTE_*
 */
export async function expandInputs(args: readonly string[], context: ExpandContext): Promise<ExpandedInputs> {
  const refs: InputRef[] = [];
  for (const arg of args) refs.push(...(arg === '-' ? await listed(undefined, context) : await expand(arg, context.cwd, context)));
  if (context.fromList !== null) refs.push(...(await listed(context.fromList === '-' ? undefined : resolve(context.cwd, context.fromList), context)));
  if (refs.length === 0) throw new SnvgError('USAGE', 'No input was named', 'Give files, folders or addresses, or a list with --from-list.');
  return once(refs, context.cwd);
}

async function listed(file: string | undefined, context: ExpandContext): Promise<InputRef[]> {
  const refs: InputRef[] = [];
  for (const { input, from, options, where } of await readList(file, context.stdin, context.cwd)) {
    const settings = options && context.settingsOf(options, { where, from });
    const found = await expand(input, from, context).catch((error: unknown) => {
      throw error instanceof SnvgError ? new SnvgError(error.code, `${where}: ${error.message}`, error.remedy, { cause: error }) : error;
    });
    refs.push(...(settings ? found.map((ref) => ({ ...ref, options: settings })) : found));
  }
  return refs;
}

async function expand(text: string, from: string, context: ExpandContext): Promise<InputRef[]> {
  if (/^s3:\/\/[^/]+\/(.*\/)?$/i.test(text)) return (await context.listS3(text)).toSorted(byCount).map(remoteInput);
  if (isRemote(text)) return [remoteInput(text)];
  const path = resolve(from, /^file:\/\//i.test(text) ? pathOf(text) : text);
  const info = await stat(path).catch(() => undefined);
  if (info?.isDirectory()) return (await mediaFilesIn(path, context.recursive)).map(fileInput);
  // A name that exists is that file, whatever signs it holds.
  if (!info && isPattern(text)) return (await filesMatching(text, from)).map(fileInput);
  return [fileInput(path)];
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw new SnvgError('USAGE', `${url} names no file on this machine`, 'Write it like file:///home/me/talk.mp4, or give the path.', { cause: error });
  }
}

function fileInput(path: string): InputRef {
  return { kind: 'file', given: path, name: basename(path) };
}

async function once(refs: readonly InputRef[], cwd: string): Promise<ExpandedInputs> {
  const inputs: InputRef[] = [];
  const remarks: string[] = [];
  const seen = new Map<string, InputRef>();
  for (const ref of refs) {
    const real = ref.kind === 'file' ? await realpath(ref.given).catch(() => ref.given) : ref.given;
    const key = `${real}\0${ref.options ? JSON.stringify(ref.options) : ''}`;
    const earlier = seen.get(key);
    if (!earlier) inputs.push(ref);
    else if (earlier.given !== ref.given) remarks.push(`${relative(cwd, ref.given)} is the same file as ${relative(cwd, earlier.given)}, which is already taken`);
    seen.set(key, earlier ?? ref);
  }
  return { inputs, remarks };
}
