import { closest } from '../config/closest.js';
import { SnvgError } from '../errors.js';
import { parseTemplate, type Template, TemplateFault } from '../output/template.js';

/** Fields of `--name-template`: about one clip and its source. */
export const clipFields = ['index', 'title', 'source', 'start', 'end', 'duration', 'score', 'date', 'language', 'id', 'lineage'] as const;
export type ClipField = (typeof clipFields)[number];

/** Fields of `--output`: what is known of a source before anything is done. */
export const folderFields = ['source', 'ext', 'parent', 'date', 'format'] as const;
export type FolderField = (typeof folderFields)[number];

/** The day a file was last changed as YYYY-MM-DD, in UTC: the same on every run and machine. */
export function dayOf(info: { mtimeMs: number }): string {
  return new Date(info.mtimeMs).toISOString().slice(0, 10);
}

/** Where a field that exists elsewhere belongs, for those who mix them up. */
const elsewhere: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'name-template': {
    format: 'The format always ends the name (.vertical.mp4), so leave it out; in --output it may name the folder.',
    ext: 'The ending is always added (.vertical.mp4, .srt, .json), so leave it out.',
    parent: 'Use {parent} in --output: it names a folder.',
  },
};

/**
 * Reads the template given for a setting.
 * @throws {SnvgError} USAGE that names the nearest known field
 */
export function readTemplate(flag: 'name-template' | 'output', text: string): Template {
  const fields: readonly string[] = flag === 'output' ? folderFields : clipFields;
  try {
    return parseTemplate(text, fields);
  } catch (fault) {
    if (!(fault instanceof TemplateFault)) throw fault;
    throw new SnvgError('USAGE', `--${flag} ${JSON.stringify(text)}: ${fault.message}`, remedyFor(flag, fields, fault), { cause: fault });
  }
}

function remedyFor(flag: 'name-template' | 'output', fields: readonly string[], { field }: TemplateFault): string {
  if (field === undefined) return `Write a field as {${fields[0]}}, and a brace that stands for itself twice: {{ or }}.`;
  const known = `It may use ${fields.map((name) => `{${name}}`).join(' ')}.`;
  const meant = closest(field, fields);
  if (meant !== undefined) return `Did you mean {${meant}}? ${known}`;
  const other = elsewhere[flag]?.[field];
  if (other !== undefined) return other;
  if (flag === 'output' && (clipFields as readonly string[]).includes(field)) return `{${field}} is known per clip only: use it in --name-template. ${known}`;
  return `${known} A brace that stands for itself is written twice: {{ or }}.`;
}
