import { SnvgError } from '../../errors.js';
import type { ProbedFile, ProbedStream } from '../../media/probe.js';
import type { VideoStream } from './describe-streams.js';

/** More than any camera, editor or broadcast recorder writes; headers beyond them are hostile or damaged (docs/limits.md). */
const limits = { streams: 100, chapters: 5_000, channels: 64, side: 8192, smallestSide: 16, framesPerSecond: 1000, durationUs: 24 * 3600 * 1e6, sizeBytes: 2 ** 41 };

/**
 * The least that a film or recording of some length holds. Speech at the lowest rate that any codec knows takes 75 bytes a second, an
 * empty Opus track 400; a file of 20 kB that plays for a day is one sample said to last that long, and decoding fills all of it.
 */
const sparsest = { bytesPerSecond: 32, fromUs: 600e6 };

/** The shortest clip that can be asked for at all. */
export const shortestClipUs = 3_000_000;

/** @throws {SnvgError} MEDIA_TOO_LARGE */
export function requireModestSize(name: string, sizeBytes: number): void {
  if (sizeBytes <= limits.sizeBytes) return;
  throw new SnvgError('MEDIA_TOO_LARGE', `${name} has ${Math.round(sizeBytes / 1e9)} GB, more than the ${Math.round(limits.sizeBytes / 1e9)} that are read`, 'Split it and give the parts.');
}

/** @throws {SnvgError} MEDIA_TOO_LARGE for more streams, chapters or channels than are looked at */
export function requireModestDescription(name: string, { streams, chapters }: ProbedFile): void {
  if (streams.length > limits.streams) {
    throw new SnvgError('MEDIA_TOO_LARGE', `${name} has ${streams.length} streams, more than the ${limits.streams} that are looked at`, 'Copy the ones you want into a new file: ffmpeg -i <file> -map 0:v:0 -map 0:a:0 -c copy out.mkv');
  }
  if (chapters.length > limits.chapters) {
    throw new SnvgError('MEDIA_TOO_LARGE', `${name} has ${chapters.length} chapters, more than the ${limits.chapters} that are read over`, 'Copy it without them: ffmpeg -i <file> -map 0 -map_chapters -1 -c copy out.mkv');
  }
  const most = Math.max(0, ...streams.map((stream) => stream.channels ?? 0));
  if (most > limits.channels) {
    throw new SnvgError('MEDIA_TOO_LARGE', `${name} has a sound track of ${most} channels, more than ${limits.channels}`, 'Mix it down first: ffmpeg -i <file> -ac 2 out.mkv');
  }
}

/** Numbers of channels above eight for which ffmpeg 5.1 knows an arrangement; others it cannot mix unless the file names one. */
const arranged = new Set([16, 24]);

/** @throws {SnvgError} MEDIA_UNSUPPORTED for a multitrack recording, of which nobody can say what goes where */
export function requireMixableSound(name: string, { index, channels = 0, channel_layout: layout = 'unknown' }: ProbedStream): void {
  if (channels <= 8 || layout !== 'unknown' || arranged.has(channels)) return;
  throw new SnvgError('MEDIA_UNSUPPORTED', `${name} has ${channels} channels of sound in no known arrangement`, `Take the ones that matter first: ffmpeg -i <file> -map 0:v? -map 0:${index} -c:v copy -af 'pan=stereo|c0=c0|c1=c1' out.mkv`);
}

/** @throws {SnvgError} MEDIA_UNSUPPORTED for what claims to be too long for its size */
export function requireSubstance(name: string, durationUs: number, sizeBytes: number): void {
  if (durationUs <= sparsest.fromUs || sizeBytes >= (durationUs / 1e6) * sparsest.bytesPerSecond) return;
  throw new SnvgError('MEDIA_UNSUPPORTED', `${name} claims to play for ${Math.round(durationUs / 60e6)} minutes, but holds ${sizeBytes} bytes`, 'Check that it plays elsewhere; re-encode it at a constant frame rate if it does.');
}

/** @throws {SnvgError} MEDIA_TOO_LARGE; MEDIA_UNSUPPORTED for a picture in which nothing can be seen */
export function requireModestPicture(name: string, video: VideoStream, averageRate: string | undefined): void {
  if (Math.min(video.codedWidth, video.codedHeight) < limits.smallestSide) {
    throw new SnvgError('MEDIA_UNSUPPORTED', `The picture of ${name} is ${video.codedWidth}×${video.codedHeight}: there is nothing to be seen`, 'Give a film of at least 16 pixels on a side.');
  }
  if (Math.max(video.codedWidth, video.codedHeight, video.displayWidth, video.displayHeight) > limits.side) {
    throw new SnvgError('MEDIA_TOO_LARGE', `${name} is ${video.displayWidth}×${video.displayHeight}: larger than ${limits.side} pixels on a side`, 'Scale it down first: ffmpeg -i <file> -vf scale=3840:-2 out.mp4');
  }
  const [num, den] = (averageRate ?? '').split('/').map(Number);
  if (num && den && num / den > limits.framesPerSecond) {
    throw new SnvgError('MEDIA_TOO_LARGE', `${name} has ${Math.round(num / den)} pictures a second, more than ${limits.framesPerSecond}`, 'Slow it down first: ffmpeg -i <file> -r 60 out.mp4');
  }
}

/**
 * @throws {SnvgError} MEDIA_TOO_LARGE; MEDIA_TOO_SHORT when no clip of the wanted length can come of it, however it is cut
 */
export function requireLength(name: string, durationUs: number, neededUs: number): void {
  if (durationUs > limits.durationUs) {
    throw new SnvgError('MEDIA_TOO_LARGE', `${name} is ${Math.round(durationUs / 3.6e9)} hours long, more than 24`, 'Split it and give the parts.');
  }
  if (durationUs >= neededUs) return;
  const remedy =
    durationUs < shortestClipUs
      ? `Give a source of at least ${seconds(shortestClipUs)}.`
      : `Give a longer source, or ask for shorter clips: --min-length ${Math.floor(durationUs / 1e6)}`;
  throw new SnvgError('MEDIA_TOO_SHORT', `${name} is ${seconds(durationUs)} long, shorter than the shortest clip asked for (${seconds(neededUs)})`, remedy);
}

function seconds(us: number): string {
  return `${Number((us / 1e6).toFixed(1))} s`;
}
