import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../artifacts/atomic-file.js';
import { hashFile } from '../artifacts/fingerprint.js';
import { foldedName } from './names.js';

const ledgerName = '.snvg.json';

const version = z.object({ sha256: z.string(), sizeBytes: z.number(), mtimeMs: z.number() });
type Version = z.infer<typeof version>;

const entry = version.extend({
  /** The version that stood there when this one was about to replace it: a kill may come between writing this down and the rename. */
  replaces: version.optional(),
  /** The moment a caption file belongs to, so that a correction follows it when its number changes. */
  lineage: z.string().optional(),
});
type Entry = z.infer<typeof entry>;

const schema = z.object({ schemaVersion: z.literal(1), jobId: z.string(), files: z.record(z.string(), entry) });

/**
 * Files up to this size are compared by content, whatever their time: they are what people edit, and a file system that
 * keeps times to two seconds (exFAT) shows no difference when a letter is replaced soon after delivery.
 */
const alwaysHashedBytes = 256 * 1024;

/**
 * What lies under a name in the output folder, compared with what was delivered there. `known` is the name it was delivered
 * under: where a file system does not tell `Talk` from `talk`, that may be the other.
 */
export type FileState = { state: 'absent' | 'foreign' } | { state: 'changed'; known: string } | { state: 'ours'; known: string; sha256: string };

/** Which files of an output folder a job wrote, and their bytes (`.snvg.json`). */
export class Ledger {
  readonly jobId: string;
  readonly #dir: string;
  readonly #files: Record<string, Entry>;
  #saving: Promise<void> = Promise.resolve();

  private constructor(dir: string, jobId: string, files: Record<string, Entry>) {
    this.#dir = dir;
    this.jobId = jobId;
    this.#files = files;
  }

  static empty(dir: string, jobId: string): Ledger {
    return new Ledger(dir, jobId, {});
  }

  /** Undefined when the folder has none, or one that cannot be read: the folder is then not known to be ours. */
  static async read(dir: string): Promise<Ledger | undefined> {
    try {
      const { jobId, files } = schema.parse(JSON.parse(await readFile(join(dir, ledgerName), 'utf8')));
      return new Ledger(dir, jobId, files);
    } catch {
      return undefined;
    }
  }

  names(): string[] {
    return Object.keys(this.#files);
  }

  /** Names of the files delivered for one moment. */
  namesOf(lineage: string): string[] {
    return this.names().filter((name) => this.#files[name]?.lineage === lineage);
  }

  /** The moment a file was delivered for. */
  lineageOf(name: string): string | undefined {
    return this.#files[name]?.lineage;
  }

  /** Of large files, same size and time count as the same bytes; anything else is hashed. */
  async stateOf(name: string): Promise<FileState> {
    const info = await stat(join(this.#dir, name)).catch(() => undefined);
    if (!info) return { state: 'absent' };
    const known = this.#files[name] ? name : await this.#sameFile(name, info);
    const entryOf = known === undefined ? undefined : this.#files[known];
    if (known === undefined || entryOf === undefined) return { state: 'foreign' };
    const versions: Version[] = entryOf.replaces ? [entryOf, entryOf.replaces] : [entryOf];
    const untouched = versions.find((one) => one.sizeBytes === info.size && one.mtimeMs === info.mtimeMs);
    if (untouched && info.size > alwaysHashedBytes) return { state: 'ours', known, sha256: untouched.sha256 };
    const { sha256 } = await hashFile(join(this.#dir, name));
    const same = versions.find((one) => one.sha256 === sha256);
    if (!same) return { state: 'changed', known };
    // Copied, or kept by a file system that rounds times: next time it need not be hashed.
    same.mtimeMs = info.mtimeMs;
    return { state: 'ours', known, sha256 };
  }

  /** The name under which this very file was delivered, when the file system takes two names for one. */
  async #sameFile(name: string, info: { dev: number; ino: number }): Promise<string | undefined> {
    for (const other of this.names()) {
      if (foldedName(other) !== foldedName(name)) continue;
      const found = await stat(join(this.#dir, other)).catch(() => undefined);
      if (found && found.ino === info.ino && found.dev === info.dev) return other;
    }
    return undefined;
  }

  /** Writes down what is about to be renamed into place; must be durable before the rename. */
  async announce(name: string, next: Version, lineage: string | undefined): Promise<void> {
    const { replaces: _older, lineage: _lineage, ...current } = this.#files[name] ?? {};
    this.#files[name] = { ...next, ...('sha256' in current ? { replaces: current } : {}), ...(lineage === undefined ? {} : { lineage }) };
    await this.save();
  }

  /** Writes down that a file is about to be called `to`; durable before the rename, as `forget` of the old name is after it. */
  async announceRename(from: string, to: string): Promise<void> {
    const known = this.#files[from];
    if (!known) return;
    this.#files[to] = known;
    await this.save();
  }

  async forget(names: readonly string[]): Promise<void> {
    for (const name of names) delete this.#files[name];
    await this.save();
  }

  /** One write at a time: clips finish side by side. */
  save(): Promise<void> {
    const next = this.#saving.then(() =>
      writeFileAtomically(join(this.#dir, ledgerName), `${JSON.stringify({ schemaVersion: 1, jobId: this.jobId, files: this.#files }, null, 1)}\n`),
    );
    this.#saving = next.catch(() => {});
    return next;
  }
}
