import { createHash } from 'node:crypto';
import { ArtifactDamaged } from './faults.js';
import { hashFile } from './fingerprint.js';
import type { ArtifactSource } from './store.js';

/** A file known by its content. */
export interface Content {
  /** sha256, 64 hexadecimal digits. */
  hash: string;
  sizeBytes: number;
}

/** Whether a name is one that a store gives: nothing else ever becomes part of a path or of an object's key. */
export function isHash(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

/** @throws {TypeError} for what is no sha256 in hexadecimal: as a part of a path it could lead out of the store */
export function requireHash(hash: string): string {
  if (!isHash(hash)) throw new TypeError(`not the sha256 of an artifact: ${JSON.stringify(hash)}`);
  return hash;
}

/** The content of bytes, or of a file, streamed. */
export async function contentOf(source: ArtifactSource): Promise<Content> {
  if ('bytes' in source) return { hash: createHash('sha256').update(source.bytes).digest('hex'), sizeBytes: source.bytes.byteLength };
  const { sha256, sizeBytes } = await hashFile(source.path);
  return { hash: sha256, sizeBytes };
}

/** Passes bytes on and, behind the last of them, throws when they are not the artifact's. @throws {ArtifactDamaged} */
export async function* verified(bytes: AsyncIterable<Uint8Array>, hash: string, place: string): AsyncIterable<Uint8Array> {
  const seen = createHash('sha256');
  for await (const chunk of bytes) {
    seen.update(chunk);
    yield chunk;
  }
  if (seen.digest('hex') !== hash) throw new ArtifactDamaged(hash, place);
}
