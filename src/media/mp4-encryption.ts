import { open, type FileHandle } from 'node:fs/promises';

/** Sample entries of encrypted tracks: Common Encryption (ISO/IEC 23001-7) and what music and film shops of the 2000s sold. */
const encrypted = new Set(['encv', 'enca', 'drmi', 'drms']);
/** Tables of a day of video take some megabytes; what is beyond is not looked at. */
const mostIndexBytes = 32 * 2 ** 20;
const mostBoxes = 10_000;

/**
 * Whether tracks of an MP4 or QuickTime file are encrypted. ffprobe does not say, and decoding gives noise and thousands of errors.
 * False for every other kind of file.
 */
export async function isEncryptedMp4(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const index = await indexOf(file);
    for (let at = index.indexOf('stsd'); at >= 0; at = index.indexOf('stsd', at + 4)) {
      // Version and flags, count of entries, size of the first, its kind.
      if (encrypted.has(index.subarray(at + 16, at + 20).toString('latin1'))) return true;
    }
    return false;
  } finally {
    await file.close();
  }
}

/** The `moov` box, or nothing. */
async function indexOf(file: FileHandle): Promise<Buffer> {
  const { size } = await file.stat();
  const header = Buffer.alloc(16);
  for (let at = 0, box = 0; box < mostBoxes && at + 8 <= size; box += 1) {
    const { bytesRead } = await file.read(header, 0, 16, at);
    if (bytesRead < 8) break;
    const short = header.readUInt32BE(0);
    const length = short === 1 && bytesRead === 16 ? Number(header.readBigUInt64BE(8)) : short === 0 ? size - at : short;
    if (length < 8) break;
    if (header.toString('latin1', 4, 8) === 'moov') {
      const { buffer, bytesRead: read } = await file.read(Buffer.alloc(Math.min(length, size - at, mostIndexBytes)), 0, undefined, at);
      return buffer.subarray(0, read);
    }
    at += length;
  }
  return Buffer.alloc(0);
}
