import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Moment, Selection } from '../artifacts/schemas/selection.js';
import { SnvgError } from '../errors.js';
import { foldedName, type FieldValue, maxStemBytes, nameText, stemOf, stemOfFile, titleText } from '../output/names.js';
import { fieldsOf, type Template, templateText } from '../output/template.js';
import type { JobOutcome } from '../pipeline/plan.js';
import type { JobPlace } from './job-request.js';
import { type ClipField, dayOf, readTemplate } from './template-setting.js';

/** What the names of a job's clips may tell of its source. */
interface NamingFacts {
  /** The source's name without its extension. */
  source: string;
  /** YYYY-MM-DD. */
  date: string;
  /** Of most of the speech; `und` when there is none. */
  language: string;
}

/** Fields of which no two clips of a job have the same value. */
const distinguishing: readonly ClipField[] = ['index', 'id', 'lineage'];
/** Fields that usually differ between two clips. */
const differing: readonly ClipField[] = [...distinguishing, 'title', 'start', 'end', 'duration', 'score'];

/** `.vertical.mp4` and its like, the longest ending of a file of a clip. */
const longestSuffix = '.vertical.mp4';
/** Bytes of a whole path (PATH_MAX without its NUL on Linux; 1024 on macOS). */
const maxPathBytes = process.platform === 'darwin' ? 1023 : 4095;
/** A name shorter than this says nothing any more. */
const leastStemBytes = 24;

/** Gives the clips of one job their names, all at once and before any is rendered: two never share one. */
export class ClipNaming {
  readonly #template: Template;
  readonly #maxBytes: number;
  readonly #stems = new Map<number, string>();

  private constructor(template: Template, maxBytes: number) {
    this.#template = template;
    this.#maxBytes = maxBytes;
  }

  /**
   * @param outputDir the folder the names will lie in, absolute
   * @throws {SnvgError} USAGE for a template that cannot be one, or a folder too deep for any name in it
   */
  static of(template: string, outputDir: string): ClipNaming {
    const parsed = readClipTemplate(template);
    const room = maxPathBytes - Buffer.byteLength(`${outputDir}/.previous/${longestSuffix}`);
    if (room < leastStemBytes) {
      throw new SnvgError('USAGE', `The output folder's path is ${Buffer.byteLength(outputDir)} bytes long: no file name fits behind it`, 'Choose a folder with a shorter path with --output.');
    }
    return new ClipNaming(parsed, Math.min(maxStemBytes, room));
  }

  /**
   * Refuses, before anything is heard or seen, a template under which any two clips would have one name.
   * @throws {SnvgError} USAGE
   */
  requireDistinct(): void {
    const used = fieldsOf(this.#template);
    if (differing.some((field) => used.has(field))) return;
    const text = templateText(this.#template);
    throw new SnvgError('USAGE', `--name-template ${JSON.stringify(text)} would give every clip the same name`, `Add a field that differs between clips: --name-template '${text}-{index}', or make one clip with --clips 1.`);
  }

  /**
   * Decides the names of all clips.
   * @throws {SnvgError} USAGE naming the two clips that would share one
   */
  async plan(place: JobPlace, { file, selection }: Pick<JobOutcome, 'file'> & { selection: Selection }): Promise<void> {
    const source = stemOfFile(place.name ?? basename(place.sourcePath));
    this.#name(selection.moments, { source, date: dayOf(await stat(file.path)), language: selection.language });
  }

  #name(moments: readonly Moment[], facts: NamingFacts): void {
    const taken = new Map<string, Moment>();
    for (const moment of moments) {
      const stem = stemOf(this.#template, valuesOf(moment, facts), this.#maxBytes);
      const other = taken.get(foldedName(stem));
      if (other) this.#refuse(other, moment, stem);
      taken.set(foldedName(stem), moment);
      this.#stems.set(moment.index, stem);
    }
  }

  /** The name of a clip's files without their endings. */
  stemOf(moment: Moment): string {
    const stem = this.#stems.get(moment.index);
    if (stem === undefined) throw new Error(`clip ${moment.index} has no name yet`);
    return stem;
  }

  #refuse(one: Moment, other: Moment, stem: string): never {
    const text = templateText(this.#template);
    const missing = distinguishing.find((field) => !fieldsOf(this.#template).has(field)) ?? 'index';
    throw new SnvgError(
      'USAGE',
      `Clip ${one.index} (${rangeText(one)}) and clip ${other.index} (${rangeText(other)}) would both be called ${JSON.stringify(stem)}`,
      `Add {${missing}} to the template: --name-template '{${missing}}-${text}'.`,
    );
  }
}

/** @throws {SnvgError} USAGE */
function readClipTemplate(text: string): Template {
  const template = readTemplate('name-template', text);
  for (const part of template) {
    if (!('text' in part)) continue;
    const separator = /[/\\]/.exec(part.text);
    if (separator) throw new SnvgError('USAGE', `--name-template ${JSON.stringify(text)} holds a ${separator[0]}, but it names files, not folders`, "Folders belong to --output, for example --output 'clips/{source}'.");
    const refused = [...part.text].find((char) => nameText(char) === '' && char !== ' ');
    if (refused !== undefined) throw new SnvgError('USAGE', `--name-template ${JSON.stringify(text)} holds ${JSON.stringify(refused)}, which not every file system takes in a name`, 'Leave it out; - and _ are safe.');
  }
  const [first] = template;
  if (first === undefined || ('text' in first && /^[-. ]/.test(first.text))) {
    throw new SnvgError('USAGE', `--name-template ${JSON.stringify(text)} ${first === undefined ? 'is empty' : `begins with ${JSON.stringify(text.charAt(0))}`}`, "Begin with a letter or a field, for example '{index}-{title}'.");
  }
  const literalBytes = template.reduce((sum, part) => sum + ('text' in part ? Buffer.byteLength(part.text) : 0), 0);
  if (literalBytes > maxStemBytes - leastStemBytes) {
    throw new SnvgError('USAGE', `--name-template has ${literalBytes} bytes of text of its own; a name may take ${maxStemBytes} with its fields`, 'Shorten it.');
  }
  return template;
}

function valuesOf(moment: Moment, facts: NamingFacts): Record<ClipField, FieldValue> {
  const startUs = Math.min(...moment.ranges.map((range) => range.startUs));
  const endUs = Math.max(...moment.ranges.map((range) => range.endUs));
  const lengthUs = moment.ranges.reduce((sum, range) => sum + range.endUs - range.startUs, 0);
  return {
    index: { number: moment.index, width: 2 },
    title: { text: titleText(moment.title) },
    source: { text: nameText(facts.source) },
    start: { text: timeText(startUs) },
    end: { text: timeText(endUs) },
    duration: { number: Math.round(lengthUs / 1_000_000) },
    score: { number: Math.max(0, Math.round(moment.score)) },
    date: { text: facts.date },
    language: { text: nameText(facts.language) },
    id: { text: nameText(moment.candidateId) },
    lineage: { text: nameText(moment.lineage) },
  };
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** `00-12-30.500`: sorts as it passes, and no file system minds it. */
function timeText(us: number): string {
  const ms = Math.round(us / 1_000);
  return `${two(Math.floor(ms / 3_600_000))}-${two(Math.floor(ms / 60_000) % 60)}-${two(Math.floor(ms / 1_000) % 60)}.${String(ms % 1_000).padStart(3, '0')}`;
}

function rangeText({ ranges }: Moment): string {
  return ranges.map(({ startUs, endUs }) => `${seconds(startUs)}-${seconds(endUs)} s`).join(' + ');
}

function seconds(us: number): string {
  return (us / 1_000_000).toFixed(1);
}
