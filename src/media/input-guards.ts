import { isAbsolute } from 'node:path';

/**
 * Inputs are hostile. A name such as `http:x.mp4` would open the network, a text file named .mp4 could be a concat list that reads
 * other local files, and a playlist (HLS, DASH) does both. Only plain files in plain containers are opened.
 */
const formats = [
  'mov', 'mp4', 'm4a', '3gp', '3g2', 'mj2', 'matroska', 'webm', 'mpegts', 'mpeg', 'mpegvideo', 'avi', 'flv', 'asf', 'mxf', 'ogg',
  'wav', 'w64', 'aiff', 'caf', 'mp3', 'flac', 'aac', 'ac3', 'eac3', 'gif', 'srt', 'webvtt', 'ass',
];

/** 8K as digital cinema has it, in whole macroblocks: the most a decoder makes room for. */
const mostPixels = 8192 * 4352;
/** Beyond this a file is not even described; fewer than that may still be more than a source may have. */
const mostStreams = 200;

/**
 * What stands before every `-i` of a file that snvg did not write, for ffmpeg and ffprobe alike. Without the limit on pixels a file of
 * 700 kB takes 2 GB to decode one picture of, whatever its container says; with it, the decoder refuses before it makes room.
 */
export const inputGuards: readonly string[] = [
  '-protocol_whitelist', 'file,crypto,data',
  '-format_whitelist', formats.join(','),
  '-max_pixels', String(mostPixels),
  '-max_streams', String(mostStreams),
];

/**
 * The most one block of memory may take, for ffmpeg and ffprobe: a header may announce two gigabytes of table or tag. Three of the
 * deepest pictures that `mostPixels` allows would fit.
 */
export const allocationGuard: readonly string[] = ['-max_alloc', String(2 ** 30)];

/** What a tool said that means: the file wants more than snvg gives any file. In words for a person. */
export function excessIn(said: string): string | undefined {
  const size = /Picture size (\d+)x(\d+) (?:exceeds specified max pixel count|is invalid)/.exec(said);
  if (size && Number(size[1]) * Number(size[2]) > mostPixels) return `has pictures of ${size[1]}×${size[2]}, more than the ${Math.round(mostPixels / 1e6)} million pixels that are decoded`;
  if (/exceeds max_streams|Number of streams exceeds/i.test(said)) return `has more than ${mostStreams} streams`;
  if (/Cannot allocate memory/.test(said)) return 'needs more memory than a real film does';
  return undefined;
}

/**
 * How a path is named to ffmpeg: with its protocol, so that no colon in it can be read as one.
 *
 * @throws {TypeError} the path is not absolute: children run in a folder of their own
 */
export function inputLocator(path: string): string {
  if (!isAbsolute(path)) throw new TypeError(`input path is not absolute: ${path}`);
  return `file:${path}`;
}
