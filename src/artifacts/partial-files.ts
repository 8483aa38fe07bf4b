import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm, stat, truncate, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { discard, explainWriteError, makeFolder, temporaryName } from './atomic-file.js';
import { bytesIn, type ByteRange, type FilePart, without } from './byte-range.js';
import { FileHolds, type Holder } from './file-holds.js';
import { hashFile } from './fingerprint.js';
import { type Piece, PieceMap } from './piece-map.js';

type WholeFile = Pick<FilePart, 'sha256' | 'sizeBytes'>;

/** A file on disk as this process knows it. */
interface Known {
  map: PieceMap;
  inode: number;
  /** Pieces that this process has checked, or written itself. */
  checked: Set<string>;
  /** All of it was here and was what its sha256 says. */
  whole: boolean;
}

const mapSuffix = '.map';
const fileName = /^[0-9a-f]{64}$/;

/**
 * Files of which some bytes are here, at their own places: `<root>/ab/<sha256>` is as long as the file, with holes, and beside it lies
 * a map of the pieces that were written, each with its sha256. Bytes are written before the map names them, and each process checks
 * what it relies on against the map once: what a kill, a power cut or decay left wrong is asked for again, never used.
 */
export class PartialFiles {
  readonly #root: string;
  readonly #maxBytes: number;
  readonly #holds: FileHolds;
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #known = new Map<string, Known>();

  /** @param options.maxBytes on disk; what is held may take more */
  constructor(root: string, options: { maxBytes: number; holder?: Holder }) {
    this.#root = root;
    this.#maxBytes = options.maxBytes;
    this.#holds = new FileHolds((sha256) => this.pathOf(sha256), options.holder);
  }

  /** Where its bytes are, to be read only, once `missing` has nothing left. Read it under a hold. */
  pathOf(sha256: string): string {
    return join(this.#root, sha256.slice(0, 2), sha256);
  }

  /**
   * What of a part is not here, in order; what it does not name has been checked. Makes the file, all of it holes, where there is none.
   * @throws {SnvgError} DISK_FULL, OUTPUT_UNWRITABLE
   */
  missing(part: FilePart): Promise<ByteRange[]> {
    return this.#inTurn(part.sha256, async () => {
      const known = await this.#open(part);
      const pieces = await this.#checkedPieces(part, known);
      const left = without(part.ranges, pieces);
      return left.length === 0 && covers(pieces, part) && !(await this.#isTheFile(part, known)) ? without(part.ranges, []) : left;
    });
  }

  /** Whether all of it is here, and is what its sha256 says. */
  async isWhole(file: WholeFile): Promise<boolean> {
    return (await this.missing({ ...file, ranges: wholeRange(file) })).length === 0;
  }

  /**
   * Keeps bytes. Where the disk is full, all that nobody holds is given up first.
   *
   * @throws {SnvgError} DISK_FULL, OUTPUT_UNWRITABLE: what is not written does not count as here
   * @throws {Error} all bytes are here now, and they are not the file: none of them counts as here any more
   */
  async write(file: WholeFile, startByte: number, bytes: Uint8Array): Promise<void> {
    if (startByte < 0 || startByte + bytes.byteLength > file.sizeBytes) throw new RangeError(`${bytes.byteLength} bytes from ${startByte} are not in a file of ${file.sizeBytes}`);
    const attempt = (): Promise<void> => this.#inTurn(file.sha256, () => this.#write(file, startByte, bytes));
    const release = await this.hold(file.sha256);
    try {
      await attempt().catch(async (error: unknown) => {
        const freed = isDiskFull(error) && (await this.#collect(0)).removed > 0;
        // Another process may have given it up just as it was opened.
        const vanished = (error as NodeJS.ErrnoException).code === 'ENOENT';
        if (!freed && !vanished) throw error;
        await attempt();
      });
    } catch (error) {
      await release();
      if (isDiskFull(error)) await this.#inTurn(file.sha256, () => this.#giveUpIfEmpty(file.sha256));
      throw explainWriteError(error, this.pathOf(file.sha256));
    }
    await release();
  }

  /**
   * Keeps a file from being given up until the returned function is called. Hold it before asking what is missing. It also says that
   * the file is of use: those used longest ago go first.
   * @throws {SnvgError} DISK_FULL, OUTPUT_UNWRITABLE
   */
  async hold(sha256: string): Promise<() => Promise<void>> {
    await this.#inTurn(sha256, async () => {
      await this.#holds.take(sha256);
      const now = new Date();
      await utimes(this.#mapPath(sha256), now, now).catch(() => {});
    });
    let released: Promise<void> | undefined;
    return () => (released ??= this.#inTurn(sha256, () => this.#holds.release(sha256)));
  }

  /** Gives up what was used longest ago and nobody holds, until the rest takes no more than `maxBytes` on disk. */
  collect(): Promise<{ removed: number; freedBytes: number }> {
    return this.#collect(this.#maxBytes);
  }

  async #collect(maxBytes: number): Promise<{ removed: number; freedBytes: number }> {
    const found = await this.#onDisk();
    let total = found.reduce((sum, { diskBytes }) => sum + diskBytes, 0);
    let removed = 0;
    let freedBytes = 0;
    for (const { sha256, diskBytes } of found.toSorted((a, b) => a.usedMs - b.usedMs)) {
      if (total <= maxBytes) break;
      if (!(await this.#inTurn(sha256, () => this.#giveUp(sha256)))) continue;
      total -= diskBytes;
      freedBytes += diskBytes;
      removed += 1;
    }
    return { removed, freedBytes };
  }

  /** Removes a file unless somebody holds it: its map first, which is put back when a hold was taken meanwhile. */
  async #giveUp(sha256: string): Promise<boolean> {
    if (await this.#holds.isHeld(sha256)) return false;
    const map = this.#mapPath(sha256);
    const aside = temporaryName(map);
    await rename(map, aside).catch(() => {});
    if (await this.#holds.isHeld(sha256)) {
      await rename(aside, map).catch(() => {});
      return false;
    }
    await rm(this.pathOf(sha256), { force: true });
    await discard(aside);
    this.#known.delete(sha256);
    return true;
  }

  /** What a failed write left where there was nothing before. */
  async #giveUpIfEmpty(sha256: string): Promise<void> {
    const pieces = (await this.#known.get(sha256)?.map.load())?.pieces ?? [];
    if (pieces.length === 0) await this.#giveUp(sha256);
  }

  /** Every file and map here, with the disk it takes and when it was last of use. */
  async #onDisk(): Promise<{ sha256: string; diskBytes: number; usedMs: number }[]> {
    const found = new Map<string, { sha256: string; diskBytes: number; usedMs: number }>();
    for (const entry of await readdir(this.#root, { recursive: true, withFileTypes: true }).catch(() => [])) {
      const sha256 = entry.name.endsWith(mapSuffix) ? entry.name.slice(0, -mapSuffix.length) : entry.name;
      const info = fileName.test(sha256) ? await stat(join(entry.parentPath, entry.name)).catch(() => undefined) : undefined;
      if (!info) continue;
      const known = found.get(sha256) ?? { sha256, diskBytes: 0, usedMs: 0 };
      found.set(sha256, { sha256, diskBytes: known.diskBytes + info.blocks * 512, usedMs: Math.max(known.usedMs, info.mtimeMs) });
    }
    return [...found.values()];
  }

  /** The file as long as it should be, with a map; begun anew where it is not so. */
  async #open(file: WholeFile): Promise<Known> {
    const known = this.#known.get(file.sha256) ?? { map: new PieceMap(this.#mapPath(file.sha256)), inode: 0, checked: new Set(), whole: false };
    this.#known.set(file.sha256, known);
    const [{ sizeBytes, pieces }, info] = await Promise.all([known.map.load(), stat(this.pathOf(file.sha256)).catch(() => undefined)]);
    if (sizeBytes !== file.sizeBytes || info?.size !== file.sizeBytes) await this.#begin(file, known, { pieces: pieces.length > 0 });
    else if (info.ino !== known.inode) Object.assign(known, { inode: info.ino, checked: new Set(), whole: false });
    return known;
  }

  /** The bytes of a file that is begun anew stay, and count for nothing: another process may be reading it. */
  async #begin(file: WholeFile, known: Known, wrong: { pieces: boolean }): Promise<void> {
    const path = this.pathOf(file.sha256);
    try {
      await makeFolder(dirname(path));
      // The map first: none must speak of bytes that are now taken away.
      if (!wrong.pieces) await known.map.create(file.sizeBytes);
      if (wrong.pieces || (await known.map.load()).sizeBytes !== file.sizeBytes) await known.map.replace(file.sizeBytes, []);
      await (await open(path, 'a')).close();
      await truncate(path, file.sizeBytes);
      Object.assign(known, { inode: (await stat(path)).ino, checked: new Set(), whole: false });
    } catch (error) {
      throw explainWriteError(error, path);
    }
  }

  /** The pieces that reach into a part and hold what was written; those that do not are struck off the map. */
  async #checkedPieces(part: FilePart, { map, checked }: Known): Promise<Piece[]> {
    const { pieces } = await map.load();
    const wanted = pieces.filter((piece) => part.ranges.some(({ startByte, endByte }) => piece.startByte < endByte && piece.endByte > startByte));
    const damaged = new Set<Piece>();
    for (const piece of wanted) {
      if (checked.has(nameOf(piece))) continue;
      if ((await sha256Of(this.pathOf(part.sha256), piece)) === piece.sha256) checked.add(nameOf(piece));
      else damaged.add(piece);
    }
    if (damaged.size === 0) return wanted;
    await map.replace(part.sizeBytes, pieces.filter((piece) => !damaged.has(piece)));
    return wanted.filter((piece) => !damaged.has(piece));
  }

  /** Whether what is here, all of it, is the file; if not, the file is begun anew. */
  async #isTheFile(file: WholeFile, known: Known): Promise<boolean> {
    known.whole ||= (await hashFile(this.pathOf(file.sha256))).sha256 === file.sha256;
    if (!known.whole) await this.#begin(file, known, { pieces: true });
    return known.whole;
  }

  async #write(file: WholeFile, startByte: number, bytes: Uint8Array): Promise<void> {
    const known = await this.#open(file);
    const { map, checked } = known;
    const sure = (await map.load()).pieces.filter((piece) => checked.has(nameOf(piece)));
    const handle = await open(this.pathOf(file.sha256), 'r+');
    try {
      for (const range of without([{ startByte, endByte: startByte + bytes.byteLength }], sure)) {
        const own = bytes.subarray(range.startByte - startByte, range.endByte - startByte);
        await writeAll(handle, own, range.startByte);
        const piece = { ...range, sha256: createHash('sha256').update(own).digest('hex') };
        await map.append(piece);
        checked.add(nameOf(piece));
        sure.push(piece);
      }
    } finally {
      await handle.close();
    }
    if (covers(sure, file) && !(await this.#isTheFile(file, known))) throw new Error(`what came of ${file.sha256} is not that file`);
  }

  #mapPath(sha256: string): string {
    return `${this.pathOf(sha256)}${mapSuffix}`;
  }

  /** One thing at a time is done with a file. */
  async #inTurn<T>(sha256: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(sha256) ?? Promise.resolve()).then(work);
    const settled = turn.catch(() => {});
    this.#turns.set(sha256, settled);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(sha256) === settled) this.#turns.delete(sha256);
    }
  }
}

function nameOf({ startByte, endByte, sha256 }: Piece): string {
  return `${startByte}-${endByte} ${sha256}`;
}

function wholeRange({ sizeBytes }: WholeFile): ByteRange[] {
  return [{ startByte: 0, endByte: sizeBytes }];
}

function covers(pieces: readonly ByteRange[], file: WholeFile): boolean {
  return bytesIn(without(wholeRange(file), pieces)) === 0;
}

function isDiskFull(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'DISK_FULL';
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, atByte: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.byteLength - done, atByte + done);
    done += bytesWritten;
  }
}

/** Undefined where the file is shorter, or cannot be read: decay may show as an error of the disk. */
async function sha256Of(path: string, { startByte, endByte }: ByteRange): Promise<string | undefined> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path, { start: startByte, end: endByte - 1, highWaterMark: 1 << 20 })) {
      hash.update(chunk as Buffer);
      bytes += (chunk as Buffer).byteLength;
    }
  } catch {
    return undefined;
  }
  return bytes === endByte - startByte ? hash.digest('hex') : undefined;
}
