import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { appendFile, link, readFile, stat, writeFile } from 'node:fs/promises';
import { discard, explainWriteError, temporaryName, writeFileAtomically } from './atomic-file.js';
import type { ByteRange } from './byte-range.js';

/** Bytes that were written at once, with the sha256 they had. */
export interface Piece extends ByteRange {
  sha256: string;
}

/**
 * A map on disk of the pieces that are here of one file: a line for the file, then one for each piece in order of writing. A line that is
 * torn, as a kill or a full disk leaves it, counts for nothing. Pieces may overlap: two processes may have written the same.
 */
export class PieceMap {
  readonly #path: string;
  /** Inode and length of what was last read or written: another process may have added to it. */
  #stamp = '';
  #sizeBytes: number | undefined;
  #pieces: Piece[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  /** Reads it, unless it is as it was. */
  async load(): Promise<{ /** Of the whole file; undefined when there is no map. */ sizeBytes: number | undefined; pieces: readonly Piece[] }> {
    const stamp = await this.#stampOnDisk();
    if (stamp !== this.#stamp) this.#take(await readFile(this.#path, 'utf8').catch(() => ''), stamp);
    return { sizeBytes: this.#sizeBytes, pieces: this.#pieces };
  }

  /**
   * Makes an empty one where there is none; what is there, as another process may have made it just now, stays as it is.
   * @throws {SnvgError} DISK_FULL, OUTPUT_UNWRITABLE
   */
  async create(sizeBytes: number): Promise<void> {
    const temporary = temporaryName(this.#path);
    try {
      await writeFile(temporary, withCheck(`file ${sizeBytes}`), { flag: 'wx' });
      await link(temporary, this.#path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Some file systems know no links; there, the later of two is the one.
      if (code === 'ENOSPC' || code === 'EDQUOT') throw explainWriteError(error, this.#path);
      if (code !== 'EEXIST') await this.replace(sizeBytes, []);
    } finally {
      await discard(temporary);
    }
  }

  /** Makes or replaces it. @throws {SnvgError} DISK_FULL, OUTPUT_UNWRITABLE */
  async replace(sizeBytes: number, pieces: readonly Piece[]): Promise<void> {
    const text = [`file ${sizeBytes}`, ...pieces.map(textOf)].map(withCheck).join('');
    await writeFileAtomically(this.#path, text);
    this.#take(text, await this.#stampOnDisk());
  }

  /**
   * Adds to a map that is there. The line begins with a break, so that a torn one before it takes nothing with it.
   * @throws ENOENT when there is none any more
   */
  async append(piece: Piece): Promise<void> {
    const line = `\n${withCheck(textOf(piece))}`;
    const [inode, length] = this.#stamp.split(' ');
    await appendFile(this.#path, line, { flag: constants.O_WRONLY | constants.O_APPEND });
    // Where nobody else wrote meanwhile, there is nothing to read again.
    if ((await this.#stampOnDisk()) !== `${inode} ${Number(length) + line.length}`) return;
    this.#stamp = `${inode} ${Number(length) + line.length}`;
    this.#pieces.push(piece);
  }

  async #stampOnDisk(): Promise<string> {
    const info = await stat(this.#path).catch(() => undefined);
    return info ? `${info.ino} ${info.size}` : '';
  }

  #take(text: string, stamp: string): void {
    const [first = '', ...rest] = text.split('\n').map(checkedLine);
    const sizeText = /^file (\d{1,15})$/.exec(first)?.[1];
    this.#stamp = stamp;
    this.#sizeBytes = sizeText === undefined ? undefined : Number(sizeText);
    this.#pieces = rest.flatMap((line) => {
      const [, startByte, endByte, sha256 = ''] = /^piece (\d{1,15}) (\d{1,15}) ([0-9a-f]{64})$/.exec(line) ?? [];
      const piece = { startByte: Number(startByte), endByte: Number(endByte), sha256 };
      return piece.startByte < piece.endByte && piece.endByte <= Number(sizeText) ? [piece] : [];
    });
  }
}

function textOf({ startByte, endByte, sha256 }: Piece): string {
  return `piece ${startByte} ${endByte} ${sha256}`;
}

function withCheck(line: string): string {
  return `${line} ${checkOf(line)}\n`;
}

/** The line without its check; empty when it is not as it was written. */
function checkedLine(text: string): string {
  const at = text.lastIndexOf(' ');
  const line = text.slice(0, Math.max(0, at));
  return text.slice(at + 1) === checkOf(line) ? line : '';
}

function checkOf(line: string): string {
  return createHash('sha256').update(line).digest('hex').slice(0, 8);
}
