import { expect, it } from 'vitest';
import { searchedNames, userNames } from '../../src/config/file.js';
import { expected } from '../../src/config/expected.js';
import { flagOf, options, type OptionSpec } from '../../src/config/options.js';

/** docs/configuration.md, from the table of options. `npx vitest run test/config -u` writes it anew. */
function configurationPage(): string {
  const all = options as readonly OptionSpec[];
  const groups = [...new Set(all.map((option) => option.group))];
  const sections = groups.map((group) => `## ${group}\n\n| Flag | Key | Variable | Meaning | Takes | Default |\n| --- | --- | --- | --- | --- | --- |\n${all.filter((option) => option.group === group).map(row).join('\n')}\n`);
  return `<!-- Made from src/config/options.ts; test/config/documentation.test.ts keeps it equal. -->
# Configuration

Every setting can be given in several places. The first that has it wins:

1. a flag: \`--max-length 45\`
2. an environment variable: \`SNVG_MAX_LENGTH=45\` (an empty one counts as unset)
3. one configuration file: \`{ "maxLength": 45 }\`
4. the default

\`snvg config show\` prints each setting, its value and where it came from; \`snvg config path\` says which file applies;
\`snvg config schema\` prints a JSON Schema that editors understand (name it in the file as \`"$schema"\`).

## The file

Without \`--config\`, the first of these that exists is read, and no other:

${searchedNames.map((name) => `- \`${name}\` in the working directory${name === 'package.json' ? ' (its `"snvg"` key)' : ''}`).join('\n')}
${userNames.map((name) => `- \`$XDG_CONFIG_HOME/snvg/${name}\` (by default \`~/.config/snvg/${name}\`)`).join('\n')}

\`.snvgrc\` may be JSON or YAML. A file that is found is only ever read as data. \`--config\` may also name a script
(\`.js\`, \`.mjs\`, \`.cjs\`; \`.ts\` where \`typescript\` is installed) whose default export is the object of settings.

- A key that does not exist, or a value that does not fit, is refused (exit 2): nothing is ignored silently.
- Relative paths in a file count from the file's folder, those given by flag or variable from the working directory.
- \`ffmpeg\`, \`ffprobe\` and \`ytDlp\` name programs to run, \`allowPrivateNetwork\`, \`s3Endpoint\` and \`hosts\` say what is talked to, \`ledger\`
  and \`autoApprove\` decide about what is made public. They are not taken from a file found in the working directory, so that running
  snvg in a folder from elsewhere cannot choose what runs or what is posted.
- What takes an object is JSON in a variable and has no flag.
- A list is an array in a file, \`--format vertical,square\` or \`--format vertical --format square\` as a flag.
- Settings without a key below exist only as flags.

Other variables: \`SNVG_HOME\` keeps all of snvg's own folders (database, cache, state) in one place in place of the XDG folders;
\`NO_COLOR\` means \`--no-color\`.

\`TMPDIR\`, when set, takes what a run writes while it works (\`snvg-<random>\`, for this user alone); without it that lies in the cache
(\`scratch/\`). On the disk of the cache, finished work is moved into the cache by rename; from another disk it is copied beside its place
first, so that nothing half-written is ever seen there. Either way it is removed at the end of the run; after a kill, by the
next run. A \`TMPDIR\` that is no folder, or cannot be written, is refused.

${sections.join('\n')}`;
}

function row(option: OptionSpec): string {
  if (option.type === 'map') return `| – | \`${option.key}\` | \`${option.env}\` | ${option.doc} | ${expected(option)} | – |`;
  const flags = option.type === 'boolean' ? (option.default ? `--no-${flagOf(option)}` : `--${flagOf(option)}`) : `--${flagOf(option)} <${option.type === 'choice' ? 'name' : option.placeholder}>`;
  const short = option.short === undefined ? '' : `-${option.short}, `;
  const given = option.default === null || (typeof option.default === 'object' && Object.keys(option.default).length === 0) ? '–' : `\`${Array.isArray(option.default) ? option.default.join(',') : String(option.default)}\``;
  const cells = [`\`${short}${flags}\``, option.flagOnly ? '–' : `\`${option.key}\``, option.env === undefined ? '–' : `\`${option.env}\``, option.doc, expected(option), given];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

it('docs/configuration.md says what the table of options says', async () => {
  await expect(configurationPage()).toMatchFileSnapshot('../../docs/configuration.md');
});

it('every key, flag and variable is there once', () => {
  for (const names of [options.map((option) => option.key), options.map(flagOf), options.flatMap((option) => ('env' in option ? [option.env] : [])), options.flatMap((option) => ('short' in option ? [option.short] : []))]) {
    expect(new Set(names).size).toBe(names.length);
  }
});
