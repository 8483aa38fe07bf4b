import { open, stat } from 'node:fs/promises';
import type { ByteRange } from '../../../artifacts/byte-range.js';
import type { ArtifactStore } from '../../../artifacts/store.js';
import { SnvgError } from '../../../errors.js';
import type { FileRef } from '../../stage.js';
import { pieceBytes } from './messages.js';
import type { ByteSupply } from './worker-link.js';

interface KnownFile {
  path: string;
  /** What tells whether it is still the file whose bytes were hashed. */
  stamp: string;
}

/** Bytes from files of this machine: those that were named, and artifacts of its store. */
export class LocalSupply implements ByteSupply {
  readonly #store: ArtifactStore;
  readonly #files = new Map<string, KnownFile>();

  constructor(store: ArtifactStore) {
    this.#store = store;
  }

  /**
   * Names a file that bytes may be asked of. It must have been hashed just now, or be unchanged since.
   * @throws {SnvgError} MEDIA_MISSING; MEDIA_UNREADABLE when its size is not the one that was hashed
   */
  async offer(file: FileRef): Promise<void> {
    const info = await stat(file.path).catch(() => undefined);
    if (!info) throw gone(file.path);
    if (info.size !== file.sizeBytes) throw changed(file.path);
    const known = this.#files.get(file.sha256);
    if (known?.path !== file.path) this.#files.set(file.sha256, { path: file.path, stamp: stampOf(info) });
  }

  /** @throws {SnvgError} MEDIA_MISSING when the file is not there any more, MEDIA_UNREADABLE when it was changed since it was offered */
  async *read(sha256: string, range: ByteRange, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const known = this.#files.get(sha256);
    const path = known?.path ?? (await this.#store.materialize(sha256));
    signal.throwIfAborted();
    const file = await open(path, 'r').catch(() => {
      throw gone(path);
    });
    try {
      for (let at = range.startByte; at < range.endByte; ) {
        const buffer = Buffer.allocUnsafe(Math.min(pieceBytes, range.endByte - at));
        const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, at);
        signal.throwIfAborted();
        if (bytesRead === 0) throw changed(path);
        at += bytesRead;
        // Looked at after each reading: bytes of another file must not go out as those of this one.
        if (known && stampOf(await file.stat()) !== known.stamp) throw changed(path);
        yield buffer.subarray(0, bytesRead);
      }
      if (known && (await stat(path).then(stampOf, () => undefined)) !== known.stamp) throw changed(path);
    } finally {
      await file.close();
    }
  }
}

function stampOf(info: { size: number; mtimeMs: number; ino: number }): string {
  return `${info.size} ${info.mtimeMs} ${info.ino}`;
}

function gone(path: string): SnvgError {
  return new SnvgError('MEDIA_MISSING', `${path} is not there any more`, 'Leave sources where they are until the run has ended, then run again.');
}

function changed(path: string): SnvgError {
  return new SnvgError('MEDIA_UNREADABLE', `${path} was changed while snvg worked with it`, 'Leave sources as they are until the run has ended, then run again.');
}
