import { open } from 'node:fs/promises';

/** First bytes of formats that hold one picture, or a few, and never a film. GIF is left out: it may move. */
const kinds: readonly { kind: string; at: number; bytes: readonly number[] }[] = [
  { kind: 'JPEG', at: 0, bytes: [0xff, 0xd8, 0xff] },
  { kind: 'PNG', at: 0, bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a] },
  { kind: 'WebP', at: 8, bytes: [0x57, 0x45, 0x42, 0x50] },
  { kind: 'TIFF', at: 0, bytes: [0x49, 0x49, 0x2a, 0x00] },
  { kind: 'TIFF', at: 0, bytes: [0x4d, 0x4d, 0x00, 0x2a] },
  { kind: 'BMP', at: 0, bytes: [0x42, 0x4d] },
  { kind: 'Photoshop', at: 0, bytes: [0x38, 0x42, 0x50, 0x53] },
  { kind: 'JPEG XL', at: 0, bytes: [0xff, 0x0a] },
  { kind: 'HEIF', at: 4, bytes: [...Buffer.from('ftypheic')] },
  { kind: 'HEIF', at: 4, bytes: [...Buffer.from('ftypmif1')] },
  { kind: 'AVIF', at: 4, bytes: [...Buffer.from('ftypavif')] },
];

/** `JPEG`, `PNG` … by the first bytes of a file, whatever its name; undefined for anything else. */
export async function stillPictureKind(path: string): Promise<string | undefined> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
    const head = buffer.subarray(0, bytesRead);
    return kinds.find(({ at, bytes }) => head.subarray(at, at + bytes.length).equals(Buffer.from(bytes)))?.kind;
  } finally {
    await file.close();
  }
}
