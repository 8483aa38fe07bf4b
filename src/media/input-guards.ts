import { isAbsolute } from 'node:path';

/**
 * Inputs are hostile. A name such as `http:x.mp4` would open the network, a text file named .mp4 could be a concat list that reads
 * other local files, and a playlist (HLS, DASH) does both. Only plain files in plain containers are opened.
 */
const formats = [
  'mov', 'mp4', 'm4a', '3gp', '3g2', 'mj2', 'matroska', 'webm', 'mpegts', 'mpeg', 'mpegvideo', 'avi', 'flv', 'asf', 'mxf', 'ogg',
  'wav', 'w64', 'aiff', 'caf', 'mp3', 'flac', 'aac', 'ac3', 'eac3', 'gif', 'srt', 'webvtt', 'ass',
];

/** What stands before every `-i` of a file that snvg did not write, for ffmpeg and ffprobe alike. */
export const inputGuards: readonly string[] = ['-protocol_whitelist', 'file,crypto,data', '-format_whitelist', formats.join(',')];

/**
 * How a path is named to ffmpeg: with its protocol, so that no colon in it can be read as one.
 *
 * @throws {TypeError} the path is not absolute: children run in a folder of their own
 */
export function inputLocator(path: string): string {
  if (!isAbsolute(path)) throw new TypeError(`input path is not absolute: ${path}`);
  return `file:${path}`;
}
