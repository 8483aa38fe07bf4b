import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import type { CommandContext } from '../commands/context.js';
import { flagOf, options, type OptionKey, type OptionSpec } from '../config/options.js';

const version = (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version;

type Scope = OptionSpec['scope'];
export type Flags = Record<string, unknown>;

/** The whole command line, as it is declared piece by piece. */
export const program = new Command('snvg')
  .description('Turns long videos into short clips people want to watch, and publishes them.')
  .version(version, '-V, --version')
  .showSuggestionAfterError()
  .configureHelp({ showGlobalOptions: false })
  .addHelpText('after', '\nExamples:\n  snvg process talk.mp4\n  snvg process talk.mp4 --clips 3 --format vertical,square --to file:outbox\n  snvg doctor\n');

/** Adds the settings a command takes, from the one table: whole scopes, or single ones by their keys. */
export function withSettings(command: Command, ...wanted: (Scope | OptionKey)[]): Command {
  const names = new Set<string>(wanted);
  for (const option of options as readonly OptionSpec[]) {
    if (option.type === 'map' || !(names.has(option.scope) || names.has(option.key))) continue;
    const flag = flagOf(option);
    const short = option.short === undefined ? '' : `-${option.short}, `;
    const group = `${option.group}:`;
    if (option.type === 'boolean') {
      const negative = new Option(`--no-${flag}`, `Do not ${option.doc.charAt(0).toLowerCase()}${option.doc.slice(1)}`).helpGroup(group);
      const positive = new Option(`${short}--${flag}`, option.doc).helpGroup(group);
      command.addOption(option.default ? positive.hideHelp() : positive);
      if (option.default || !option.flagOnly) command.addOption(option.default ? negative : negative.hideHelp());
      continue;
    }
    const placeholder = option.type === 'choice' ? 'name' : option.placeholder;
    const shown = new Option(`${short}--${flag} <${placeholder}>`, describe(option)).helpGroup(group);
    command.addOption(option.type === 'list' ? shown.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]) : shown);
  }
  return command.addOption(new Option('--config <file>', 'Configuration file to use instead of searching for one').helpGroup('How it runs:'));
}

function describe(option: OptionSpec): string {
  const fallback = option.default === null || (Array.isArray(option.default) && option.default.length === 0) ? '' : ` (default: ${String(option.default)})`;
  return option.type === 'choice' ? `${option.doc}: ${option.choices.join(', ')}${fallback}` : `${option.doc}${fallback}`;
}

/** Commander names a value after its flag; a setting may have another name. */
function byKey(flags: Flags): Flags {
  const named = { ...flags };
  for (const { key, flag } of options as readonly OptionSpec[]) if (flag !== undefined) named[key] = flags[new Option(`--${flag}`).attributeName()];
  return named;
}

/** Loads configuration and runs one command; the exit code is its answer. */
export async function start(flags: Flags, body: (context: CommandContext) => Promise<number>): Promise<void> {
  const { requireOpenFiles } = await import('../app/open-files.js');
  requireOpenFiles();
  const [{ resolvePaths }, { loadSettings }, { signalsOf }] = await Promise.all([import('../config/paths.js'), import('../config/load.js'), import('../app/signals.js')]);
  const { config, ...settings } = byKey(flags);
  const cwd = process.cwd();
  const paths = resolvePaths(process.env, cwd);
  const loaded = await loadSettings({
    flags: settings as Partial<Record<OptionKey, unknown>>,
    env: process.env,
    cwd,
    configDir: paths.configDir,
    ...(typeof config === 'string' ? { configPath: config } : {}),
  });
  process.exitCode = await body({ loaded, paths, version, cwd, env: process.env, stdout: process.stdout, stderr: process.stderr, signal: signalsOf(process) });
}
