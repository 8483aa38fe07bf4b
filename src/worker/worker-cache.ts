import { rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../artifacts/atomic-file.js';
import { FileArtifactStore } from '../artifacts/file-store.js';
import { PartialFiles } from '../artifacts/partial-files.js';
import { isSameProcessAlive, ownerTag } from '../process/identity.js';
import { FinishedTasks } from './finished-tasks.js';

/** Of parts of films kept for later tasks. A two-hour film in full HD has 2 to 6 GB. */
const partialsBytes = 20e9;
/** So much stays free: one short clip with its captions and what else a machine needs. */
const floorBytes = 64 * 2 ** 20;
/** What was made here is kept so long for who may ask for it again; less when the disk is filling, down to what may just be fetched. */
const keptMs = { usual: 3 * 24 * 3600_000, least: 10 * 60_000 };

/** What a worker keeps between tasks: parts of files, artifacts that it made, and which task left which. */
export class WorkerCache {
  readonly dir: string;
  readonly artifactsDir: string;
  readonly finishedDir: string;
  readonly partials: PartialFiles;
  readonly store: FileArtifactStore;
  readonly finished: FinishedTasks;
  /** Artifacts that nobody has taken over yet, by the key of their task. */
  readonly #unkept = new Map<string, string[]>();

  constructor(dir: string) {
    this.dir = dir;
    this.artifactsDir = join(dir, 'artifacts');
    this.finishedDir = join(dir, 'finished');
    this.partials = new PartialFiles(join(dir, 'parts'), { maxBytes: partialsBytes, holder: { tag: ownerTag(), isAlive: isTagAlive } });
    this.store = new FileArtifactStore(this.artifactsDir);
    this.finished = new FinishedTasks(this.finishedDir, this.store);
  }

  async freeDiskBytes(): Promise<number> {
    await makeFolder(this.dir);
    const { bavail, bsize } = await statfs(this.dir);
    return bavail * bsize;
  }

  /** Removes what is old, and more than that while less is free than the floor and `neededBytes`. @returns whether there is room then */
  async makeRoom(neededBytes: number): Promise<boolean> {
    const enough = async (): Promise<boolean> => (await this.freeDiskBytes()) >= floorBytes + neededBytes;
    if (await enough()) return true;
    await this.collect(keptMs.usual);
    if (await enough()) return true;
    await this.collect(keptMs.least);
    return enough();
  }

  /** Gives up parts of files over the bound, and what was made longer ago than `olderThanMs`. */
  async collect(olderThanMs: number = keptMs.usual): Promise<void> {
    const before = Date.now() - olderThanMs;
    await this.partials.collect();
    await this.finished.deleteOlderThan(before);
    await this.store.gc(new Set([...this.#unkept.values()].flat()), before);
  }

  /** Nothing of a task is given up until `taken`. */
  hold(key: string, hashes: string[]): void {
    this.#unkept.set(key, hashes);
  }

  taken(key: string): void {
    this.#unkept.delete(key);
  }

  /** Forgets a task and what it made: the bytes are not what they should be. */
  async spoilt(key: string): Promise<void> {
    this.taken(key);
    const known = await this.finished.delete(key);
    for (const { hash } of known?.artifacts ?? []) await rm(await this.store.materialize(hash), { force: true });
  }
}

function isTagAlive(tag: string): boolean {
  const [pid, startTime = ''] = tag.split('.');
  return isSameProcessAlive({ pid: Number(pid), startTime });
}
