import { mkdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../artifacts/atomic-file.js';
import type { Validator } from './remote-object.js';

const validator = z.object({ etag: z.string().nullable(), lastModified: z.string().nullable() });
const partState = z.object({ validator, totalBytes: z.number().nullable() });
const doneState = z.object({ fileName: z.string(), sizeBytes: z.number(), validator });
export type PartState = z.infer<typeof partState>;
export type DoneState = z.infer<typeof doneState>;

const names = { part: 'download.part', partState: 'part.json', doneState: 'done.json' } as const;

/** The folder of one remote input: a part that can be continued, or the finished file, each with what tells its version. */
export class DownloadFolder {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  get partPath(): string {
    return join(this.dir, names.part);
  }

  async make(): Promise<void> {
    await mkdir(this.dir, { recursive: true });
  }

  /** The finished file, if it lies there whole. */
  async finished(): Promise<(DoneState & { path: string }) | undefined> {
    const done = await readJson(join(this.dir, names.doneState), doneState);
    if (!done) return undefined;
    const path = join(this.dir, done.fileName);
    const info = await stat(path).catch(() => undefined);
    return info?.isFile() && info.size === done.sizeBytes ? { ...done, path } : undefined;
  }

  /** The part and how many of its bytes are there. A part of an unknown version cannot be continued. */
  async part(): Promise<(PartState & { bytes: number }) | undefined> {
    const state = await readJson(join(this.dir, names.partState), partState);
    const info = await stat(this.partPath).catch(() => undefined);
    return state && info ? { ...state, bytes: info.size } : undefined;
  }

  async describePart(state: PartState): Promise<void> {
    await writeFileAtomically(join(this.dir, names.partState), JSON.stringify(state));
  }

  async describeDone(state: DoneState): Promise<void> {
    await writeFileAtomically(join(this.dir, names.doneState), JSON.stringify(state));
    await rm(join(this.dir, names.partState), { force: true });
  }

  /** A failure before the first byte leaves nothing behind. */
  async removeIfEmpty(): Promise<void> {
    await rmdir(this.dir).catch(() => {});
  }

  /** Forgets the part: the next attempt begins at the first byte. */
  async dropPart(): Promise<void> {
    await rm(this.partPath, { force: true });
    await rm(join(this.dir, names.partState), { force: true });
  }

  /** Forgets everything: the next fetch begins anew. */
  async clear(): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
    await this.make();
  }
}

export function isKnown(version: Validator): boolean {
  return version.etag !== null || version.lastModified !== null;
}

export function isSameVersion(one: Validator, other: Validator): boolean {
  if (one.etag !== null && other.etag !== null) return one.etag === other.etag;
  return one.lastModified !== null && one.lastModified === other.lastModified;
}

async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}
