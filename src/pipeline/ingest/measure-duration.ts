import { SnvgError } from '../../errors.js';
import { isCutShort } from '../../media/container-end.js';
import { type MediaHost, runFfmpeg } from '../../media/ffmpeg.js';
import { type ProbedFile, probePacketsFrom } from '../../media/probe.js';
import { usFromSeconds } from '../../media/timeline.js';

/** How far before the stated end packets are looked for, and how much of it may be missing. */
const tailSeconds = 2;
const toleratedGapUs = 1_500_000;
/** A group of pictures before the tail is read as well: enough for any, yet bounded. */
const mostTailPackets = 20_000;

/** Containers that state no length, so that ffprobe guesses one from the bit rate or from the last time stamp it finds. */
const withoutLength = new Set(['mpegts', 'mpeg', 'mp3', 'aac', 'ac3', 'eac3']);
/** Of these, the ones whose clock may begin anew in the middle. */
const withClock = new Set(['mpegts', 'mpeg']);

export interface MeasuredDuration {
  formatStartUs: number;
  durationUs: number;
  /** The container stated another length, or none. */
  corrected: boolean;
  /** Times in the file do not say when it plays: they jump by more than they should. */
  clockJumps: boolean;
}

/**
 * How long the source really is. What a container states is checked against its own byte counts and against the packets at its end;
 * where that does not fit, or the container cannot know (MPEG-TS, live recordings), the whole file is read once without decoding.
 *
 * @param name of the file, for messages
 * @throws {SnvgError} MEDIA_TRUNCATED (the end of the file is missing), MEDIA_UNREADABLE (no packets)
 */
export async function measureDuration(host: MediaHost, path: string, name: string, probed: ProbedFile, streamIndices: readonly number[]): Promise<MeasuredDuration> {
  if (await isCutShort(path)) {
    throw new SnvgError('MEDIA_TRUNCATED', `${name} is cut short: its container announces more bytes than the file has`, truncatedRemedy);
  }
  const container = probed.format.format_name;
  const formatStartUs = usFromSeconds(textOf(probed.format.start_time)) ?? 0;
  const statedUs = usFromSeconds(textOf(probed.format.duration));
  const known = { formatStartUs, corrected: false, clockJumps: false };
  if (!withoutLength.has(container) && statedUs !== undefined && statedUs > 0 && (await endsAsStated(host, path, formatStartUs, statedUs, streamIndices))) {
    return { ...known, durationUs: statedUs };
  }
  const readUs = await readThrough(host, path, streamIndices);
  if (readUs <= 0) throw new SnvgError('MEDIA_UNREADABLE', `${name} holds no packets that can be read`, 'Check that it plays elsewhere; copy or download it again.');
  const gapUs = statedUs === undefined ? Infinity : Math.abs(statedUs - readUs);
  const clockJumps = withClock.has(container) && statedUs !== undefined && gapUs > Math.max(toleratedGapUs, readUs * 0.02);
  if (clockJumps) return { ...known, durationUs: readUs, clockJumps };
  // A guess that was near enough is no news.
  if (withoutLength.has(container)) return { ...known, durationUs: readUs, corrected: gapUs > toleratedGapUs };
  return gapUs <= toleratedGapUs && statedUs !== undefined ? { ...known, durationUs: statedUs } : { ...known, durationUs: readUs, corrected: true };
}

const truncatedRemedy = 'Copy or download it again; or keep what is there with: ffmpeg -i <file> -c copy rest.mkv';

async function endsAsStated(host: MediaHost, path: string, startUs: number, durationUs: number, streamIndices: readonly number[]): Promise<boolean> {
  const endSeconds = (startUs + durationUs) / 1e6;
  const packets = await probePacketsFrom(host, path, endSeconds - tailSeconds, mostTailPackets);
  const lastUs = packets
    .filter(({ streamIndex }) => streamIndices.includes(streamIndex))
    .reduce((last, { ptsSeconds, durationSeconds }) => Math.max(last, (ptsSeconds + durationSeconds) * 1e6), -Infinity);
  return Math.abs(lastUs - startUs - durationUs) <= toleratedGapUs;
}

/** The media time that the packets of a file cover, with jumps of its clock taken out as decoding would. */
async function readThrough(host: MediaHost, path: string, streamIndices: readonly number[]): Promise<number> {
  const result = await runFfmpeg(host, {
    inputs: [{ path }],
    outputs: [{ to: null, options: [...streamIndices.flatMap((index) => ['-map', `0:${index}`]), '-c', 'copy'] }],
  });
  return result.outTimeUs;
}

function textOf(value: string | number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
