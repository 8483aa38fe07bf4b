import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import type { Settings } from '../config/options.js';
import { SnvgError } from '../errors.js';
import { defaultFolderName, type FieldValue, foldedName, folderOf, stemOfFile } from '../output/names.js';
import { fieldsOf, type Template } from '../output/template.js';
import { ClipNaming } from './clip-naming.js';
import type { InputRef } from '../sources/source.js';
import type { JobPlace } from './job-request.js';
import { dayOf, type FolderField, readTemplate } from './template-setting.js';

/** One input of a run: an absolute path or a URL, and what its outputs are called after. */
export interface GivenInput {
  given: string;
  /** Like a file's name. */
  name: string;
  /** Settings of this input alone, as a list may give them. */
  options?: Partial<Settings>;
  /** Absent: a file on this machine. */
  input?: InputRef;
}

/**
 * Where the clips of each input go, before anything is opened or made. The same input given twice is one job.
 *
 * - without `--output`: `<source>.snvg` in the working directory
 * - `--output` with fields: exactly that folder, per input
 * - `--output` without fields: that folder for one input, for several the folder that holds one `<source>.snvg` each
 * - an `output` of the input's own: exactly that folder
 *
 * @throws {SnvgError} USAGE when a template cannot be one, or two inputs would share a folder
 */
export async function placeJobs(inputs: readonly GivenInput[], settings: Pick<Settings, 'output' | 'nameTemplate' | 'format'>, cwd: string): Promise<JobPlace[]> {
  const distinct = [...new Map(inputs.map((input) => [`${input.given}\0${input.options?.output ?? ''}`, input])).values()];
  const folders = await Promise.all(distinct.map((input) => folderFor(input, { settings, cwd, several: distinct.length > 1 })));
  const taken = new Map<string, number>();
  for (const [index, folder] of folders.entries()) {
    const other = taken.get(foldedName(folder));
    if (other !== undefined) throw sharedFolder(distinct, [other, index], folder, settings.output);
    taken.set(foldedName(folder), index);
    // A template that cannot name clips is refused here, not by the first of many jobs.
    ClipNaming.of(distinct[index]?.options?.nameTemplate ?? settings.nameTemplate, folder);
  }
  return distinct.map(({ given, name, input, options }, index) => ({
    ...jobPlace(given, folders[index] ?? cwd),
    name,
    ...(input ? { input } : {}),
    ...(options ? { settings: options } : {}),
  }));
}

/** Same source and folder: same job. Both absolute. */
function jobPlace(sourcePath: string, outputDir: string): JobPlace {
  const jobId = createHash('sha256').update(`${sourcePath}\0${outputDir}`).digest('hex').slice(0, 12);
  return { jobId, sourcePath, outputDir };
}

interface Placing {
  settings: Pick<Settings, 'output' | 'format'>;
  cwd: string;
  several: boolean;
}

async function folderFor(input: GivenInput, { settings, cwd, several }: Placing): Promise<string> {
  const own = defaultFolderName(input.name);
  const output = input.options?.output ?? settings.output;
  if (output === null) return join(cwd, own);
  const template: Template = readTemplate('output', output);
  const fields = fieldsOf(template);
  const folder = folderOf(template, await folderValues(input, settings, fields));
  const shared = several && fields.size === 0 && !input.options?.output;
  return resolve(cwd, folder, ...(shared ? [own] : []));
}

async function folderValues({ given, name, options }: GivenInput, settings: Placing['settings'], used: ReadonlySet<string>): Promise<Record<FolderField, FieldValue>> {
  return {
    source: { text: stemOfFile(name) },
    ext: { text: extname(name).slice(1).toLowerCase() },
    parent: { text: parentOf(given) },
    date: { text: used.has('date') ? await dateOf(given) : '' },
    format: { text: (options?.format ?? settings.format).join('-') },
  };
}

/** Whether an input is named by a URL (http, https, s3), not a path. */
export function isUrl(given: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(given);
}

/** The name of the folder a file lies in; of a URL, its host. */
function parentOf(given: string): string {
  return isUrl(given) ? ((URL.canParse(given) ? new URL(given).hostname : '')) : basename(dirname(given));
}

/**
 * The day (UTC) a file was last changed: the same on every run, unlike today.
 * @throws {SnvgError} USAGE for what is not a file on this machine
 */
async function dateOf(given: string): Promise<string> {
  if (isUrl(given)) throw new SnvgError('USAGE', `{date} in --output is the day a source file was last changed, which is not known of ${given}`, 'Leave {date} out, or download the file first.');
  const info = await stat(given).catch(() => undefined);
  // A source that is not there is refused by its job, in words about the source.
  return info ? dayOf(info) : 'undated';
}

/** Folder templates to suggest, the shortest first. */
const remedies = ['{parent}-{source}', '{source}-{ext}', '{parent}-{source}-{ext}'] as const;

function sharedFolder(inputs: readonly GivenInput[], [one, other]: [number, number], folder: string, output: string | null): SnvgError {
  const unique = remedies.find((text) => {
    const template = readTemplate('output', text);
    const names = inputs.map((input) => foldedName(folderOf(template, { source: { text: stemOfFile(input.name) }, ext: { text: extname(input.name).slice(1) }, parent: { text: parentOf(input.given) } })));
    return new Set(names).size === names.length;
  });
  const base = output === null || output.includes('{') ? 'clips' : output;
  return new SnvgError(
    'USAGE',
    `${inputs[one]?.given} and ${inputs[other]?.given} would both put their clips into ${folder}`,
    unique === undefined ? 'Run them one after the other, each with an --output of its own.' : `Tell them apart with fields in --output, for example: --output '${base}/${unique}'.`,
  );
}
