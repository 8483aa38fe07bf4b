import type { ZodType } from 'zod';
import { searchedNames, userNames } from '../config/file.js';
import { describeOrigin, type LoadedSettings } from '../config/load.js';
import { options, type OptionKey } from '../config/options.js';
import type { Paths } from '../config/paths.js';
import { configFileSchema, toJsonSchema } from '../config/schema.js';
import { aligned, clipped, terminalText } from '../ui/terminal-text.js';

interface Output {
  write(text: string): unknown;
}

/** `snvg config show`: every setting, its value and where it came from. */
export function runConfigShow(deps: { loaded: LoadedSettings; stdout: Output }, flags: { json: boolean }): number {
  const { settings, origins, filePath } = deps.loaded;
  const keys = options.filter((option) => !('flagOnly' in option)).map((option) => option.key);
  if (flags.json) {
    const entries = keys.map((key) => [key, { value: settings[key], origin: origins[key] }]);
    writeJson(deps.stdout, { file: filePath, settings: Object.fromEntries(entries) });
    return 0;
  }
  const rows = keys.map((key) => [key, clipped(valueText(settings[key]), 48), terminalText(describeOrigin(origins[key]))] as const);
  for (const line of aligned(rows)) deps.stdout.write(`${line}\n`);
  return 0;
}

function valueText(value: LoadedSettings['settings'][OptionKey]): string {
  if (value === null) return '(automatic)';
  if (Array.isArray(value)) return value.length === 0 ? '(none)' : terminalText(value.join(', '));
  if (typeof value === 'object') return Object.keys(value).length === 0 ? '(none)' : terminalText(JSON.stringify(value));
  return terminalText(String(value));
}

/** `snvg config path`: which file applies, where others are looked for, and where snvg keeps its data. */
export function runConfigPath(deps: { loaded: LoadedSettings; paths: Paths; stdout: Output }, flags: { json: boolean }): number {
  const { paths, stdout } = deps;
  const searched = [...searchedNames.map((name) => `./${name}`), ...userNames.map((name) => `${paths.configDir}/${name}`)];
  if (flags.json) {
    writeJson(stdout, { file: deps.loaded.filePath, searched, paths });
    return 0;
  }
  const rows: [string, string][] = [
    ['file', deps.loaded.filePath ?? '(none: the first of these applies)'],
    ...(deps.loaded.filePath === null ? searched.map((path): [string, string] => ['', path]) : []),
    ['database', paths.databaseFile],
    ['artifacts', paths.artifactsDir],
    ['scratch', paths.scratchDir],
    ['state', paths.stateDir],
    ['runtime', paths.runtimeDir],
  ];
  for (const line of aligned(rows.map(([name, path]) => [name, terminalText(path)]))) stdout.write(`${line}\n`);
  return 0;
}

/** `snvg config schema`: JSON Schema of the configuration file, or of the manifest. */
export function runConfigSchema(deps: { stdout: Output; manifestSchema: ZodType }, flags: { manifest: boolean }): number {
  const schema = flags.manifest ? toJsonSchema(deps.manifestSchema, 'snvg manifest') : toJsonSchema(configFileSchema(), 'snvg configuration');
  writeJson(deps.stdout, schema);
  return 0;
}

function writeJson(stdout: Output, value: unknown): void {
  stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
