import { createReadStream } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { SnvgError } from '../../errors.js';

/** One line of a list of inputs. */
export interface ListedInput {
  /** A path, a pattern or an address. */
  input: string;
  /** Folder that a relative path counts from. */
  from: string;
  /** Other keys of a JSON line: settings of this input alone. */
  options?: Record<string, unknown>;
}

const longestLine = 64 * 1024;
const mostLines = 100_000;

/**
 * Reads a list of inputs: one path or address a line, or one JSON object with `input` and settings of its own. Blank lines and lines that begin
 * with `#` are skipped; a path in quotes stands for what is between them.
 *
 * @param file path of the list, or undefined for `stdin`
 * @throws {SnvgError} LIST_INVALID naming the line
 */
export async function readList(file: string | undefined, stdin: Readable, cwd: string): Promise<ListedInput[]> {
  const name = file ?? 'stdin';
  const from = file === undefined ? cwd : dirname(file);
  const input = file === undefined ? stdin : createReadStream(file);
  const listed: ListedInput[] = [];
  let number = 0;
  try {
    for await (const raw of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      if (raw.length > longestLine || number > mostLines) throw invalid(name, number, 'is longer than a list of inputs can be');
      const line = (number === 1 ? raw.replace(/^\ufeff/, '') : raw).trim();
      if (line !== '' && !line.startsWith('#')) listed.push({ ...parseLine(line, name, number), from });
    }
  } catch (error) {
    if (error instanceof SnvgError) throw error;
    throw new SnvgError('LIST_INVALID', `The list ${name} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`, 'Check the path given with --from-list.', { cause: error });
  }
  if (listed.length === 0) throw new SnvgError('LIST_INVALID', `The list ${name} names no input`, 'Write one path or address a line.');
  return listed;
}

function parseLine(line: string, name: string, number: number): Omit<ListedInput, 'from'> {
  if (line.includes('\0')) throw invalid(name, number, 'holds a zero byte: this is not a list of inputs');
  if (!line.startsWith('{')) return { input: /^"(.*)"$|^'(.*)'$/.exec(line)?.slice(1).find((text) => text !== undefined) ?? line };
  const { input, ...options } = parseObject(line, name, number);
  if (typeof input !== 'string' || input === '') throw invalid(name, number, 'has no "input"');
  return { input, ...(Object.keys(options).length > 0 ? { options } : {}) };
}

function parseObject(line: string, name: string, number: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Said below.
  }
  throw invalid(name, number, 'begins with { and is not a JSON object');
}

function invalid(name: string, number: number, what: string): SnvgError {
  return new SnvgError('LIST_INVALID', `Line ${number} of ${name} ${what}`, 'Each line is a path, an address, or JSON such as {"input": "talk.mp4", "language": "ja"}.');
}
