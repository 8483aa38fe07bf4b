import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { explainWriteError, makeFolder } from '../../../artifacts/atomic-file.js';
import type { ArtifactRef } from '../../../artifacts/kinds.js';
import type { ArtifactStore } from '../../../artifacts/store.js';

/** Sends an artifact's bytes from an offset on, in order; resolves after the last. */
export type ArtifactSender = (startByte: number, take: (bytes: Uint8Array) => Promise<void>) => Promise<void>;

/**
 * Artifacts on their way from other machines into the store of this one. What was received before a connection was lost is kept, and the
 * next one, to whichever machine, goes on from there. One for all links of a process.
 */
export class IncomingArtifacts {
  readonly #dir: string;
  readonly #store: ArtifactStore;
  readonly #underway = new Map<string, Promise<unknown>>();

  /** @param dir a private folder for what is half received; whoever made it removes it */
  constructor(dir: string, store: ArtifactStore) {
    this.#dir = dir;
    this.#store = store;
  }

  /**
   * Puts an artifact into the store unless it is there.
   * @returns false when the bytes received are not the artifact's: they were thrown away
   * @throws {SnvgError} DISK_FULL, OUTPUT_UNWRITABLE; whatever the sender throws
   */
  async receive(ref: ArtifactRef, send: ArtifactSender): Promise<boolean> {
    // Two machines may have made the same: the second finds it in the store.
    while (this.#underway.has(ref.hash)) await this.#underway.get(ref.hash)?.catch(() => {});
    const received = this.#receive(ref, send);
    this.#underway.set(ref.hash, received);
    try {
      return await received;
    } finally {
      this.#underway.delete(ref.hash);
    }
  }

  async #receive(ref: ArtifactRef, send: ArtifactSender): Promise<boolean> {
    if (await this.#store.has(ref.hash)) return true;
    await makeFolder(this.#dir);
    const path = join(this.#dir, `${ref.hash}.part`);
    const hash = createHash('sha256');
    let at = await heldBytes(path, ref.sizeBytes);
    if (at > 0) for await (const chunk of createReadStream(path, { end: at - 1, highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
    const file = await open(path, 'a');
    try {
      if (at < ref.sizeBytes) {
        await send(at, async (bytes) => {
          await append(file, bytes, path);
          hash.update(bytes);
          at += bytes.byteLength;
        });
      }
    } finally {
      await file.close();
    }
    if (at !== ref.sizeBytes || hash.digest('hex') !== ref.hash) {
      await rm(path, { force: true });
      return false;
    }
    await this.#store.put(ref.kind, { path });
    return true;
  }
}

async function append(file: FileHandle, bytes: Uint8Array, path: string): Promise<void> {
  try {
    await file.appendFile(bytes);
  } catch (error) {
    throw explainWriteError(error, path);
  }
}

/** What is there of a file from an earlier connection; more than the whole is nothing. */
async function heldBytes(path: string, sizeBytes: number): Promise<number> {
  const size = (await stat(path).catch(() => undefined))?.size ?? 0;
  if (size <= sizeBytes) return size;
  await truncate(path, 0);
  return 0;
}
