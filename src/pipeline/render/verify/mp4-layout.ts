import { open } from 'node:fs/promises';

/**
 * Whether an MP4's index (`moov`) stands before its media (`mdat`), so that it plays while loading.
 * Reads only the headers of top-level boxes (ISO/IEC 14496-12 §4.2).
 */
export async function startsFast(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const header = Buffer.alloc(16);
    for (let at = 0; ; ) {
      const { bytesRead } = await file.read(header, 0, 16, at);
      if (bytesRead < 8) return false;
      const type = header.toString('latin1', 4, 8);
      if (type === 'moov') return true;
      if (type === 'mdat') return false;
      const short = header.readUInt32BE(0);
      const size = short === 1 ? Number(header.readBigUInt64BE(8)) : short;
      if (size < 8) return false;
      at += size;
    }
  } finally {
    await file.close();
  }
}
