import { SnvgError } from '../../errors.js';
import { isCutShort } from '../../media/container-end.js';
import { type MediaHost, runFfmpeg, shownName } from '../../media/ffmpeg.js';
import { type ProbedFile, probePacketsFrom } from '../../media/probe.js';
import { usFromSeconds } from '../../media/timeline.js';

/** How far before the stated end packets are looked for, and how much of it may be missing. */
const tailSeconds = 2;
const toleratedGapUs = 1_500_000;
/** A group of pictures before the tail is read as well: enough for any, yet bounded. */
const mostTailPackets = 20_000;

export interface MeasuredDuration {
  formatStartUs: number;
  durationUs: number;
  /** The container stated another length, or none. */
  corrected: boolean;
}

/**
 * How long the source really is. What a container states is checked against its own byte counts and against the packets at its end;
 * where that does not fit, or the container cannot know (MPEG-TS, live recordings), the whole file is read once without decoding.
 *
 * @throws {SnvgError} MEDIA_TRUNCATED (the end of the file is missing), MEDIA_UNSUPPORTED (its clock jumps: no seek would be right)
 */
export async function measureDuration(host: MediaHost, path: string, probed: ProbedFile, streamIndices: readonly number[]): Promise<MeasuredDuration> {
  const name = shownName(path);
  if (await isCutShort(path)) {
    throw new SnvgError('MEDIA_TRUNCATED', `${name} is cut short: its container announces more bytes than the file has`, truncatedRemedy);
  }
  const formatStartUs = usFromSeconds(textOf(probed.format.start_time)) ?? 0;
  const statedUs = usFromSeconds(textOf(probed.format.duration));
  const clockMayJump = probed.format.format_name === 'mpegts';
  if (!clockMayJump && statedUs !== undefined && statedUs > 0 && (await reachesTheEnd(host, path, formatStartUs, statedUs, streamIndices))) {
    return { formatStartUs, durationUs: statedUs, corrected: false };
  }
  const readUs = await readThrough(host, path, streamIndices);
  if (readUs <= 0) throw new SnvgError('MEDIA_UNREADABLE', `${name} holds no packets that can be read`, 'Check that it plays elsewhere; copy or download it again.');
  if (clockMayJump && statedUs !== undefined && Math.abs(statedUs - readUs) > Math.max(toleratedGapUs, readUs * 0.02)) {
    throw new SnvgError(
      'MEDIA_UNSUPPORTED',
      `The clock of ${name} jumps: it counts ${Math.round(statedUs / 1e6)} s but plays ${Math.round(readUs / 1e6)} s`,
      'Copy it into a new container and use that: ffmpeg -i <file> -c copy fixed.mkv',
    );
  }
  const close = statedUs !== undefined && Math.abs(statedUs - readUs) <= toleratedGapUs;
  return close ? { formatStartUs, durationUs: statedUs, corrected: false } : { formatStartUs, durationUs: readUs, corrected: true };
}

const truncatedRemedy = 'Copy or download it again; or keep what is there with: ffmpeg -i <file> -c copy rest.mkv';

async function reachesTheEnd(host: MediaHost, path: string, startUs: number, durationUs: number, streamIndices: readonly number[]): Promise<boolean> {
  const endSeconds = (startUs + durationUs) / 1e6;
  const packets = await probePacketsFrom(host, path, endSeconds - tailSeconds, mostTailPackets);
  const lastUs = packets
    .filter(({ streamIndex }) => streamIndices.includes(streamIndex))
    .reduce((last, { ptsSeconds, durationSeconds }) => Math.max(last, (ptsSeconds + durationSeconds) * 1e6), -Infinity);
  return lastUs >= startUs + durationUs - toleratedGapUs;
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
