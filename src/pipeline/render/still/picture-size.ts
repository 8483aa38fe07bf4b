import { open } from 'node:fs/promises';
import { SnvgError } from '../../../errors.js';
import { shownName } from '../../../media/ffmpeg.js';

/** A still picture on disk, as far as its header tells. */
export interface StillPicture {
  /** ffmpeg's demuxer for it: named outright, so that nothing in the file decides how it is opened. */
  demuxer: 'png_pipe' | 'jpeg_pipe';
  /** As it is shown: ffmpeg turns photographs that were stored sideways. */
  width: number;
  height: number;
}

/** More than any camera or designer makes; beyond, a small file may unpack to gigabytes. */
const mostBytes = 64 * 2 ** 20;
const mostSide = 8192;
const leastSide = 16;
const remedy = 'Give a PNG or JPEG picture.';

/**
 * Reads the size of a PNG or JPEG picture from its header, whatever the file is called.
 *
 * @throws {SnvgError} COVER_INVALID when it is missing, another kind of file, or larger than is taken
 */
export async function readPictureSize(path: string): Promise<StillPicture> {
  const name = shownName(path);
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new SnvgError('COVER_INVALID', error.code === 'ENOENT' ? `There is no cover picture ${name}` : `The cover picture ${name} cannot be read (${error.code ?? error.message})`, 'Check the path given with --cover.', { cause: error });
  });
  try {
    const info = await file.stat();
    if (!info.isFile()) throw new SnvgError('COVER_INVALID', `The cover picture ${name} is not a file`, remedy);
    if (info.size > mostBytes) throw new SnvgError('COVER_INVALID', `The cover picture ${name} has ${Math.round(info.size / 2 ** 20)} MB, more than ${mostBytes / 2 ** 20}`, 'Give a smaller picture.');
    const bytes = Buffer.alloc(info.size);
    await file.read(bytes, 0, info.size, 0);
    const picture = pngSize(bytes) ?? jpegSize(bytes);
    if (!picture) throw new SnvgError('COVER_INVALID', `The cover picture ${name} is neither PNG nor JPEG`, remedy);
    const { width, height } = picture;
    if (Math.max(width, height) > mostSide) throw new SnvgError('COVER_INVALID', `The cover picture ${name} is ${width}×${height}: larger than ${mostSide} pixels on a side`, 'Scale it down first.');
    if (Math.min(width, height) < leastSide) throw new SnvgError('COVER_INVALID', `The cover picture ${name} is ${width}×${height}: too small to show`, 'Give a larger picture.');
    return picture;
  } finally {
    await file.close();
  }
}

/** PNG, second edition §11.2.2: the header chunk comes first. */
function pngSize(bytes: Buffer): StillPicture | undefined {
  if (bytes.length < 24 || bytes.readBigUInt64BE(0) !== 0x89504e470d0a1a0an || bytes.toString('latin1', 12, 16) !== 'IHDR') return undefined;
  return { demuxer: 'png_pipe', width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

/** ITU-T T.81 Annex B: segments follow each other up to the frame header, whose marker says how it is coded. */
function jpegSize(bytes: Buffer): StillPicture | undefined {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) return undefined;
  let sideways = false;
  for (let at = 2; at + 9 < bytes.length; ) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1] ?? 0;
    // Markers may be preceded by any number of fill bytes.
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    const [height, width] = [bytes.readUInt16BE(at + 5), bytes.readUInt16BE(at + 7)];
    if (isFrame) return { demuxer: 'jpeg_pipe', ...(sideways ? { width: height, height: width } : { width, height }) };
    if (marker === 0xe1) sideways ||= isSideways(bytes.subarray(at + 4, at + 2 + bytes.readUInt16BE(at + 2)));
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return undefined;
}

/** Exif 2.3 §4.6: orientations 5 to 8 exchange width and height. */
function isSideways(segment: Buffer): boolean {
  if (segment.length < 16 || segment.toString('latin1', 0, 6) !== 'Exif\0\0') return false;
  const tiff = segment.subarray(6);
  const little = tiff.toString('latin1', 0, 2) === 'II';
  const short = (at: number): number => (at + 2 > tiff.length ? 0 : little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const directory = little ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  for (let n = 0; n < short(directory); n += 1) {
    const entry = directory + 2 + 12 * n;
    if (entry + 12 > tiff.length) return false;
    if (short(entry) === 0x112) return short(entry + 8) >= 5 && short(entry + 8) <= 8;
  }
  return false;
}
