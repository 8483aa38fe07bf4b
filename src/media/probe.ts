import { z } from 'zod';
import { explainSystemError, SnvgError } from '../errors.js';
import { run, ToolFailure } from '../process/run.js';
import { type MediaHost, shownName } from './ffmpeg.js';
import { beginsLikeMp4 } from './container-end.js';
import { stillPictureKind } from './still-picture.js';
import { allocationGuard, excessIn, inputGuards, inputLocator } from './input-guards.js';

/** ffprobe prints most numbers as text and leaves out what it does not know. */
const numeric = z.union([z.string(), z.number()]).optional();

const sideData = z.looseObject({
  side_data_type: z.string().optional(),
  rotation: z.number().optional(),
  dv_profile: z.int().nonnegative().optional(),
  /** cd/m²: of the brightest pixel, and (as a fraction in text) of the display the film was graded on. */
  max_content: z.number().optional(),
  max_luminance: z.string().optional(),
});

const probedStream = z.looseObject({
  index: z.int().nonnegative(),
  codec_type: z.string().optional(),
  codec_name: z.string().optional(),
  width: z.int().nonnegative().optional(),
  height: z.int().nonnegative().optional(),
  sample_aspect_ratio: z.string().optional(),
  pix_fmt: z.string().optional(),
  bits_per_raw_sample: numeric,
  color_range: z.string().optional(),
  color_space: z.string().optional(),
  color_primaries: z.string().optional(),
  color_transfer: z.string().optional(),
  field_order: z.string().optional(),
  r_frame_rate: z.string().optional(),
  avg_frame_rate: z.string().optional(),
  start_time: numeric,
  duration: numeric,
  nb_frames: numeric,
  sample_rate: numeric,
  channels: z.int().nonnegative().optional(),
  channel_layout: z.string().optional(),
  disposition: z.record(z.string(), z.number()).default({}),
  tags: z.record(z.string(), z.string()).default({}),
  side_data_list: z.array(sideData).default([]),
});
export type ProbedStream = z.infer<typeof probedStream>;

const probedFile = z.looseObject({
  format: z.looseObject({
    format_name: z.string(),
    start_time: numeric,
    duration: numeric,
    tags: z.record(z.string(), z.string()).default({}),
  }),
  streams: z.array(probedStream).default([]),
  /** Only how many there are. */
  chapters: z.array(z.unknown()).default([]),
});
export type ProbedFile = z.infer<typeof probedFile>;

/** What ffprobe may take and say: a hostile file cannot make it run or print for ever. */
const probeTimeoutMs = 60_000;
const longestAnswer = 8 * 2 ** 20;

/**
 * What a file says about itself. Sizes are the coded ones (see `displayOf`), times absolute as stored, not on the source timeline.
 *
 * @throws {SnvgError} MEDIA_UNREADABLE (not a media file, or damaged beyond opening), MEDIA_UNSUPPORTED (a still picture), MEDIA_TOO_LARGE (asks
 * for more pixels, streams, memory or time than any source may), FFMPEG_MISSING, TOOL_STALLED, TOOL_FAILED
 */
export async function probeFile(host: Omit<MediaHost, 'addCpuSeconds'>, path: string): Promise<ProbedFile> {
  const { lines, excess } = await askFfprobe(host, path, ['-show_format', '-show_streams', '-show_entries', 'chapter=id', '-print_format', 'json']);
  const parsed = probedFile.safeParse(parseJson(lines));
  if (!parsed.success) {
    throw new SnvgError('MEDIA_UNSUPPORTED', `${shownName(path)} is described by ffprobe in a way snvg does not know`, 'Re-encode it to MP4 and try again.', { cause: parsed.error });
  }
  // A cover of such a size is left out; a film whose picture was not looked at would pass for a sound recording.
  const unseen = parsed.data.streams.some(({ codec_type: type, width, disposition }) => type === 'video' && !width && disposition['attached_pic'] !== 1);
  if (excess !== undefined && unseen) throw tooLarge(path, excess);
  return parsed.data;
}

/** Undefined for what is no JSON: an answer that was cut because a line of it was too long. */
function parseJson(lines: readonly string[]): unknown {
  try {
    return JSON.parse(lines.join('\n'));
  } catch {
    return undefined;
  }
}

/** Presentation time (absolute, seconds as text) and stream index of each packet in a stretch of a file, without decoding. */
export interface ProbedPacket {
  streamIndex: number;
  ptsSeconds: number;
  durationSeconds: number;
}

/**
 * The packets from the keyframe before `fromSeconds` (absolute file time) on, at most `limit` of them.
 * A file cut short answers with none, or with an error that counts as none.
 */
export async function probePacketsFrom(host: Omit<MediaHost, 'addCpuSeconds'>, path: string, fromSeconds: number, limit: number): Promise<ProbedPacket[]> {
  const { lines } = await askFfprobe(host, path, [
    '-read_intervals', `${Math.max(0, fromSeconds).toFixed(3)}%+#${limit}`,
    '-show_entries', 'packet=stream_index,pts_time,duration_time',
    '-print_format', 'csv=print_section=0',
  ]).catch((error: unknown) => {
    if (error instanceof SnvgError && error.code === 'MEDIA_UNREADABLE') return { lines: [] };
    throw error;
  });
  return lines.flatMap((line) => {
    const [index, pts, duration] = line.split(',');
    const packet = { streamIndex: Number(index), ptsSeconds: Number(pts), durationSeconds: Number(duration) || 0 };
    return line !== '' && Number.isFinite(packet.ptsSeconds) ? [packet] : [];
  });
}

/**
 * Asks ffprobe about one file, within limits. Options come after `-v error`.
 * @throws {SnvgError} as probeFile
 */
export async function askFfprobe(host: Omit<MediaHost, 'addCpuSeconds'>, path: string, options: readonly string[], onLogLine?: (line: string) => void): Promise<{ lines: string[]; excess: string | undefined }> {
  const lines: string[] = [];
  let size = 0;
  let excess: string | undefined;
  try {
    await run({
      command: host.toolchain.ffprobe.path,
      args: ['-v', 'error', '-hide_banner', ...allocationGuard, ...inputGuards, ...options, '-i', inputLocator(path)],
      cwd: host.scratchDir,
      signal: host.signal,
      timeoutMs: probeTimeoutMs,
      limits: { cpuSeconds: probeTimeoutMs / 1000 },
      onStderrLine: (line) => {
        excess ??= excessIn(line);
        onLogLine?.(line);
      },
      onStdoutLine: (line) => {
        size += line.length;
        if (size <= longestAnswer) lines.push(line);
      },
    });
  } catch (error) {
    if (!(error instanceof ToolFailure)) throw error;
    if (error.endedBy === 'SIGXCPU') excess ??= 'takes a minute of computing time to be described';
    throw excess !== undefined && !error.notStarted ? tooLarge(path, excess, error) : await explain(error, path);
  }
  if (size > longestAnswer) {
    throw new SnvgError('MEDIA_UNSUPPORTED', `${shownName(path)} describes itself at a length no real film needs`, 'Re-encode it to MP4 and try again.');
  }
  return { lines, excess };
}

function tooLarge(path: string, excess: string, cause?: ToolFailure): SnvgError {
  return new SnvgError('MEDIA_TOO_LARGE', `${shownName(path)} ${excess}`, 'Convert it to an ordinary MP4 first, for example with: ffmpeg -i <file> -vf scale=1920:-2 out.mp4', { cause });
}

/** ffmpeg's names of formats that are lists of other files, or say where streams are. */
const openOthers = new Set(['concat', 'hls', 'applehttp', 'dash', 'sdp', 'rtsp', 'imf', 'lavfi', 'tedcaptions']);

async function explain(failure: ToolFailure, path: string): Promise<SnvgError> {
  const cause = { cause: failure };
  if (failure.notStarted) {
    const refused = explainSystemError(failure.cause, 'while starting ffprobe');
    if (refused) return refused;
    return new SnvgError('FFMPEG_MISSING', `ffprobe could not be started: ${failure.message.split('\n')[0]}`, 'Install ffmpeg 5.1 or later (it brings ffprobe), or name it with --ffprobe.', cause);
  }
  const said = failure.stderrTail.join('\n');
  const name = shownName(path);
  const still = await stillPictureKind(path);
  if (still) {
    return new SnvgError('MEDIA_UNSUPPORTED', `${name} is a still picture (${still}), not a film`, 'Give a video or a sound recording.', cause);
  }
  if (/moov atom not found/.test(said) && (await beginsLikeMp4(path))) {
    return new SnvgError('MEDIA_UNREADABLE', `${name} has no index (moov): the recording or download did not finish`, 'Record, copy or download it again; a recovery tool may rebuild the index from an intact file of the same camera.', cause);
  }
  const refused = /\[([\w,]+) @ [^\]]*\] Format not on whitelist/.exec(said)?.[1];
  if (refused !== undefined && !openOthers.has(refused)) {
    return new SnvgError('MEDIA_UNSUPPORTED', `${name} is of a kind that snvg does not open (${refused}), or begins with what is none of it`, 'Convert it first, for example with: ffmpeg -i <file> out.mp4', cause);
  }
  if (/not on whitelist/.test(said)) {
    return new SnvgError('MEDIA_UNREADABLE', `${name} is not a film but a list or stream description that would open other files`, 'Give the film itself.', cause);
  }
  return new SnvgError('MEDIA_UNREADABLE', `${name} is not a video or audio file that ffmpeg can open`, 'Check that it plays elsewhere; copy or download it again, or convert it to MP4.', cause);
}
