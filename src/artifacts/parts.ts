import { readFile } from 'node:fs/promises';
import { type ArtifactRef, isJsonKind } from './kinds.js';
import { anyRef } from './schemas/common.js';
import type { ArtifactStore } from './store.js';

export interface ArtifactPart {
  kind: string;
  hash: string;
  sizeBytes: number;
}

/**
 * An artifact and those that it is made of: a clip's description names its film, its captions and its cover. One that is not there, or
 * cannot be read, is named alone.
 */
export async function withParts(store: Pick<ArtifactStore, 'materialize'>, ref: ArtifactRef): Promise<ArtifactPart[]> {
  const parts: ArtifactPart[] = [{ kind: ref.kind, hash: ref.hash, sizeBytes: ref.sizeBytes }];
  if (!isJsonKind(ref.kind)) return parts;
  const text = await store
    .materialize(ref.hash)
    .then((path) => readFile(path, 'utf8'))
    .catch(() => 'null');
  JSON.parse(text, (_key, value: unknown) => {
    const part = anyRef.safeParse(value);
    if (part.success) parts.push(part.data);
    return value;
  });
  return parts;
}
