import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, copyFile, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { commitFile, explainWriteError, isTemporaryName, temporaryName } from '../artifacts/atomic-file.js';
import { SnvgError } from '../errors.js';
import { Ledger } from './ledger.js';

const previousName = '.previous';

/**
 * The folder a job delivers into. It replaces only files it wrote, by rename, and never touches what it did not
 * write or what a person changed. A changed caption file (`.srt`) is not a conflict: it is how words are corrected.
 */
export class OutputFolder {
  readonly dir: string;
  readonly #ledger: Ledger;
  #made: Promise<void> | undefined;

  private constructor(dir: string, ledger: Ledger) {
    this.dir = dir;
    this.#ledger = ledger;
  }

  /**
   * Looks at the folder without making or changing anything.
   * @throws {SnvgError} OUTPUT_NOT_OURS when it is a file, holds things of others, or files of ours that a person
   * changed; OUTPUT_UNWRITABLE
   */
  static async inspect(dir: string, jobId: string): Promise<OutputFolder> {
    const entries = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      if (error.code === 'ENOTDIR') throw notOurs(dir, `${dir} is not a folder`);
      throw explainWriteError(error, dir);
    });
    await requireWritable(entries === undefined ? await nearestExisting(dirname(dir)) : dir, dir);
    if (entries === undefined || entries.length === 0) return new OutputFolder(dir, Ledger.empty(dir, jobId));
    const ledger = await Ledger.read(dir);
    if (!ledger) throw notOurs(dir, `The folder ${dir} already holds files that are not snvg's`);
    if (ledger.jobId !== jobId) throw notOurs(dir, `The folder ${dir} belongs to the clips of another source`);
    for (const name of ledger.names()) {
      if (!isCaptionFile(name) && (await ledger.stateOf(name)).state === 'changed') {
        throw new SnvgError('OUTPUT_NOT_OURS', `${join(dir, name)} was changed after snvg wrote it`, 'Move your copy elsewhere or choose another folder with --output. (To correct words, edit the .srt file.)');
      }
    }
    return new OutputFolder(dir, ledger);
  }

  /** The caption file of this moment that a person changed since it was delivered, if there is one. */
  async editedCaptions(lineage: string): Promise<string | undefined> {
    const name = await this.#editedName(lineage);
    return name === undefined ? undefined : join(this.dir, name);
  }

  /** Delivers a copy of a finished file of a moment. */
  async deliver(name: string, file: { path: string; sha256: string }, lineage: string): Promise<void> {
    await this.#make();
    const edited = isCaptionFile(name) ? await this.#editedName(lineage) : undefined;
    if (edited !== undefined) {
      // The person's words stay in the person's file, under the clip's present name.
      if (edited !== name) {
        await rename(join(this.dir, edited), join(this.dir, name));
        await this.#ledger.moved(edited, name);
      }
      return;
    }
    await this.#replace(name, file.sha256, lineage, (temporary) => copyFile(file.path, temporary, constants.COPYFILE_FICLONE));
  }

  /** Writes a text file of ours. */
  async write(name: string, text: string): Promise<void> {
    await this.#make();
    const sha256 = createHash('sha256').update(text).digest('hex');
    await this.#replace(name, sha256, undefined, (temporary) => writeFile(temporary, text, { flag: 'wx' }));
  }

  /** Moves what this job delivered earlier and no longer delivers into `.previous/`; returns the names. */
  async retireAllBut(current: ReadonlySet<string>): Promise<string[]> {
    const gone = this.#ledger.names().filter((name) => !current.has(name));
    if (gone.length === 0) return gone;
    const previous = join(this.dir, previousName);
    await mkdir(previous, { recursive: true });
    for (const name of gone) {
      await rename(join(this.dir, name), join(previous, name)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw explainWriteError(error, previous);
      });
    }
    await this.#ledger.forget(gone);
    return gone;
  }

  async #editedName(lineage: string): Promise<string | undefined> {
    for (const name of this.#ledger.namesOf(lineage)) {
      if (isCaptionFile(name) && (await this.#ledger.stateOf(name)).state === 'changed') return name;
    }
    return undefined;
  }

  async #replace(name: string, sha256: string, lineage: string | undefined, write: (temporary: string) => Promise<void>): Promise<void> {
    const found = await this.#ledger.stateOf(name);
    if (found.state === 'ours' && found.sha256 === sha256) return;
    const path = join(this.dir, name);
    if (found.state === 'foreign' || found.state === 'changed') {
      throw new SnvgError('OUTPUT_NOT_OURS', `${path} is not snvg's own file`, 'Move it elsewhere or choose another folder with --output.');
    }
    const temporary = temporaryName(path);
    try {
      await write(temporary);
      // A rename keeps size and time, so what is written down now is what will lie there.
      const info = await stat(temporary);
      await this.#ledger.announce(name, { sha256, sizeBytes: info.size, mtimeMs: info.mtimeMs }, lineage);
      await commitFile(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw explainWriteError(error, path);
    }
  }

  #make(): Promise<void> {
    this.#made ??= this.#makeOnce();
    return this.#made;
  }

  async #makeOnce(): Promise<void> {
    try {
      await mkdir(this.dir, { recursive: true });
    } catch (error) {
      throw explainWriteError(error, this.dir);
    }
    // A run that was killed while writing leaves its temporary file; the job's lease says that nobody else writes here.
    for (const name of await readdir(this.dir)) {
      if (isTemporaryName(name)) await rm(join(this.dir, name), { force: true });
    }
    await this.#ledger.save();
  }
}

function isCaptionFile(name: string): boolean {
  return name.endsWith('.srt');
}

async function requireWritable(existing: string, wanted: string): Promise<void> {
  try {
    await access(existing, constants.W_OK);
  } catch (error) {
    throw explainWriteError(error, wanted);
  }
}

/** The closest folder above that exists, for questions about a path that does not exist yet. */
export async function nearestExisting(dir: string): Promise<string> {
  for (let candidate = dir; ; candidate = dirname(candidate)) {
    if (await stat(candidate).catch(() => undefined)) return candidate;
    if (candidate === dirname(candidate)) return candidate;
  }
}

function notOurs(dir: string, message: string): SnvgError {
  return new SnvgError('OUTPUT_NOT_OURS', message, `Choose another folder with --output, for example ${basename(dir)}-2.`);
}
