import { readFile } from 'node:fs/promises';
import { basename, extname, join, relative, resolve } from 'node:path';
import { defaultLoaders } from 'cosmiconfig';
import { SnvgError } from '../errors.js';

/** A configuration file as it was read, not yet validated. */
export interface ConfigFile {
  path: string;
  /** Found in the working directory, found in the user's configuration folder, or named with --config. */
  how: 'working-directory' | 'user' | 'explicit';
  content: unknown;
}

/** Looked for in the working directory, in this order. */
export const searchedNames = ['snvg.config.json', '.snvgrc', '.snvgrc.json', '.snvgrc.yaml', 'package.json'] as const;
/** Looked for in the user's configuration folder when the working directory has none. */
export const userNames = ['config.json', 'config.yaml'] as const;

type Loader = (path: string, text: string) => unknown;
const dataLoaders: Record<string, Loader> = {
  '': defaultLoaders.noExt,
  '.json': defaultLoaders['.json'],
  '.yaml': defaultLoaders['.yaml'],
  '.yml': defaultLoaders['.yml'],
};
const scriptLoaders: Record<string, Loader> = {
  '.js': defaultLoaders['.js'],
  '.mjs': defaultLoaders['.mjs'],
  '.cjs': defaultLoaders['.cjs'],
  '.ts': defaultLoaders['.ts'],
};

/**
 * Finds and parses the one configuration file that applies: the one named with --config, else the first in the working directory,
 * else the first in the user's folder. Only a file named explicitly may be a script.
 *
 * Uses cosmiconfig's loaders but not its search: that one also obeys `.config/config.js` and package.json's "cosmiconfig" key
 * in the working directory and would run code from a folder that somebody merely opened.
 *
 * @throws {SnvgError} CONFIG_INVALID when a file exists but cannot be read or parsed, or the named one does not exist
 */
export async function findConfigFile(options: { cwd: string; configDir: string; explicitPath?: string }): Promise<ConfigFile | undefined> {
  if (options.explicitPath !== undefined) {
    const path = resolve(options.cwd, options.explicitPath);
    const content = await read(path, { ...dataLoaders, ...scriptLoaders }, options.cwd);
    if (content === undefined) {
      throw new SnvgError('CONFIG_INVALID', `${shown(path, options.cwd)} does not exist`, 'Give --config the path of an existing JSON, YAML or JavaScript file.');
    }
    return { path, how: 'explicit', content: content.value };
  }
  for (const [how, dir, names] of [
    ['working-directory', options.cwd, searchedNames],
    ['user', options.configDir, userNames],
  ] as const) {
    for (const name of names) {
      const path = join(dir, name);
      // Files are looked for one after the other: the first that exists decides.
      const content = await read(path, dataLoaders, options.cwd);
      if (content !== undefined && content.value !== undefined) return { path, how, content: content.value };
    }
  }
  return undefined;
}

/** The path as a message shows it: relative when it lies in the working directory. */
export function shown(path: string, cwd: string): string {
  const near = relative(cwd, path);
  return near.startsWith('..') || near === '' ? path : near;
}

async function read(path: string, loaders: Record<string, Loader>, cwd: string): Promise<{ value: unknown } | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    const why = code === 'EISDIR' ? 'is a folder' : 'cannot be read';
    throw new SnvgError('CONFIG_INVALID', `${shown(path, cwd)} ${why}`, 'Remove it, or make it a readable configuration file.', { cause: error });
  }
  const loader = loaders[basename(path).startsWith('.') && extname(path) === '' ? '' : extname(path)];
  if (!loader) {
    throw new SnvgError('CONFIG_INVALID', `${shown(path, cwd)} has an ending snvg does not know`, 'Name a file that ends in .json, .yaml, .js, .mjs, .cjs or .ts.');
  }
  try {
    const value: unknown = text.trim() === '' ? {} : await loader(path, text);
    if (basename(path) !== 'package.json') return { value: value ?? {} };
    return { value: typeof value === 'object' && value !== null && 'snvg' in value ? value.snvg : undefined };
  } catch (error) {
    throw new SnvgError('CONFIG_INVALID', `${shown(path, cwd)} cannot be parsed: ${firstCause(error)}`, 'Correct the file; snvg config schema prints what it may hold.', { cause: error });
  }
}

/** The line of a loader's message that says what is wrong; the first only repeats the path. */
function firstCause(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const lines = message.split('\n').filter((line) => line.trim() !== '');
  const line = /^(JSON|YAML|TypeScript) Error in /.test(lines[0] ?? '') ? lines[1] : lines[0];
  return (line ?? 'unknown error').trim();
}
