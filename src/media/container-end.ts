import type { FileHandle } from 'node:fs/promises';
import { bytesAt, withFile } from './bytes-at.js';
import { ebmlMagic, segmentId, vint } from './ebml.js';

/** Boxes an MP4 or QuickTime file may begin with. */
const firstBoxes = new Set(['ftyp', 'styp', 'moov', 'mdat', 'free', 'skip', 'wide', 'pnot', 'uuid']);

/** Whether the file is an MP4 by its first bytes, not by its name. */
export async function beginsLikeMp4(path: string): Promise<boolean> {
  return withFile(path, async (file) => firstBoxes.has((await bytesAt(file, 4, 4)).toString('latin1')));
}

/**
 * Whether a container states more bytes than the file has: a download or copy that broke off. Only headers are read.
 * Undefined where the container does not say (MPEG-TS, live recordings) or is not one of ISO-BMFF, Matroska and RIFF.
 *
 * Layouts: ISO/IEC 14496-12 §4.2 (box sizes), RFC 8794 (EBML variable-length sizes), RFC 9559 (Matroska's Segment), RIFF.
 */
export async function isCutShort(path: string): Promise<boolean | undefined> {
  return withFile(path, async (file) => {
    const { size } = await file.stat();
    const head = await bytesAt(file, 0, 12);
    if (firstBoxes.has(head.subarray(4, 8).toString('latin1'))) return boxesEndAfter(file, size);
    if (head.subarray(0, 4).equals(ebmlMagic)) return segmentEndsAfter(file, size);
    if (head.subarray(0, 4).toString('latin1') === 'RIFF') return riffEndsAfter(head, size);
    return undefined;
  });
}

/** A hostile file cannot make this walk for ever. */
const mostBoxes = 200_000;

async function boxesEndAfter(file: FileHandle, fileSize: number): Promise<boolean> {
  let at = 0;
  for (let box = 0; box < mostBoxes && at + 8 <= fileSize; box += 1) {
    const header = await bytesAt(file, at, 16);
    const short = header.readUInt32BE(0);
    // 0: the box reaches to the end of the file, whatever that is. 1: a 64-bit size follows.
    if (short === 0) return false;
    const length = short === 1 && header.length >= 16 ? Number(header.readBigUInt64BE(8)) : short;
    // Junk after the last real box is not a box.
    if (length < 8) return false;
    if (at + length > fileSize) return /^[\x20-\x7e]{4}$/.test(header.subarray(4, 8).toString('latin1'));
    at += length;
  }
  return false;
}

async function segmentEndsAfter(file: FileHandle, fileSize: number): Promise<boolean | undefined> {
  const header = await vint(file, 4);
  if (header?.value === undefined) return undefined;
  const segmentAt = 4 + header.length + header.value;
  if (!(await bytesAt(file, segmentAt, 4)).equals(segmentId)) return undefined;
  const segment = await vint(file, segmentAt + 4);
  if (segment?.value === undefined) return undefined;
  return segmentAt + 4 + segment.length + segment.value > fileSize;
}

function riffEndsAfter(head: Buffer, fileSize: number): boolean | undefined {
  const stated = head.readUInt32LE(4);
  // Writers that could not seek back leave 0 or all ones.
  if (stated === 0 || stated >= 0xffff_fff0) return undefined;
  return 8 + stated > fileSize + 1;
}
