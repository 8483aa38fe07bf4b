import type { FileHandle } from 'node:fs/promises';
import type { ByteRange } from '../../artifacts/byte-range.js';
import { bytesAt, withFile } from '../bytes-at.js';
import { ebmlMagic, segmentId, vint } from '../ebml.js';

/** Element numbers of RFC 9559, with their length marks. */
const id = { seekHead: 0x114d9b74, seek: 0x4dbb, seekPosition: 0x53ac, cluster: 0x1f43b675, cues: 0x1c53bb6b, cuePoint: 0xbb, cueTrackPositions: 0xb7, cueClusterPosition: 0xf1 } as const;
/** More top-level elements than any file has before its first cluster, and larger indexes than any film's. */
const mostElements = 1_000;
const largestIndexBytes = 64 * 2 ** 20;
/** So much of the first cluster is read to know that it is one. */
const clusterHeadBytes = 64;

export interface MatroskaIndex {
  /** What lies before the first cluster, and what the file's own table of contents names elsewhere: cues, tags. */
  ranges: ByteRange[];
  /** Where the clusters lie that the cues name, in order: a seek lands at one. Empty without cues. */
  clustersAt: number[];
}

interface Element {
  id: number;
  /** Of its contents. */
  dataByte: number;
  endByte: number;
}

/** Undefined for what is not laid out as Matroska and WebM are (RFC 9559): elements of unknown length before the first cluster, say. */
export async function matroskaIndex(path: string): Promise<MatroskaIndex | undefined> {
  return withFile(path, async (file) => {
    if (!(await bytesAt(file, 0, 4)).equals(ebmlMagic)) return undefined;
    const header = await vint(file, 4);
    if (header?.value === undefined) return undefined;
    const segmentAt = 4 + header.length + header.value;
    const segment = (await bytesAt(file, segmentAt, 4)).equals(segmentId) ? await vint(file, segmentAt + 4) : undefined;
    if (!segment) return undefined;
    const firstByte = segmentAt + 4 + segment.length;
    const index: MatroskaIndex = { ranges: [], clustersAt: [] };
    const targets = new Set<number>();
    let at = firstByte;
    for (let n = 0; n < mostElements; n += 1) {
      const element = await elementAt(file, at);
      if (!element) return undefined;
      if (element.id === id.cluster) break;
      await takeIn(file, element, firstByte, { index, targets });
      at = element.endByte;
    }
    index.ranges.push({ startByte: 0, endByte: at + clusterHeadBytes });
    for (const target of targets) {
      const element = target < at ? undefined : await elementAt(file, target);
      if (!element || element.id === id.cluster) continue;
      index.ranges.push({ startByte: target, endByte: element.endByte });
      await takeIn(file, element, firstByte, { index, targets: new Set() });
    }
    index.clustersAt.sort((a, b) => a - b);
    return index;
  });
}

/** Where the cluster begins that holds `byte`, as far as the cues tell. */
export function clusterStart(clustersAt: readonly number[], byte: number): number {
  return clustersAt.findLast((cluster) => cluster <= byte) ?? byte;
}

/** Takes what a table of contents or the cues say into the index. */
async function takeIn(file: FileHandle, element: Element, firstByte: number, found: { index: MatroskaIndex; targets: Set<number> }): Promise<void> {
  if (element.id !== id.seekHead && element.id !== id.cues) return;
  if (element.endByte - element.dataByte > largestIndexBytes) return;
  const contents = await bytesAt(file, element.dataByte, element.endByte - element.dataByte);
  for (const entry of elementsIn(contents)) {
    for (const part of entry.id === id.cuePoint || entry.id === id.seek ? elementsIn(entry.data) : []) {
      if (part.id === id.seekPosition) found.targets.add(firstByte + numberIn(part.data));
      if (part.id !== id.cueTrackPositions) continue;
      for (const position of elementsIn(part.data)) {
        if (position.id === id.cueClusterPosition) found.index.clustersAt.push(firstByte + numberIn(position.data));
      }
    }
  }
}

/** Undefined where there is none, or its length is not known. */
async function elementAt(file: FileHandle, at: number): Promise<Element | undefined> {
  const first = (await bytesAt(file, at, 1))[0];
  const idLength = first === undefined || first === 0 ? 9 : Math.clz32(first) - 23;
  if (idLength > 4) return undefined;
  const number = (await bytesAt(file, at, idLength)).readUIntBE(0, idLength);
  const size = await vint(file, at + idLength);
  const dataByte = at + idLength + (size?.length ?? 0);
  // A cluster of a live recording may be of unknown length: it is not walked over.
  if (number === id.cluster) return { id: number, dataByte, endByte: dataByte };
  return size?.value === undefined ? undefined : { id: number, dataByte, endByte: dataByte + size.value };
}

/** The elements one after the other in `bytes`, as far as they are whole. */
function* elementsIn(bytes: Buffer): Generator<{ id: number; data: Buffer }> {
  for (let at = 0; at < bytes.length; ) {
    const idLength = Math.clz32(bytes[at] ?? 0) - 23;
    const sizeAt = at + idLength;
    const sizeLength = Math.clz32(bytes[sizeAt] ?? 0) - 23;
    const dataAt = sizeAt + sizeLength;
    if (idLength > 4 || sizeLength > 6 || dataAt > bytes.length) return;
    const size = bytes.readUIntBE(sizeAt, sizeLength) % 2 ** (7 * sizeLength);
    yield { id: bytes.readUIntBE(at, idLength), data: bytes.subarray(dataAt, dataAt + size) };
    at = dataAt + size;
  }
}

function numberIn(data: Buffer): number {
  return data.reduce((sum, byte) => sum * 256 + byte, 0);
}
