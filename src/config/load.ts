import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { inspect } from 'node:util';
import { SnvgError, type ErrorCode } from '../errors.js';
import { closest } from './closest.js';
import { expected } from './expected.js';
import { findConfigFile, shown, type ConfigFile } from './file.js';
import { fromText } from './from-text.js';
import { flagOf, options, type OptionKey, type OptionSpec, type Settings } from './options.js';
import { configFileSchema, fileOptions, valueSchema } from './schema.js';

/** Where a setting's value came from. `name` is the flag, the variable or the file. */
export type Origin =
  | { from: 'flag'; name: string }
  | { from: 'env'; name: string }
  | { from: 'file'; name: string }
  | { from: 'default' };

export interface LoadedSettings {
  /** Validated and frozen. */
  settings: Settings;
  origins: Readonly<Record<OptionKey, Origin>>;
  /** The configuration file that applied. */
  filePath: string | null;
}

export interface LoadRequest {
  /** What was typed, by option key; text or values already read. Keys that were not typed are absent or undefined. */
  flags: Partial<Record<OptionKey, unknown>>;
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** The user's configuration folder (`Paths.configDir`). */
  configDir: string;
  /** Value of --config. */
  configPath?: string;
}

/**
 * Settings of one run: flags over environment over file over defaults, each value validated.
 * An empty environment variable counts as unset.
 *
 * @throws {SnvgError} USAGE for a flag, CONFIG_INVALID for the environment or the file; the message names where, what was found and what was expected
 */
export async function loadSettings(request: LoadRequest): Promise<LoadedSettings> {
  const file = await findConfigFile({
    cwd: request.cwd,
    configDir: request.configDir,
    ...(request.configPath === undefined ? {} : { explicitPath: request.configPath }),
  });
  const fromFile = file ? readFileValues(file, request.cwd) : {};
  const settings: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  for (const option of options as readonly OptionSpec[]) {
    const { value, origin } = decide(option, request, fromFile, file);
    settings[option.key] = Array.isArray(value) ? Object.freeze([...new Set(value as unknown[])]) : option.type === 'map' ? Object.freeze({ ...(value as object) }) : value;
    origins[option.key] = origin;
  }
  // Each value passed the schema made from the same row of the table as its type.
  const loaded = { settings: Object.freeze(settings) as Settings, origins: Object.freeze(origins) as LoadedSettings['origins'], filePath: file?.path ?? null };
  refuseContradictions(loaded);
  return loaded;
}

function decide(option: OptionSpec, request: LoadRequest, fromFile: Record<string, unknown>, file: ConfigFile | undefined): { value: unknown; origin: Origin } {
  const typed = (request.flags as Record<string, unknown>)[option.key];
  if (typed !== undefined) {
    const name = `--${option.type === 'boolean' && typed === false ? 'no-' : ''}${flagOf(option)}`;
    const value = accept(option, fromText(option, typed, 'flag'), typed, { code: 'USAGE', name: `--${flagOf(option)}`, remedy: `Give --${flagOf(option)} ${expected(option)}.` });
    return { value: fromHere(option, value, request.cwd), origin: { from: 'flag', name } };
  }
  const variable = option.env === undefined ? undefined : request.env[option.env];
  if (option.env !== undefined && variable !== undefined && variable !== '') {
    const value = accept(option, fromText(option, variable, 'env'), variable, { code: 'CONFIG_INVALID', name: option.env, remedy: `Correct or unset ${option.env}.` });
    return { value: fromHere(option, value, request.cwd), origin: { from: 'env', name: option.env } };
  }
  if (file && fromFile[option.key] !== undefined) {
    return { value: fromFile[option.key], origin: { from: 'file', name: file.path } };
  }
  return { value: option.default, origin: { from: 'default' } };
}

/** A file named on the command line is the same file when the job goes on from another folder. */
function fromHere(option: OptionSpec, value: unknown, cwd: string): unknown {
  return option.type === 'text' && option.path === 'file' && typeof value === 'string' ? resolve(cwd, value) : value;
}

function accept(option: OptionSpec, value: unknown, given: unknown, where: { code: ErrorCode; name: string; remedy: string }): unknown {
  if (valueSchema(option).safeParse(value).success) return value;
  throw new SnvgError(where.code, `${where.name} is ${quoted(given)}; expected ${expected(option)}`, where.remedy);
}

/** The file's values, validated, with its relative paths made absolute. */
function readFileValues(file: ConfigFile, cwd: string): Record<string, unknown> {
  const name = shown(file.path, cwd);
  const content = file.content;
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new SnvgError('CONFIG_INVALID', `${name} holds ${quoted(content)}; expected an object of settings`, 'Write it as { "maxLength": 45 }; snvg config schema prints what it may hold.');
  }
  const values: Record<string, unknown> = { ...content };
  for (const key of Object.keys(content)) refuseUnknown(key, file, name);
  const parsed = configFileSchema().safeParse(values);
  for (const issue of parsed.error?.issues ?? []) {
    const key = String(issue.path[0] ?? '');
    throw new SnvgError('CONFIG_INVALID', `${name}: "${key}" is ${quoted(values[key])}; expected ${issue.message}`, `Correct "${key}" in ${name}, or remove it.`);
  }
  for (const option of fileOptions) {
    const value = values[option.key];
    if (option.type === 'text' && option.path && typeof value === 'string') values[option.key] = fromFolder(value, option.path, option.template ? escaped(dirname(file.path)) : dirname(file.path));
  }
  return values;
}

function refuseUnknown(key: string, file: ConfigFile, name: string): void {
  if (key === '$schema') return;
  const option = (options as readonly OptionSpec[]).find((known) => known.key === key);
  if (option === undefined) {
    refuseSecret(key, name);
    const meant = closest(key, fileOptions.map((known) => known.key));
    throw new SnvgError(
      'CONFIG_INVALID',
      `${name}: ${quoted(key)} is not a setting${meant === undefined ? '' : ` (did you mean "${meant}"?)`}`,
      meant === undefined ? 'Remove it; snvg config show lists every setting.' : `Write "${meant}", or remove it.`,
    );
  }
  if (option.flagOnly) {
    throw new SnvgError('CONFIG_INVALID', `${name}: "${key}" cannot stand in a file, only on the command line`, `Remove it and give --${flagOf(option)} when you need it.`);
  }
  const isProgram = option.type === 'text' && option.path === 'program';
  if ((isProgram || option.guarded) && file.how === 'working-directory') {
    throw new SnvgError(
      'CONFIG_INVALID',
      `${name}: "${key}" ${isProgram ? 'names a program to run' : option.key === 'vault' ? 'decides how logins are kept' : option.key === 'ledger' || option.key === 'autoApprove' ? 'decides about what is made public' : 'says what network snvg may talk to'}, which is not taken from a file found by searching`,
      `Set ${option.env ?? `--${flagOf(option)}`}, or name the file with --config.`,
    );
  }
}

/** A file with tokens in it is committed, copied and read by others sooner or later. */
function refuseSecret(key: string, name: string): void {
  if (!/secret|token|passw|passphrase|credential|api_?key/i.test(key)) return;
  throw new SnvgError('CONFIG_INVALID', `${name}: ${quoted(key)} looks like a secret, and secrets are not taken from configuration files`, 'Remove it, and log in with snvg auth login, or set it as an environment variable (docs/accounts.md).');
}

function fromFolder(value: string, kind: 'folder' | 'file' | 'program', folder: string): string {
  const expanded = value === '~' || value.startsWith('~/') ? join(homedir(), value.slice(1)) : value;
  const bareName = kind === 'program' && !expanded.includes('/');
  return bareName ? expanded : resolve(folder, expanded);
}

/** Braces of the folder's own name are not fields of a template. */
function escaped(folder: string): string {
  return folder.replace(/[{}]/g, '$&$&');
}

function refuseContradictions({ settings, origins }: LoadedSettings): void {
  if (settings.minLength > settings.maxLength) {
    const both = [origins.minLength, origins.maxLength];
    const code = both.some((origin) => origin.from === 'flag') ? 'USAGE' : 'CONFIG_INVALID';
    throw new SnvgError(
      code,
      `the shortest clip (${settings.minLength} s, ${describeOrigin(origins.minLength)}) is longer than the longest (${settings.maxLength} s, ${describeOrigin(origins.maxLength)})`,
      `Give --min-length at most ${settings.maxLength}, or --max-length at least ${settings.minLength}.`,
    );
  }
}

/** "--clips", "SNVG_CLIPS", a file's path, or "default". */
export function describeOrigin(origin: Origin): string {
  return origin.from === 'default' ? 'default' : origin.name;
}

/** A value on one line, bounded, with control characters escaped. */
function quoted(value: unknown): string {
  // Values from YAML and scripts may refer to themselves, which JSON cannot write.
  const text = typeof value === 'string' ? JSON.stringify(value) : inspect(value, { depth: 1, breakLength: Infinity, compact: true });
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
