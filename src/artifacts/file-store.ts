import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { commitFile, discard, explainWriteError, makeFolder, moveFile, temporaryName } from './atomic-file.js';
import { hashFile } from './fingerprint.js';
import type { ArtifactKind, ArtifactRef } from './kinds.js';
import type { ArtifactSource, ArtifactStore } from './store.js';

/** Artifacts as files `<root>/ab/<sha256>`; temporary names become visible by rename only. */
export class FileArtifactStore implements ArtifactStore {
  readonly #root: string;
  readonly #readOnly: boolean;

  /** A read-only store only looks: being asked makes nothing young. */
  constructor(root: string, options: { readOnly?: boolean } = {}) {
    this.#root = root;
    this.#readOnly = options.readOnly ?? false;
  }

  async put<K extends ArtifactKind>(kind: K, source: ArtifactSource): Promise<ArtifactRef<K>> {
    const known = 'bytes' in source ? { hash: createHash('sha256').update(source.bytes).digest('hex'), sizeBytes: source.bytes.byteLength } : await identify(source.path);
    const target = this.#pathOf(known.hash);
    if (await this.has(known.hash)) {
      if ('path' in source) await rm(source.path, { force: true });
      return { kind, ...known };
    }
    const temporary = temporaryName(target);
    try {
      await makeFolder(dirname(target));
      if ('bytes' in source) await writeFile(temporary, source.bytes, { flag: 'wx' });
      else await moveFile(source.path, temporary);
      await commitFile(temporary, target);
    } catch (error) {
      await discard(temporary);
      throw explainWriteError(error, target);
    }
    return { kind, ...known };
  }

  async has(hash: string): Promise<boolean> {
    const path = this.#pathOf(hash);
    try {
      const now = new Date();
      // Young again: a collection that runs now must not take what a live job was just promised.
      if (!this.#readOnly) await utimes(path, now, now);
      else await access(path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      // A disk that is read-only still answers.
      return access(path).then(
        () => true,
        () => false,
      );
    }
  }

  open(hash: string): Readable {
    return createReadStream(this.#pathOf(hash));
  }

  materialize(hash: string): Promise<string> {
    return Promise.resolve(this.#pathOf(hash));
  }

  async gc(keep: ReadonlySet<string>, olderThanMs: number): Promise<{ removed: number; freedBytes: number }> {
    let removed = 0;
    let freedBytes = 0;
    for (const entry of await readdir(this.#root, { recursive: true, withFileTypes: true }).catch(() => [])) {
      if (!entry.isFile() || keep.has(entry.name)) continue;
      const path = join(entry.parentPath, entry.name);
      // Another collection may have taken it meanwhile.
      const info = await stat(path).catch(() => undefined);
      if (!info || info.mtimeMs >= olderThanMs) continue;
      await rm(path, { force: true });
      removed += 1;
      freedBytes += info.size;
    }
    return { removed, freedBytes };
  }

  #pathOf(hash: string): string {
    return join(this.#root, hash.slice(0, 2), hash);
  }
}

async function identify(path: string): Promise<{ hash: string; sizeBytes: number }> {
  const { sha256, sizeBytes } = await hashFile(path);
  return { hash: sha256, sizeBytes };
}
