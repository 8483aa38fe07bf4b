import createCommand from 'fluent-ffmpeg';
import { basename } from 'node:path';
import { explainSystemError, SnvgError } from '../errors.js';
import { run, ToolFailure } from '../process/run.js';
import { allocationGuard, excessIn, inputGuards, inputLocator } from './input-guards.js';
import { installHint } from './install-hint.js';
import { secondsText } from './timeline.js';

/** What running a media tool needs of its caller; every StageContext is one. */
export interface MediaHost {
  readonly toolchain: { readonly ffmpeg: { readonly path: string }; readonly ffprobe: { readonly path: string } };
  readonly signal: AbortSignal;
  /** The child's working directory. Files a filter names (`ass=captions.ass`) lie here, so that no path is ever escaped. */
  readonly scratchDir: string;
  addCpuSeconds(seconds: number): void;
}

/** One `-i`. */
export interface MediaInput {
  /** Absolute; with `rawFormat` also `pipe:0`, what `feed` writes. */
  path: string;
  /** Source time to begin at: an input seek, exact to the frame when re-encoding. */
  seekUs?: number;
  /** How much to read from there. */
  durationUs?: number;
  /**
   * Frames reach the graph with their times on the source timeline, from the keyframe at or before `seekUs` on. Without it they count from
   * the seek, rounded to the container's time base: in AVI that may be half a frame off. All inputs of the run must agree.
   */
  sourceTimes?: boolean;
  /** With `sourceTimes`: where the graph stops reading, for the limit on computing time. */
  untilUs?: number;
  /** Further options that stand before `-i`, one array element an argument. */
  options?: readonly string[];
  /** Headerless samples or frames: ffmpeg's demuxer name (`s16le`, `rawvideo`). Only for files that snvg itself wrote. */
  rawFormat?: string;
}

/** One output and the options that stand before it. */
interface MediaOutput {
  /** Absolute path, a name inside the scratch folder, `pipe:1`, or `null`: decode and throw away. */
  to: string | null;
  options: readonly string[];
}

/** One run of ffmpeg. */
export interface FfmpegJob {
  inputs: readonly MediaInput[];
  /** A `-filter_complex` graph, passed as it stands. */
  graph?: string;
  outputs: readonly MediaOutput[];
}

export interface FfmpegRunOptions {
  /** What the run will write in media time; with it, `progress` is called with 0…1 (not while an output takes stdout). */
  expectedUs?: number;
  progress?: (fraction: number) => void;
  /** Bytes of an output to `pipe:1`. A returned promise holds ffmpeg back until it settles. */
  onStdoutChunk?: (chunk: Buffer) => void | Promise<void>;
  /** Writes the input `pipe:0`. */
  feed?: (write: (chunk: Uint8Array) => Promise<void>) => Promise<void>;
  /** Every line of ffmpeg's log: filters report there (`silencedetect`, `ebur128`, `showinfo`). */
  onLogLine?: (line: string) => void;
  /** Lines for which this holds are reports, not messages: they are kept out of errors. */
  isReport?: (line: string) => boolean;
  /** Ends ffmpeg when it says nothing for this long. Default 120 s: it reports progress twice a second, or writes. */
  stallMs?: number;
}

export interface FfmpegResult {
  /** User and system time of the process, as it measured itself. */
  cpuSeconds: number;
  wallMs: number;
  /** Where the longest output ended, in media time; 0 while an output takes stdout. */
  outTimeUs: number;
  /** The last lines it said, without progress and reports. */
  logTail: string[];
}

const defaultStallMs = 120_000;
const keptLogLines = 40;

/**
 * The argument list of a job. fluent-ffmpeg 2.1.3 builds it (its runner is not used: ADR 0002). Options reach it as separate
 * arguments, which it keeps whole; given as one string it would split them at spaces.
 *
 * @throws {TypeError} an input path is not absolute
 */
export function buildArguments(job: FfmpegJob): string[] {
  const command = createCommand();
  for (const input of job.inputs) {
    const isPipe = input.path === 'pipe:0' && input.rawFormat !== undefined;
    command.input(isPipe ? input.path : inputLocator(input.path));
    const before = [
      ...(input.rawFormat === undefined ? inputGuards : ['-protocol_whitelist', isPipe ? 'pipe' : 'file', '-f', input.rawFormat]),
      // Reading from the start needs no seek: in FLV and AVI one would lose the first group of pictures.
      ...(input.seekUs ? ['-ss', secondsText(input.seekUs)] : []),
      ...(input.seekUs && !input.sourceTimes ? [] : keptStart),
      ...(input.sourceTimes ? ['-noaccurate_seek'] : []),
      ...(input.durationUs === undefined ? [] : ['-t', secondsText(input.durationUs)]),
      ...(input.options ?? []),
    ];
    command.inputOptions(...atLeastTwo(before));
  }
  if (job.graph !== undefined) command.complexFilter(job.graph);
  for (const output of job.outputs) {
    const options = output.to === null ? [...output.options, '-f', 'null'] : output.options;
    command.output(output.to ?? '-');
    if (options.length > 0) command.outputOptions(...atLeastTwo(options));
  }
  return [...runOptions(job), ...command._getArguments()];
}

/**
 * In MPEG-TS, MPEG-PS and Ogg, ffmpeg takes the first packet of the streams in use for time 0, but not where times count from a seek: sound
 * that begins two seconds late would be two seconds early. Any offset keeps it from that; this one is below every time base.
 */
const keptStart = ['-itsoffset', '0.000001'] as const;

/**
 * Runs ffmpeg to its end.
 *
 * @throws {SnvgError} FFMPEG_MISSING, FFMPEG_INCAPABLE (it lacks a filter this source needs), DISK_FULL, MEDIA_UNREADABLE (an input is not what it claims), MEDIA_TOO_LARGE (it asks for more
 * pixels, memory or time than a film of its length does), TOOL_STALLED, TOOL_FAILED
 * @throws the signal's reason when aborted
 */
export async function runFfmpeg(host: MediaHost, job: FfmpegJob, options: FfmpegRunOptions = {}): Promise<FfmpegResult> {
  const args = buildArguments(job);
  const logTail: string[] = [];
  let cpuSeconds = 0;
  let outTimeUs = 0;
  let excess: string | undefined;
  const onProgressLine = (line: string): void => {
    // N/A until the first packet, and negative for streams that begin before zero.
    const text = /^out_time_us=\s*(\d+)/.exec(line)?.[1];
    if (text === undefined) return;
    outTimeUs = Number(text);
    if (options.progress && options.expectedUs) options.progress(Math.min(1, outTimeUs / options.expectedUs));
  };
  const onStderrLine = (line: string): void => {
    const bench = /^bench: utime=([\d.]+)s stime=([\d.]+)s/.exec(line);
    if (bench) {
      cpuSeconds = Number(bench[1]) + Number(bench[2]);
      return;
    }
    options.onLogLine?.(line);
    // Indented lines describe streams and repeat the file's own tags: nothing a file says about itself may pass for an error.
    if (/^\s|^$/.test(line) || options.isReport?.(line)) return;
    excess ??= excessIn(line) ?? (/received signal 24\b/.test(line) ? overtime : undefined);
    logTail.push(line.slice(0, 500));
    if (logTail.length > keptLogLines) logTail.shift();
  };
  try {
    const { wallMs } = await run({
      command: host.toolchain.ffmpeg.path,
      args,
      cwd: host.scratchDir,
      signal: host.signal,
      stallMs: options.stallMs ?? defaultStallMs,
      limits: { cpuSeconds: cpuLimitSeconds(job) },
      onStderrLine,
      ...(options.feed ? { feed: options.feed } : {}),
      ...(options.onStdoutChunk ? { onStdoutChunk: options.onStdoutChunk } : { onStdoutLine: onProgressLine }),
    });
    options.progress?.(1);
    return { cpuSeconds, wallMs, outTimeUs, logTail };
  } catch (error) {
    throw error instanceof ToolFailure ? explain(error, { logTail, excess, job }) : error;
  } finally {
    host.addCpuSeconds(cpuSeconds);
  }
}

/**
 * `-nostdin`: ffmpeg would read the caller's keys. `repeat`: no report is folded into "last message repeated".
 * Progress goes to stdout or nowhere: on stderr its lines would land in the middle of other threads' messages.
 */
function runOptions(job: FfmpegJob): string[] {
  const stdoutTaken = job.outputs.some(({ to }) => to === 'pipe:1');
  const sourceTimes = job.inputs.some((input) => input.sourceTimes);
  return ['-nostdin', ...allocationGuard, '-hide_banner', '-loglevel', 'repeat+info', '-benchmark', '-nostats', ...(sourceTimes ? ['-copyts', '-start_at_zero'] : []), ...(stdoutTaken ? [] : ['-progress', 'pipe:1'])];
}

/** The varargs form of fluent-ffmpeg's option methods needs two arguments to be taken as separate. */
function atLeastTwo(options: readonly string[]): [string, string, ...string[]] {
  const [first, second, ...rest] = options;
  if (first === undefined || second === undefined) throw new TypeError(`an option stands alone, without its value: ${options.join(' ')}`);
  return [first, second, ...rest];
}

/**
 * Far more than any honest file takes on a slow machine: an end for a decoder that works for ever, not a measure of speed. A render
 * takes up to some 20 CPU s per second of media, reading a whole source less than 0.1.
 */
function cpuLimitSeconds({ inputs }: FfmpegJob): number {
  const lengths = inputs.map(({ durationUs, untilUs, seekUs, rawFormat }) => (rawFormat === undefined ? (durationUs ?? (untilUs === undefined ? undefined : untilUs - (seekUs ?? 0))) : undefined));
  const excerptUs = lengths.reduce<number>((sum, lengthUs) => sum + (lengthUs ?? 0), 0);
  return lengths.every((lengthUs) => lengthUs === undefined) ? 24 * 3600 : 1800 + (excerptUs / 1e6) * 200;
}

const overtime = 'takes far more computing time than a film of its length does';

/** Ends of ffmpeg that are its own faults, brought about by the bytes it read. */
const crashes = new Set(['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL']);

/** Messages of libavformat and the decoders that mean: the bytes are at fault. */
const damage = /Invalid data found when processing input|moov atom not found|Error opening input|could not find codec parameters|Format (.* )?not on whitelist|EBML header parsing failed/i;

function explain(failure: ToolFailure, { logTail, excess, job }: { logTail: readonly string[]; excess: string | undefined; job: FfmpegJob }): SnvgError {
  const cause = { cause: failure };
  if (failure.notStarted) {
    const refused = explainSystemError(failure.cause, 'while starting ffmpeg');
    if (refused) return refused;
    return new SnvgError('FFMPEG_MISSING', `ffmpeg could not be started: ${oneLine(failure.message)}`, 'Install ffmpeg 5.1 or later, or name it with --ffmpeg.', cause);
  }
  const said = logTail.join('\n');
  if (/No space left on device|Disk quota exceeded/i.test(said)) {
    return new SnvgError('DISK_FULL', 'The disk filled up while ffmpeg was writing', 'Free some space, or choose another disk with SNVG_HOME or TMPDIR, and run again: finished work is kept.', cause);
  }
  const absent = /No such filter: '(\w+)'/.exec(said)?.[1];
  if (absent !== undefined) {
    return new SnvgError('FFMPEG_INCAPABLE', `This ffmpeg was built without the filter ${absent}, which this source needs`, `Install a full build (${installHint()}), or name one with --ffmpeg.`, cause);
  }
  const names = job.inputs.map(({ path }) => shownName(path)).join(', ');
  const reason = telling(logTail) ?? (failure.endedBy ? `ended by ${failure.endedBy}` : `exit code ${failure.exitCode ?? 'unknown'}`);
  const tooMuch = failure.endedBy === 'SIGXCPU' ? overtime : excess;
  if (tooMuch !== undefined) {
    return new SnvgError('MEDIA_TOO_LARGE', `${names} ${tooMuch}`, 'Convert it to an ordinary MP4 first, for example with: ffmpeg -i <file> -vf scale=1920:-2 out.mp4', cause);
  }
  if (failure.endedBy !== undefined && crashes.has(failure.endedBy)) {
    return new SnvgError('MEDIA_UNREADABLE', `${names} makes ffmpeg crash (${failure.endedBy}): it is damaged, or made to do so`, 'Check that it plays elsewhere; copy or download it again, or use a newer ffmpeg.', cause);
  }
  if (damage.test(said)) {
    return new SnvgError('MEDIA_UNREADABLE', `${names} cannot be decoded: ${reason}`, 'Check that it plays elsewhere; copy or download it again, or re-encode it.', cause);
  }
  return new SnvgError('TOOL_FAILED', `ffmpeg failed on ${names}: ${reason}`, 'Run again with --log-level debug; if it repeats, please report it with that output.', cause);
}

/** The lines that say most: the last few naming an error (the cause comes before its consequences), else the last. */
function telling(logTail: readonly string[]): string | undefined {
  const errors = logTail.filter((text) => /error|invalid|fail|unable|no such|not found/i.test(text) && !text.startsWith('Conversion failed')).slice(-3);
  const lines = errors.length > 0 ? errors : logTail.slice(-1);
  return lines.length === 0 ? undefined : oneLine(lines.map((line) => line.replace(/^\[[^\]]*@ 0x[0-9a-f]+\] /, '').replace(/\.$/, '')).join('; '));
}

/** The file's name as one line of plain text, whatever it holds. */
export function shownName(path: string): string {
  return oneLine(basename(path));
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim().slice(0, 200);
}
