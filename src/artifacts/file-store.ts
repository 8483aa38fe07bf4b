import { createReadStream } from 'node:fs';
import { access, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { commitFile, discard, explainWriteError, makeFolder, moveFile, temporaryName } from './atomic-file.js';
import { ArtifactDamaged, ArtifactMissing, readOnlyStore } from './faults.js';
import { contentOf, isHash, requireHash, verified } from './hash.js';
import type { ArtifactKind, ArtifactRef } from './kinds.js';
import type { ArtifactSource, Freed, ListedStore, StoredArtifact } from './store.js';

/** How long a collection may have a file under another name before it puts back what was asked for meanwhile. */
const putBackMs = 50;

/** Artifacts as files `<root>/ab/<sha256>`; temporary names become visible by rename only. */
export class FileArtifactStore implements ListedStore {
  readonly #root: string;
  readonly #readOnly: boolean;
  /** Artifacts whose bytes were right when this process put or first read them, by the inode that has them. */
  readonly #verified = new Map<string, Promise<number>>();

  /** A read-only store only looks: being asked makes nothing young. */
  constructor(root: string, options: { readOnly?: boolean } = {}) {
    this.#root = root;
    this.#readOnly = options.readOnly ?? false;
  }

  async put<K extends ArtifactKind>(kind: K, source: ArtifactSource): Promise<ArtifactRef<K>> {
    if (this.#readOnly) throw readOnlyStore(this.#root);
    const known = await contentOf(source);
    const target = this.#pathOf(known.hash);
    const there = (await this.has(known.hash)) ? await stat(target).catch(() => undefined) : undefined;
    // Whatever else has another size is damaged: the right bytes take its place.
    if (there?.size === known.sizeBytes) {
      if ('path' in source) await rm(source.path, { force: true });
      return { kind, ...known };
    }
    const temporary = temporaryName(target);
    try {
      await makeFolder(dirname(target));
      if ('bytes' in source) await writeFile(temporary, source.bytes, { flag: 'wx' });
      else await moveFile(source.path, temporary);
      const { ino } = await stat(temporary);
      await commitFile(temporary, target);
      this.#verified.set(known.hash, Promise.resolve(ino));
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
    return Readable.from(this.#bytes(requireHash(hash)), { objectMode: false });
  }

  async materialize(hash: string): Promise<string> {
    const path = this.#pathOf(hash);
    const info = await this.#find(hash);
    let inode = await this.#verified.get(hash);
    if (inode !== info.ino) {
      const verifying = this.#verify(hash, info.ino);
      this.#verified.set(hash, verifying);
      inode = await verifying;
    }
    return path;
  }

  async gc(keep: ReadonlySet<string>, olderThanMs: number, options: { dryRun?: boolean } = {}): Promise<Freed> {
    if (this.#readOnly && !options.dryRun) throw readOnlyStore(this.#root);
    const freed = { removed: 0, freedBytes: 0 };
    for await (const { path, name, sizeBytes, changedMs } of this.#files()) {
      if (keep.has(name) || changedMs >= olderThanMs) continue;
      if (!options.dryRun && !(await removeIfOld(path, olderThanMs))) continue;
      freed.removed += 1;
      freed.freedBytes += sizeBytes;
    }
    return freed;
  }

  async *list(): AsyncIterable<StoredArtifact> {
    for await (const { name, sizeBytes, changedMs } of this.#files()) if (isHash(name)) yield { hash: name, sizeBytes, usedMs: changedMs };
  }

  async remove(hash: string): Promise<boolean> {
    if (this.#readOnly) throw readOnlyStore(this.#root);
    this.#verified.delete(hash);
    return rm(this.#pathOf(hash)).then(
      () => true,
      (error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw explainWriteError(error, this.#pathOf(hash));
        return false;
      },
    );
  }

  /** Reads all of it once. What is damaged goes: it is a cache, and everything in it can be made again. */
  async #verify(hash: string, inode: number): Promise<number> {
    const path = this.#pathOf(hash);
    try {
      if ((await contentOf({ path })).hash === hash) return inode;
    } catch (error) {
      this.#verified.delete(hash);
      throw this.#missing(hash, error);
    }
    this.#verified.delete(hash);
    if (!this.#readOnly) await discard(path);
    throw new ArtifactDamaged(hash, this.#root);
  }

  async #find(hash: string): Promise<{ ino: number }> {
    const path = this.#pathOf(hash);
    const look = (): Promise<{ ino: number }> => stat(path);
    return look()
      .catch(async (error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        // A collection may have had it in its hands, and seen that it had just been asked for.
        await sleep(putBackMs);
        return look();
      })
      .catch((error: unknown) => {
        throw this.#missing(hash, error);
      });
  }

  async *#bytes(hash: string): AsyncIterable<Uint8Array> {
    try {
      yield* verified(createReadStream(this.#pathOf(hash), { highWaterMark: 1 << 20 }), hash, this.#root);
    } catch (error) {
      throw this.#missing(hash, error);
    }
  }

  async *#files(): AsyncIterable<{ path: string; name: string; sizeBytes: number; changedMs: number }> {
    for (const entry of await readdir(this.#root, { recursive: true, withFileTypes: true }).catch(() => [])) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      // Another collection may have taken it meanwhile.
      const info = await stat(path).catch(() => undefined);
      if (info) yield { path, name: entry.name, sizeBytes: info.size, changedMs: info.mtimeMs };
    }
  }

  #missing(hash: string, error: unknown): unknown {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? new ArtifactMissing(hash, this.#root, { cause: error }) : error;
  }

  #pathOf(hash: string): string {
    return join(this.#root, requireHash(hash).slice(0, 2), hash);
  }
}

/** Takes the file out of its place before looking at its age once more: who asked for it meanwhile has made it young, or does not find it. */
async function removeIfOld(path: string, olderThanMs: number): Promise<boolean> {
  const aside = temporaryName(path);
  try {
    await rename(path, aside);
    const { mtimeMs } = await stat(aside);
    if (mtimeMs < olderThanMs) return true;
    // Over what was put anew meanwhile: the same bytes.
    await rename(aside, path);
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw explainWriteError(error, path);
  } finally {
    await discard(aside);
  }
}
