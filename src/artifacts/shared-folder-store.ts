import { randomBytes } from 'node:crypto';
import { constants, createReadStream, existsSync, type Stats } from 'node:fs';
import { type FileHandle, link, lstat, mkdir, open, readdir, rename, rm, unlink, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { explainSystemError, SnvgError } from '../errors.js';
import { isTemporaryName, syncFolder } from './atomic-file.js';
import { type Content, verified } from './hash.js';
import { mayPass, patiently } from './patiently.js';
import { ObjectMissing, type ObjectInfo, type SharedObjects, type Unfinished } from './shared-objects.js';
import { StoreClock } from './store-clock.js';
import type { ArtifactSource } from './store.js';

/** Bytes read at once. */
const chunkBytes = 1 << 20;
/** How file systems without hard links answer: exFAT, SMB, some FUSE. */
const cannotLink = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/**
 * Objects as files in a folder that several machines see, such as one of an NFS server. A file is written under a hidden name in the folder
 * it belongs to, synced, and linked to its own name: `link` refuses a name that is taken on every file system, over NFS too, where an
 * exclusive `open` and a `rename` may report what did not happen. Ages come from the file system's own times, never from this machine's clock.
 */
export class SharedFolderStore implements SharedObjects {
  readonly place: string;
  readonly #clock = new StoreClock(() => this.#probe());

  /** @param root must be there: a share that is not mounted must not become a folder of this machine */
  constructor(root: string) {
    this.place = root;
  }

  nowMs(): Promise<number> {
    return this.#clock.nowMs();
  }

  async *list(folder: string): AsyncIterable<ObjectInfo> {
    for await (const { key, info } of this.#walk(folder)) if (!isHidden(key)) yield { key, sizeBytes: info.size, modifiedMs: info.mtimeMs };
  }

  async find(key: string, options: { touches?: boolean } = {}): Promise<ObjectInfo | undefined> {
    const look = options.touches ? () => this.#statOpened(key) : () => lstat(this.#pathOf(key));
    const info = await this.#ask(look, 'read').catch(absentIsUndefined);
    return info?.isFile() ? { key, sizeBytes: info.size, modifiedMs: info.mtimeMs } : undefined;
  }

  async create(key: string, source: ArtifactSource, content: Content): Promise<'created' | 'exists'> {
    const path = this.#pathOf(key);
    return this.#withTemporary(path, source, content, async (temporary) => {
      try {
        await patiently(() => link(temporary, path));
      } catch (error) {
        const { code = '' } = error as NodeJS.ErrnoException;
        if (cannotLink.has(code)) return this.#createWithoutLinks(temporary, path);
        if (code !== 'EEXIST') throw error;
        // The reply to a link that was made can be lost, and the repeated request is then refused: our own file has two names.
        if ((await patiently(() => lstat(temporary))).nlink < 2) return 'exists';
      }
      await syncFolder(dirname(path));
      return 'created';
    });
  }

  async replace(key: string, bytes: Uint8Array): Promise<void> {
    const path = this.#pathOf(key);
    await this.#withTemporary(path, { bytes }, undefined, async (temporary) => {
      await patiently(() => rename(temporary, path));
      await syncFolder(dirname(path));
    });
  }

  async touch(key: string): Promise<boolean> {
    // Node can only set a time that it names, which would be this machine's: the file system's own is asked first.
    const now = (await this.nowMs()) / 1000;
    const touched = await this.#ask(() => utimes(this.#pathOf(key), now, now).then(() => true), 'written').catch(absentIsUndefined);
    return touched ?? false;
  }

  async *read(key: string, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    let handle = await this.#open(key);
    try {
      for (let position = 0; ; ) {
        signal?.throwIfAborted();
        const buffer = Buffer.allocUnsafe(chunkBytes);
        const bytesRead = await this.#ask(async () => {
          try {
            return (await handle.read(buffer, 0, chunkBytes, position)).bytesRead;
          } catch (error) {
            if (!mayPass(error)) throw error;
            // A stale handle stays stale: the file is opened anew.
            const fresh = await this.#open(key);
            await handle.close().catch(() => {});
            handle = fresh;
            throw error;
          }
        }, 'read');
        if (bytesRead === 0) return;
        position += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await handle.close().catch(() => {});
    }
  }

  async delete(key: string): Promise<void> {
    await this.#ask(() => unlink(this.#pathOf(key)), 'written').catch(absentIsUndefined);
  }

  async *unfinished(): AsyncIterable<Unfinished> {
    for await (const { key, info } of this.#walk('')) {
      if (isHidden(key)) yield { name: key, sizeBytes: info.size, startedMs: info.mtimeMs, remove: () => this.delete(key) };
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** A file made now has the time of whoever keeps the files. */
  async #probe(): Promise<number> {
    const path = this.#temporaryIn(this.place);
    return this.#ask(async () => {
      const handle = await open(path, 'w');
      try {
        await handle.write('now');
        await handle.sync().catch(() => {});
        return (await handle.stat()).mtimeMs;
      } finally {
        await handle.close();
        await rm(path, { force: true });
      }
    }, 'written').catch((error: unknown) => {
      const explained = this.#explainWrite(error);
      // Where nothing can be written nothing is collected either: this machine's clock will do to tell ages.
      if (explained instanceof SnvgError && explained.code === 'STORE_REFUSED') return Date.now();
      throw explained;
    });
  }

  async #createWithoutLinks(temporary: string, path: string): Promise<'created' | 'exists'> {
    if (await patiently(() => lstat(path)).catch(absentIsUndefined)) return 'exists';
    // Somebody may come in between, with the same bytes or with a result of the same key: either is as good.
    await patiently(() => rename(temporary, path));
    await syncFolder(dirname(path));
    return 'created';
  }

  /** Writes the bytes under a hidden name beside `path`; that name is gone afterwards, whatever happens. */
  async #withTemporary<T>(path: string, source: ArtifactSource, content: Content | undefined, publish: (temporary: string) => Promise<T>): Promise<T> {
    const temporary = this.#temporaryIn(dirname(path));
    try {
      await this.#makeFolders(dirname(path));
      // From the beginning every time: what a try that failed has written is unknown.
      await patiently(() => writeWhole(temporary, source, content));
      return await publish(temporary);
    } catch (error) {
      throw this.#explainWrite(error);
    } finally {
      await rm(temporary, { force: true }).catch(() => {});
    }
  }

  async #makeFolders(dir: string): Promise<void> {
    if (dir === this.place) return;
    await patiently(() => mkdir(dir)).catch(async (error: unknown) => {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') return;
      if (code !== 'ENOENT' || dirname(dir) === this.place) throw error;
      await this.#makeFolders(dirname(dir));
      await patiently(() => mkdir(dir)).catch((again: unknown) => {
        if ((again as NodeJS.ErrnoException).code !== 'EEXIST') throw again;
      });
    });
  }

  async #open(key: string): Promise<FileHandle> {
    const handle = await this.#ask(() => open(this.#pathOf(key), constants.O_RDONLY | constants.O_NOFOLLOW), 'read').catch(absentIsUndefined);
    if (!handle) throw new ObjectMissing(`${key} is not in ${this.place}`);
    return handle;
  }

  /** A client of NFS may remember a file's times for a minute; opening the file has it ask the server. */
  async #statOpened(key: string): Promise<Stats> {
    const handle = await open(this.#pathOf(key), constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      return await handle.stat();
    } finally {
      await handle.close();
    }
  }

  async *#walk(folder: string): AsyncIterable<{ key: string; info: Stats }> {
    const entries = (await this.#ask(() => readdir(join(this.place, folder), { withFileTypes: true }), 'listed').catch(absentIsUndefined)) ?? [];
    for (const entry of entries) {
      const key = `${folder}${entry.name}`;
      if (entry.isDirectory()) yield* this.#walk(`${key}/`);
      else if (entry.isFile()) {
        // Somebody may have removed it meanwhile.
        const info = await this.#ask(() => lstat(this.#pathOf(key)), 'listed').catch(absentIsUndefined);
        if (info?.isFile()) yield { key, info };
      }
    }
  }

  async #ask<T>(request: () => Promise<T>, verb: Verb): Promise<T> {
    try {
      return await patiently(request);
    } catch (error) {
      throw this.#explain(error, verb);
    }
  }

  #explain(error: unknown, verb: Verb): unknown {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof SnvgError || code === undefined || code === 'ENOENT' || code === 'ENOTDIR') return error;
    if (mayPass(error)) return new SnvgError('STORE_UNAVAILABLE', `The store ${this.place} cannot be ${verb} (${code})`, 'Check the mount and its server, then run again: finished work is kept.', { cause: error });
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return new SnvgError('STORE_REFUSED', `The store ${this.place} may not be ${verb} (${code})`, 'Check the rights of the folder for this user, and how it is mounted.', { cause: error });
    return explainSystemError(error, `in the store ${this.place}`) ?? error;
  }

  #explainWrite(error: unknown): unknown {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || existsSync(this.place)) return this.#explain(error, 'written');
    return new SnvgError('STORE_UNAVAILABLE', `The folder of the store is gone: ${this.place}`, 'Mount it again, then run again: finished work is kept.', { cause: error });
  }

  #temporaryIn(dir: string): string {
    const host = hostname().replace(/[^A-Za-z0-9-]/g, '-').slice(0, 60);
    return join(dir, `.${host}.${process.pid}.${randomBytes(6).toString('hex')}.part`);
  }

  #pathOf(key: string): string {
    return join(this.place, key);
  }
}

type Verb = 'read' | 'written' | 'listed';

/** Everything of ours that is not finished begins with a dot; other hidden files are somebody else's. */
function isHidden(key: string): boolean {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return /^\..*\.part$/.test(name) || isTemporaryName(name);
}

async function writeWhole(path: string, source: ArtifactSource, content: Content | undefined): Promise<void> {
  const handle = await open(path, 'w');
  try {
    const bytes = 'bytes' in source ? [source.bytes] : createReadStream(source.path, { highWaterMark: chunkBytes });
    // Each is written behind the one before it.
    for await (const chunk of content && 'path' in source ? verified(bytes as AsyncIterable<Uint8Array>, content.hash, source.path) : bytes) await handle.writeFile(chunk as Uint8Array);
    // A full disk or quota of a server shows here at the latest.
    await handle.sync().catch((error: unknown) => {
      if (!['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    });
  } finally {
    await handle.close();
  }
}

function absentIsUndefined(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
}
