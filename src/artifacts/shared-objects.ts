import type { ArtifactSource } from './store.js';
import type { Content } from './hash.js';

/** An object under a key, whole and visible to all. */
export interface ObjectInfo {
  key: string;
  sizeBytes: number;
  /** Milliseconds since the epoch on the clock of the place itself: those of the machines may differ. */
  modifiedMs: number;
  /** The hash of its bytes, where the place itself took it when they came. */
  sha256?: string;
}

/** Something that was begun and is not visible: a temporary file, the parts of an upload. */
export interface Unfinished {
  /** For people. */
  name: string;
  sizeBytes: number;
  startedMs: number;
  remove(): Promise<void>;
}

/**
 * Objects by key in a place that several machines see. Keys are paths with slashes below the place's own root, and each of their parts was
 * checked by who made them. All of it throws {SnvgError} STORE_UNAVAILABLE for what may be better later, and STORE_REFUSED.
 */
export interface SharedObjects {
  /** For people: the folder, or s3://bucket/prefix. */
  readonly place: string;
  /** What the place's own clock says, to a second. */
  nowMs(): Promise<number>;
  /** All objects below a folder, such as `pins/`, in any order. */
  list(folder: string): AsyncIterable<ObjectInfo>;
  /** @param options.touches counts touches as changes: costs a store without modification times one more request */
  find(key: string, options?: { touches?: boolean }): Promise<ObjectInfo | undefined>;
  /** Writes an object that is not there: whole or not at all, and never over another. @throws {SnvgError} also DISK_FULL */
  create(key: string, source: ArtifactSource, content: Content): Promise<'created' | 'exists'>;
  /** Writes a small object over what may be there: readers see the old bytes or the new. */
  replace(key: string, bytes: Uint8Array): Promise<void>;
  /** Makes an object young. False: it is not there. */
  touch(key: string): Promise<boolean>;
  /** @throws {ObjectMissing} */
  read(key: string, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  delete(key: string): Promise<void>;
  unfinished(): AsyncIterable<Unfinished>;
  /** Removes what the place itself keeps about objects and that was written before a time on its clock. */
  tidy?(beforeMs: number): Promise<void>;
  close(): Promise<void>;
}

/** There is no object with this key. */
export class ObjectMissing extends Error {
  override readonly name = 'ObjectMissing';
}

/** A small object's text; undefined: it is not there. */
export async function readText(objects: SharedObjects, key: string): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of objects.read(key)) chunks.push(chunk);
  } catch (error) {
    if (error instanceof ObjectMissing) return undefined;
    throw error;
  }
  return Buffer.concat(chunks).toString('utf8');
}
