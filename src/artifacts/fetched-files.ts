import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { discard, explainWriteError, temporaryName } from './atomic-file.js';
import { contentOf, requireHash } from './hash.js';

/** A file handed out this recently is not removed: whoever asked for its path is about to open it. */
const graceMs = 600_000;

/** Copies of artifacts that lie elsewhere, `<root>/ab/<sha256>`, verified, of which those longest unused go when it becomes too many. */
export class FetchedFiles {
  readonly #root: string;
  readonly #mostBytes: number;
  readonly #asked = new Map<string, Promise<string>>();
  /** Verified by this process, by hash: their size and inode. */
  readonly #known = new Map<string, string>();
  /** Undefined until the folder was looked through. */
  #bytes: number | undefined;

  /** @param mostBytes is kept to but for what is in use */
  constructor(root: string, mostBytes: number) {
    this.#root = root;
    this.#mostBytes = mostBytes;
  }

  /**
   * The path of an artifact's copy.
   * @param fetch writes verified bytes to a new file
   * @throws {SnvgError} DISK_FULL, OUTPUT_UNWRITABLE; what `fetch` throws
   */
  get(hash: string, fetch: (path: string) => Promise<void>): Promise<string> {
    let asked = this.#asked.get(hash);
    if (!asked) {
      asked = this.#find(requireHash(hash), fetch).finally(() => this.#asked.delete(hash));
      this.#asked.set(hash, asked);
    }
    return asked;
  }

  async #find(hash: string, fetch: (path: string) => Promise<void>): Promise<string> {
    const path = join(this.#root, hash.slice(0, 2), hash);
    if (await this.#isGood(hash, path)) return path;
    const temporary = temporaryName(path);
    try {
      await mkdir(dirname(path), { recursive: true });
      await fetch(temporary);
      const { size, ino } = await stat(temporary);
      await rename(temporary, path);
      this.#known.set(hash, `${size}.${ino}`);
      await this.#keepWithin(size, path);
    } catch (error) {
      await discard(temporary);
      throw explainWriteError(error, path);
    }
    return path;
  }

  async #isGood(hash: string, path: string): Promise<boolean> {
    const now = new Date();
    // In use now: says so to other processes too.
    const info = await utimes(path, now, now).then(() => stat(path)).catch(() => undefined);
    if (!info) return false;
    const stamp = `${info.size}.${info.ino}`;
    if (this.#known.get(hash) === stamp) return true;
    if ((await contentOf({ path }).catch(() => undefined))?.hash === hash) {
      this.#known.set(hash, stamp);
      return true;
    }
    await rm(path, { force: true });
    return false;
  }

  async #keepWithin(addedBytes: number, added: string): Promise<void> {
    if (this.#bytes !== undefined) this.#bytes += addedBytes;
    if (this.#bytes !== undefined && this.#bytes <= this.#mostBytes) return;
    const files = await this.#files();
    this.#bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const youngestMs = Date.now() - graceMs;
    for (const { path, sizeBytes, usedMs } of files.toSorted((a, b) => a.usedMs - b.usedMs)) {
      if (this.#bytes <= this.#mostBytes || usedMs > youngestMs) return;
      if (path === added) continue;
      await rm(path, { force: true });
      this.#bytes -= sizeBytes;
    }
  }

  async #files(): Promise<{ path: string; sizeBytes: number; usedMs: number }[]> {
    const entries = await readdir(this.#root, { recursive: true, withFileTypes: true }).catch(() => []);
    const files = await Promise.all(
      entries.filter((entry) => entry.isFile()).map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        const info = await stat(path).catch(() => undefined);
        return info ? [{ path, sizeBytes: info.size, usedMs: info.mtimeMs }] : [];
      }),
    );
    return files.flat();
  }
}
