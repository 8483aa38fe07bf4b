import type { ByteRange } from '../../artifacts/byte-range.js';
import { bytesAt, withFile } from '../bytes-at.js';

/** A hostile file cannot make this walk for ever. */
const mostBoxes = 200_000;
/** Boxes whose contents are not read to find the samples; those of `mdat` are samples. */
const skipped = new Set(['mdat', 'free', 'skip', 'wide']);
/** With a 64-bit length. */
const longestHeader = 16;

/**
 * All of an MP4 or QuickTime file but its samples: the index, wherever it lies, every fragment's own, and the headers between which samples
 * lie. Undefined where its boxes do not follow each other to the end. Layout: ISO/IEC 14496-12 §4.2.
 */
export async function mp4Index(path: string, sizeBytes: number): Promise<ByteRange[] | undefined> {
  return withFile(path, async (file) => {
    const ranges: ByteRange[] = [];
    let at = 0;
    for (let box = 0; box < mostBoxes && at + 8 <= sizeBytes; box += 1) {
      const header = await bytesAt(file, at, longestHeader);
      const short = header.readUInt32BE(0);
      const type = header.toString('latin1', 4, 8);
      if (short === 1 && header.length < longestHeader) return undefined;
      // 0: the box reaches to the end of the file. 1: a 64-bit length follows.
      const length = short === 0 ? sizeBytes - at : short === 1 ? Number(header.readBigUInt64BE(8)) : short;
      if (length < 8 || at + length > sizeBytes) return undefined;
      ranges.push({ startByte: at, endByte: skipped.has(type) ? Math.min(at + longestHeader, at + length) : at + length });
      at += length;
    }
    if (sizeBytes - at >= 8) return undefined;
    return [...ranges, { startByte: at, endByte: sizeBytes }];
  });
}
