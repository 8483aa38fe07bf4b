import { createReadStream } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { SnvgError } from '../../errors.js';

/** One line of a list of inputs. */
export interface ListedInput {
  /** A path, a pattern or an address. */
  input: string;
  /** Folder that a relative path counts from. */
  from: string;
  /** For messages: `Line 3 of list.txt`. */
  where: string;
  /** Other keys of a JSON line: settings of this input alone, not checked yet. */
  options?: Record<string, unknown>;
}

/** A hundred thousand inputs fit; a film given in place of a list does not. */
const mostBytes = 16 * 2 ** 20;

/**
 * Reads a list of inputs: one path or address a line, or one JSON object with `input` and settings of its own. Blank lines and lines that begin
 * with `#` are skipped; a path in quotes stands for what is between them. A byte order mark and Windows line ends do not matter.
 *
 * @param file path of the list, or undefined for `stdin`
 * @throws {SnvgError} LIST_INVALID naming the line
 */
export async function readList(file: string | undefined, stdin: Readable, cwd: string): Promise<ListedInput[]> {
  const name = file === undefined ? 'stdin' : basename(file);
  const from = file === undefined ? cwd : dirname(file);
  const listed: ListedInput[] = [];
  for (const [index, raw] of (await readText(file === undefined ? stdin : createReadStream(file), name)).split(/\r\n|\n|\r/).entries()) {
    const line = raw.trim();
    const where = `Line ${index + 1} of ${name}`;
    if (line !== '' && !line.startsWith('#')) listed.push({ ...parseLine(line, where), from, where });
  }
  if (listed.length === 0) throw new SnvgError('LIST_INVALID', `The list ${name} names no input`, 'Write one path or address a line.');
  return listed;
}

/** The whole list as text, without its byte order mark. */
async function readText(stream: Readable, name: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      const bytes = Buffer.from(chunk as Uint8Array);
      size += bytes.length;
      if (size > mostBytes) throw new SnvgError('LIST_INVALID', `The list ${name} is longer than ${mostBytes / 2 ** 20} MB`, 'A film is given as an input of its own, not as a list.');
      chunks.push(bytes);
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    if (error instanceof SnvgError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ERR_ENCODING_INVALID_ENCODED_DATA') throw new SnvgError('LIST_INVALID', `The list ${name} is not text in UTF-8`, 'Save it as UTF-8; a film is given as an input of its own.', { cause: error });
    throw new SnvgError('LIST_INVALID', `The list ${name} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`, 'Check the path given with --from-list.', { cause: error });
  }
}

function parseLine(line: string, where: string): Pick<ListedInput, 'input' | 'options'> {
  if (line.includes('\0')) throw invalid(where, 'holds a zero byte: this is not a list of inputs');
  if (line === '-') throw invalid(where, 'names a list, which a list cannot hold');
  if (!line.startsWith('{')) return { input: /^"(.*)"$|^'(.*)'$/.exec(line)?.slice(1).find((text) => text !== undefined) ?? line };
  const { input, ...options } = parseObject(line, where);
  if (typeof input !== 'string' || input === '') throw invalid(where, 'has no "input"');
  return { input, ...(Object.keys(options).length > 0 ? { options } : {}) };
}

function parseObject(line: string, where: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Said below.
  }
  throw invalid(where, 'begins with { and is not a JSON object');
}

function invalid(where: string, what: string): SnvgError {
  return new SnvgError('LIST_INVALID', `${where} ${what}`, 'Each line is a path, an address, or JSON such as {"input": "talk.mp4", "language": "ja"}.');
}
