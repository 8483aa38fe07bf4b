import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FileArtifactStore } from '../../src/artifacts/file-store.js';
import type { ArtifactRef } from '../../src/artifacts/kinds.js';
import { type ArtifactSender, IncomingArtifacts } from '../../src/pipeline/backends/wire/incoming.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const content = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 31) % 251));
const ref: ArtifactRef = { kind: 'clip.mp4', hash: createHash('sha256').update(content).digest('hex'), sizeBytes: content.byteLength };

function scene() {
  const dir = temporaryFolder();
  const store = new FileArtifactStore(join(dir, 'store'));
  return { store, partsDir: join(dir, 'parts'), incoming: new IncomingArtifacts(join(dir, 'parts'), store) };
}

/** Sends the artifact, and notes where each sending began. */
function sender(starts: number[], options: { breakAfterBytes?: number; of?: Uint8Array } = {}): ArtifactSender {
  return async (startByte, take) => {
    starts.push(startByte);
    const of = options.of ?? content;
    for (let at = startByte; at < of.byteLength; at += 1000) {
      if (options.breakAfterBytes !== undefined && at - startByte >= options.breakAfterBytes) throw new Error('the line broke');
      await take(of.subarray(at, at + 1000));
    }
  };
}

it('goes on where a lost connection left off, also from another machine', async () => {
  const { store, incoming, partsDir } = scene();
  const starts: number[] = [];
  await expect(incoming.receive(ref, sender(starts, { breakAfterBytes: 2000 }))).rejects.toThrow('the line broke');
  expect(await store.has(ref.hash)).toBe(false);
  expect(await incoming.receive(ref, sender(starts))).toBe(true);
  expect(starts).toEqual([0, 2000]);
  expect(readFileSync(await store.materialize(ref.hash))).toEqual(content);
  expect(readdirSync(partsDir)).toEqual([]);
});

it('throws bytes away that are not the artifact’s, however they came about', async () => {
  const { store, incoming, partsDir } = scene();
  const starts: number[] = [];
  mkdirSync(partsDir);
  writeFileSync(join(partsDir, `${ref.hash}.part`), Buffer.alloc(3000));
  expect(await incoming.receive(ref, sender(starts))).toBe(false);
  expect(await incoming.receive(ref, sender(starts, { of: Buffer.alloc(content.byteLength) }))).toBe(false);
  writeFileSync(join(partsDir, `${ref.hash}.part`), Buffer.alloc(9000));
  expect(await incoming.receive(ref, sender(starts))).toBe(true);
  expect(starts).toEqual([3000, 0, 0]);
  expect(await store.has(ref.hash)).toBe(true);
});

it('fetches once what two machines have made', async () => {
  const { incoming } = scene();
  const starts: number[] = [];
  expect(await Promise.all([incoming.receive(ref, sender(starts)), incoming.receive(ref, sender(starts))])).toEqual([true, true]);
  expect(starts).toEqual([0]);
});

it('takes an empty artifact', async () => {
  const { store, incoming } = scene();
  const empty: ArtifactRef = { kind: 'captions.srt', hash: createHash('sha256').digest('hex'), sizeBytes: 0 };
  expect(await incoming.receive(empty, sender([]))).toBe(true);
  expect(await store.has(empty.hash)).toBe(true);
});
