import { readdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { explainWriteError, makeFolder } from './atomic-file.js';

/** Whose holds they are, where several processes share a folder. A hold of one that does not live counts for nothing. */
export interface Holder {
  /** Of letters, digits, dots and hyphens. */
  tag: string;
  isAlive(tag: string): boolean;
}

const heldName = /^([0-9a-f]{64})\.([\w.-]+)\.held$/;

/** Who reads which file: counted in this process, and written beside the file for others as `<sha256>.<tag>.held`. */
export class FileHolds {
  readonly #pathOf: (sha256: string) => string;
  readonly #holder: Holder | undefined;
  readonly #counts = new Map<string, number>();

  constructor(pathOf: (sha256: string) => string, holder: Holder | undefined) {
    this.#pathOf = pathOf;
    this.#holder = holder;
  }

  /** @throws {SnvgError} DISK_FULL, OUTPUT_UNWRITABLE */
  async take(sha256: string): Promise<void> {
    const count = this.#counts.get(sha256) ?? 0;
    if (count === 0 && this.#holder) {
      const path = this.#note(sha256, this.#holder.tag);
      await makeFolder(dirname(path));
      await writeFile(path, '').catch((error: unknown) => {
        throw explainWriteError(error, path);
      });
    }
    this.#counts.set(sha256, count + 1);
  }

  async release(sha256: string): Promise<void> {
    const left = (this.#counts.get(sha256) ?? 1) - 1;
    if (left > 0) this.#counts.set(sha256, left);
    else {
      this.#counts.delete(sha256);
      if (this.#holder) await rm(this.#note(sha256, this.#holder.tag), { force: true });
    }
  }

  async isHeld(sha256: string): Promise<boolean> {
    if (this.#counts.has(sha256)) return true;
    const holder = this.#holder;
    if (!holder) return false;
    const names = await readdir(dirname(this.#pathOf(sha256))).catch(() => []);
    const tags = names.flatMap((name) => {
      const [, of, tag] = heldName.exec(name) ?? [];
      return of === sha256 && tag !== undefined && tag !== holder.tag ? [tag] : [];
    });
    const dead = tags.filter((tag) => !holder.isAlive(tag));
    await Promise.all(dead.map((tag) => rm(this.#note(sha256, tag), { force: true })));
    return dead.length < tags.length;
  }

  #note(sha256: string, tag: string): string {
    return `${this.#pathOf(sha256)}.${tag}.held`;
  }
}
