import { open } from 'node:fs/promises';

/** ELF program header that names the dynamic loader (elf(5)). */
const interpreterType = 3;

/**
 * Whether a program is an ELF file that needs no library of its system, so that it runs on any Linux of its kind of processor.
 * False for anything else, also for what cannot be read.
 */
export async function isStaticProgram(path: string): Promise<boolean> {
  const file = await open(path, 'r').catch(() => undefined);
  if (!file) return false;
  try {
    const header = Buffer.alloc(64);
    const { bytesRead } = await file.read(header, 0, 64, 0);
    // 64-bit, little-endian: all that snvg runs on.
    if (bytesRead < 64 || header.readUInt32BE(0) !== 0x7f454c46 || header[4] !== 2 || header[5] !== 1) return false;
    const [offset, size, count] = [Number(header.readBigUInt64LE(32)), header.readUInt16LE(54), header.readUInt16LE(56)];
    if (size < 4 || count === 0 || size * count > 65_536) return false;
    const table = Buffer.alloc(size * count);
    if ((await file.read(table, 0, table.length, offset)).bytesRead < table.length) return false;
    for (let index = 0; index < count; index += 1) if (table.readUInt32LE(index * size) === interpreterType) return false;
    return true;
  } finally {
    await file.close();
  }
}
