import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { joined, type ByteRange, type FilePart } from '../../../artifacts/byte-range.js';
import { isUnusableArtifact } from '../../../artifacts/faults.js';
import type { ArtifactRef } from '../../../artifacts/kinds.js';
import { SnvgError } from '../../../errors.js';
import type { ByteSupply } from '../wire/worker-link.js';
import type { FileRef, TaskInputs } from '../../stage.js';
import type { QueueExchange } from './exchange.js';

/**
 * Files travel in pieces cut at multiples of this: what two tasks need of one film is left in the exchange once, and one piece fits into
 * memory, so that no byte of it is passed on before its hash was seen to be right.
 */
const pieceBytes = 8 * 2 ** 20;

/** What of one file lies in the exchange. */
export interface PiecedFile {
  /** Of the whole file, as its size. */
  sha256: string;
  sizeBytes: number;
  pieces: readonly Piece[];
}

export interface Piece extends ByteRange {
  /** sha256 of its bytes: the name of its artifact. */
  hash: string;
}

/** The ranges, cut at multiples of `pieceBytes`. */
export function cut(ranges: readonly ByteRange[]): ByteRange[] {
  return joined(ranges).flatMap(({ startByte, endByte }) => {
    const parts: ByteRange[] = [];
    for (let from = startByte; from < endByte; ) {
      const to = Math.min(endByte, (Math.floor(from / pieceBytes) + 1) * pieceBytes);
      parts.push({ startByte: from, endByte: to });
      from = to;
    }
    return parts;
  });
}

/** What an order's parts are, as told by the pieces left for it. */
export function partsOf(files: readonly PiecedFile[]): FilePart[] {
  return files.map(({ sha256, sizeBytes, pieces }) => ({ sha256, sizeBytes, ranges: joined(pieces) }));
}

/** Leaves parts of files in the exchange, each piece once. */
export class PieceSender {
  /** Bytes this process has left there. */
  sentBytes = 0;
  readonly #exchange: QueueExchange;
  /** Hashes of pieces cut before. */
  readonly #known = new Map<string, string>();

  constructor(exchange: QueueExchange) {
    this.#exchange = exchange;
  }

  /**
   * @param pathOf where the bytes of an input are on this machine, by the sha256 of all of it
   * @throws {SnvgError} SOURCE_NOT_FOUND when a file is not what it was; errors of the exchange
   */
  async send(parts: readonly FilePart[], pathOf: (sha256: string) => Promise<string>, signal: AbortSignal): Promise<PiecedFile[]> {
    const files: PiecedFile[] = [];
    for (const { sha256, sizeBytes, ranges } of parts) {
      const pieces: Piece[] = [];
      for (const range of cut(ranges)) {
        signal.throwIfAborted();
        pieces.push({ ...range, hash: await this.#leave(sha256, sizeBytes, range, pathOf) });
      }
      files.push({ sha256, sizeBytes, pieces });
    }
    return files;
  }

  async #leave(sha256: string, sizeBytes: number, range: ByteRange, pathOf: (sha256: string) => Promise<string>): Promise<string> {
    const name = `${sha256} ${range.startByte} ${range.endByte}`;
    const known = this.#known.get(name);
    // Asking keeps it from a collection.
    if (known !== undefined && (await this.#exchange.artifacts.has(known))) return known;
    const bytes = await readRange(await pathOf(sha256), sizeBytes, range);
    const hash = createHash('sha256').update(bytes).digest('hex');
    if (!(await this.#exchange.artifacts.has(hash))) {
      await this.#exchange.artifacts.keep({ bytes });
      this.sentBytes += bytes.byteLength;
    }
    this.#known.set(name, hash);
    return hash;
  }
}

async function readRange(path: string, sizeBytes: number, { startByte, endByte }: ByteRange): Promise<Buffer> {
  const gone = (cause?: unknown): SnvgError => new SnvgError('SOURCE_NOT_FOUND', `${path} was changed or removed while it was worked on`, 'Run again: it is looked at anew.', { cause });
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? gone(error) : error;
  });
  try {
    if ((await handle.stat()).size !== sizeBytes) throw gone();
    const bytes = Buffer.alloc(endByte - startByte);
    for (let had = 0; had < bytes.length; ) {
      const { bytesRead } = await handle.read(bytes, had, bytes.length - had, startByte + had);
      if (bytesRead === 0) throw gone();
      had += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}

/** Where the inputs of a task are on this machine, by their sha256. */
export function inputPaths(inputs: TaskInputs, materialize: (hash: string) => Promise<string>): (sha256: string) => Promise<string> {
  const paths = new Map<string, () => Promise<string>>();
  for (const input of Object.values(inputs)) {
    for (const one of input === undefined ? [] : isList(input) ? input : [input]) {
      if ('path' in one) paths.set(one.sha256, () => Promise.resolve(one.path));
      else if (!paths.has(one.hash)) paths.set(one.hash, () => materialize(one.hash));
    }
  }
  return (sha256) => {
    const path = paths.get(sha256);
    if (!path) throw new Error(`no input of the task has the hash ${sha256}`);
    return path();
  };
}

function isList(input: FileRef | ArtifactRef | readonly ArtifactRef[]): input is readonly ArtifactRef[] {
  return Array.isArray(input);
}

/** Thrown where pieces in the exchange are damaged or gone: the coordinator has to leave them anew. */
export class PiecesMissing extends Error {
  override readonly name = 'PiecesMissing';
}

/** Gives a worker's agent the bytes it misses out of the exchange. */
export class PieceSupply implements ByteSupply {
  readonly #exchange: QueueExchange;
  /** Pieces of files that running tasks need. */
  readonly #offers = new Map<string, Set<readonly Piece[]>>();

  constructor(exchange: QueueExchange) {
    this.#exchange = exchange;
  }

  /** Makes the pieces of a task findable. @returns what takes them back */
  offer(files: readonly PiecedFile[]): () => void {
    for (const { sha256, pieces } of files) this.#offers.set(sha256, (this.#offers.get(sha256) ?? new Set()).add(pieces));
    return () => {
      for (const { sha256, pieces } of files) {
        const all = this.#offers.get(sha256);
        all?.delete(pieces);
        if (all?.size === 0) this.#offers.delete(sha256);
      }
    };
  }

  /** @throws {PiecesMissing}; errors of the exchange when it does not answer */
  async *read(sha256: string, range: ByteRange, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const pieces = [...(this.#offers.get(sha256) ?? [])].flat();
    for (let from = range.startByte; from < range.endByte; ) {
      signal.throwIfAborted();
      const piece = pieces.filter(({ startByte, endByte }) => startByte <= from && endByte > from).toSorted((a, b) => b.endByte - a.endByte)[0];
      if (!piece) throw new PiecesMissing(`byte ${from} of ${sha256.slice(0, 12)} was not left in the exchange`);
      const bytes = await this.#fetch(piece);
      const to = Math.min(piece.endByte, range.endByte);
      yield bytes.subarray(from - piece.startByte, to - piece.startByte);
      from = to;
    }
  }

  async #fetch(piece: Piece): Promise<Buffer> {
    // Twice: a transfer may go wrong where the copy in the exchange is right.
    const first = await this.#whole(piece).catch(passOver);
    if (first) return first;
    const second = await this.#whole(piece).catch(passOver);
    if (second) return second;
    await this.#exchange.artifacts.remove(piece.hash);
    throw new PiecesMissing(`a piece in the exchange is damaged or gone (${piece.hash.slice(0, 12)})`);
  }

  async #whole({ hash, startByte, endByte }: Piece): Promise<Buffer | undefined> {
    const bytes = await bytesOf(this.#exchange, hash);
    return bytes.byteLength === endByte - startByte ? bytes : undefined;
  }
}

function passOver(error: unknown): undefined {
  if (!isUnusableArtifact(error)) throw error;
}

/** Verified by the exchange. */
export async function bytesOf(exchange: QueueExchange, hash: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of exchange.artifacts.open(hash)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
