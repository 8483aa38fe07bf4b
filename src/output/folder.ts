import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, copyFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { commitFile, discard, explainWriteError, isTemporaryName, makeFolder, moveFile, temporaryName } from '../artifacts/atomic-file.js';
import { SnvgError } from '../errors.js';
import { Ledger } from './ledger.js';

const previousName = '.previous';

/** What systems put into folders on their own: a folder that holds nothing else is empty. */
const litter = /^(?:\.DS_Store|\._.*|\.Spotlight-V100|\.Trashes|\.fseventsd|Thumbs\.db|desktop\.ini|lost\+found)$/i;

/**
 * The folder a job delivers into. It replaces only files it wrote, by rename, and never touches what it did not
 * write or what a person changed. A changed caption file (`.srt`) is not a conflict: it is how words are corrected.
 */
export class OutputFolder {
  readonly dir: string;
  readonly #ledger: Ledger;
  #made: Promise<void> | undefined;
  /** Corrected words change names one after the other: clips finish side by side, and one may lie where another goes. */
  #placing: Promise<void> = Promise.resolve();

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
    if (entries === undefined || entries.every((name) => litter.test(name) || isTemporaryName(name))) return new OutputFolder(dir, Ledger.empty(dir, jobId));
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
    if (isCaptionFile(name)) {
      const kept = this.#placing.then(() => this.#keepEdited(name, lineage));
      this.#placing = kept.then(noted, noted);
      if (await kept) return;
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
    await makeFolder(previous);
    for (const name of gone) {
      await moveFile(join(this.dir, name), join(previous, name)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw explainWriteError(error, previous);
      });
    }
    await this.#ledger.forget(gone);
    return gone;
  }

  /** Brings the moment's corrected words, if there are any, under the clip's present name; returns whether there are. */
  async #keepEdited(name: string, lineage: string): Promise<boolean> {
    const edited = await this.#editedName(lineage);
    if (edited === name) return true;
    await this.#makeWay(name, lineage);
    if (edited === undefined) return false;
    // The person's words stay in the person's file.
    await this.#rename(edited, name);
    return true;
  }

  /** Puts aside another moment's corrected words that lie under this name, until that moment is delivered. */
  async #makeWay(name: string, lineage: string): Promise<void> {
    const found = await this.#ledger.stateOf(name);
    if (found.state === 'foreign') throw inTheWay(join(this.dir, name));
    if (found.state !== 'changed') return;
    const owner = this.#ledger.lineageOf(found.known);
    if (owner === undefined) throw inTheWay(join(this.dir, name));
    if (owner !== lineage) await this.#rename(found.known, `.${owner}.kept.srt`);
  }

  async #rename(from: string, to: string): Promise<void> {
    try {
      await this.#ledger.announceRename(from, to);
      await rename(join(this.dir, from), join(this.dir, to));
      await this.#ledger.forget([from]);
    } catch (error) {
      throw explainWriteError(error, join(this.dir, to));
    }
  }

  async #editedName(lineage: string): Promise<string | undefined> {
    for (const name of this.#ledger.namesOf(lineage)) {
      if (isCaptionFile(name) && (await this.#ledger.stateOf(name)).state === 'changed') return name;
    }
    return undefined;
  }

  async #replace(name: string, sha256: string, lineage: string | undefined, write: (temporary: string) => Promise<void>): Promise<void> {
    const found = await this.#ledger.stateOf(name);
    const path = join(this.dir, name);
    if (found.state === 'foreign' || found.state === 'changed') throw inTheWay(path);
    // One file under two spellings: it takes the present one before it is replaced.
    if (found.state === 'ours' && found.known !== name) await this.#rename(found.known, name);
    if (found.state === 'ours' && found.sha256 === sha256) return;
    const temporary = temporaryName(path);
    try {
      await write(temporary);
      // A rename keeps size and time, so what is written down now is what will lie there.
      const info = await stat(temporary);
      await this.#ledger.announce(name, { sha256, sizeBytes: info.size, mtimeMs: info.mtimeMs }, lineage);
      await commitFile(temporary, path);
    } catch (error) {
      await discard(temporary);
      throw explainWriteError(error, path);
    }
  }

  #make(): Promise<void> {
    this.#made ??= this.#makeOnce();
    return this.#made;
  }

  async #makeOnce(): Promise<void> {
    await makeFolder(this.dir);
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

function noted(): void {}

function inTheWay(path: string): SnvgError {
  return new SnvgError('OUTPUT_NOT_OURS', `${path} is not snvg's own file`, 'Move it elsewhere or choose another folder with --output.');
}

function notOurs(dir: string, message: string): SnvgError {
  return new SnvgError('OUTPUT_NOT_OURS', message, `Choose another folder with --output, for example ${basename(dir)}-2.`);
}
