import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { makeFolder, writeFileAtomically } from '../artifacts/atomic-file.js';
import type { Paths } from '../config/paths.js';
import { explainSystemError, SnvgError } from '../errors.js';
import { isSameProcessAlive, ownerTag } from '../process/identity.js';

/** What a folder of ours in a place that others use as well is called. */
const ownName = /^snvg-[0-9a-f]{16}$/;
/** `<pid>.<start time>` is a scratch folder in the cache, `<pid>.<start time>.elsewhere` a file that names one in TMPDIR. */
const entryName = /^(\d+)\.(\d+)(\.elsewhere)?$/;

/**
 * The folder below which the tasks of one process write what is half made: in the cache, or in TMPDIR when that is set. One
 * elsewhere is written down in the cache before it is made, so that the next run removes it after a kill whatever TMPDIR is then.
 */
export class Scratch {
  readonly root: string;
  readonly #index: string;
  readonly #note: string | undefined;
  #made = false;

  constructor(paths: Pick<Paths, 'cacheDir' | 'scratchDir'>) {
    this.#index = indexOf(paths);
    if (paths.scratchDir === this.#index) {
      this.root = join(this.#index, ownerTag());
      return;
    }
    this.root = join(paths.scratchDir, `snvg-${randomBytes(8).toString('hex')}`);
    this.#note = join(this.#index, `${ownerTag()}.elsewhere`);
  }

  /**
   * Makes the folder, for this user alone.
   * @throws {SnvgError} CONFIG_INVALID when TMPDIR is no folder that can be written; DISK_FULL, OUTPUT_UNWRITABLE
   */
  async make(): Promise<void> {
    await makeFolder(this.#index);
    if (this.#note !== undefined) await writeFileAtomically(this.#note, this.root);
    this.#made = true;
    try {
      await mkdir(this.root, { mode: 0o700 });
    } catch (error) {
      throw this.#note === undefined ? (explainSystemError(error) ?? error) : unusable(join(this.root, '..'), error);
    }
  }

  async remove(): Promise<void> {
    if (!this.#made) return;
    await rm(this.root, { recursive: true, force: true });
    if (this.#note !== undefined) await rm(this.#note, { force: true });
  }
}

/** Refuses a TMPDIR that is no folder before anything runs there. @throws {SnvgError} CONFIG_INVALID */
export async function requireScratchPlace(paths: Pick<Paths, 'cacheDir' | 'scratchDir'>): Promise<void> {
  if (paths.scratchDir === indexOf(paths)) return;
  const info = await stat(paths.scratchDir).catch((error: unknown) => {
    throw unusable(paths.scratchDir, error);
  });
  if (!info.isDirectory()) throw unusable(paths.scratchDir, new Error('not a folder'));
}

/** Removes the scratch folders of processes that have ended without doing so. */
export async function removeScratchOfTheDead(paths: Pick<Paths, 'cacheDir' | 'scratchDir'>): Promise<void> {
  const index = indexOf(paths);
  for (const name of await readdir(index).catch(() => [])) {
    const [, pid, startTime = '', elsewhere] = entryName.exec(name) ?? [];
    if (pid === undefined || isSameProcessAlive({ pid: Number(pid), startTime })) continue;
    const path = join(index, name);
    if (elsewhere !== undefined) await removeOwn(await readFile(path, 'utf8').catch(() => ''));
    await rm(path, { recursive: true, force: true });
  }
}

/** Removes a folder only if it is surely one of ours: TMPDIR is shared with others. */
async function removeOwn(path: string): Promise<void> {
  if (!ownName.test(basename(path))) return;
  const info = await lstat(path).catch(() => undefined);
  if (info?.isDirectory() && info.uid === process.getuid?.()) await rm(path, { recursive: true, force: true });
}

function indexOf(paths: Pick<Paths, 'cacheDir'>): string {
  return join(paths.cacheDir, 'scratch');
}

function unusable(dir: string, error: unknown): SnvgError {
  const full = explainSystemError(error, `for temporary files in ${dir}`);
  if (full?.code === 'DISK_FULL' || full?.code === 'FILE_LIMIT') return full;
  const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
  return new SnvgError('CONFIG_INVALID', `TMPDIR is ${dir}, where no temporary files can be written (${why})`, 'Set TMPDIR to a folder you may write to, or unset it: the cache is used then.', { cause: error });
}
