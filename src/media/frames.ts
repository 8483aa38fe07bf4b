import type { Range } from '../artifacts/schemas/common.js';
import { deinterlace } from './deinterlace.js';
import { type FfmpegResult, type MediaHost, runFfmpeg } from './ffmpeg.js';
import { withPreroll } from './seek.js';
import { secondsText, usFromSeconds } from './timeline.js';

/** Bytes a picture of each raw format takes, in eighths per pixel. Sizes are even, so chroma planes have no rounding. */
const bitsPerPixel = { gray: 8, rgb24: 24, bgr24: 24, yuv420p: 12 } as const;
export type RawPixelFormat = keyof typeof bitsPerPixel;

/** The picture a source gives: the fields of its `video` that decoding needs. */
interface PictureSource {
  index: number;
  codedWidth: number;
  codedHeight: number;
  displayWidth: number;
  displayHeight: number;
  rotationDegrees: number;
  sampleAspectRatio: { num: number; den: number };
  interlaced: boolean;
  fieldOrder?: 'tff' | 'bff' | null;
}

export interface FrameRequest {
  /** Absolute path of the source. */
  path: string;
  video: PictureSource;
  /** ffprobe's format name: where seeks into it are late, decoding begins earlier. */
  container?: string;
  /** Which stretch to decode, on the source timeline; undefined: all of it. */
  window?: Range;
  /** Even numbers. The display-corrected picture is stretched to exactly this. */
  width: number;
  height: number;
  pixelFormat: RawPixelFormat;
  /** Frames a second on an even grid that begins at the window's start; `every`: each decoded frame at its own time. */
  rate: number | 'every';
  /** Decode keyframes only. */
  keyframesOnly?: boolean;
  /** More options before `-i` (`-skip_loop_filter`, `all`). */
  decoderOptions?: readonly string[];
  /** swscale's method; `fast_bilinear` for pictures that only machines look at. */
  scaling?: 'fast_bilinear' | 'bicubic' | 'area';
}

export interface RawFrame {
  /** Source timeline: the grid's time, or with `rate: 'every'` the frame's own. */
  atUs: number;
  /** 0, 1, 2 … */
  index: number;
  /** width × height in the asked format; valid only until the callback settles: copy what is kept. */
  pixels: Buffer;
}

/**
 * Decodes a stretch of a source to raw pictures of one size, upright and with square samples, and hands them over one by one
 * with their source times. Memory is bounded: ffmpeg waits while `onFrame` is at work.
 *
 * @returns the number of frames handed over
 * @throws {SnvgError} as runFfmpeg; whatever `onFrame` throws, after ending ffmpeg
 */
export async function decodeFrames(
  host: MediaHost,
  request: FrameRequest,
  onFrame: (frame: RawFrame) => void | Promise<void>,
  options: { progress?: (fraction: number) => void } = {},
): Promise<FfmpegResult & { frames: number }> {
  const offsetUs = request.window?.startUs ?? 0;
  const seekUs = request.window ? withPreroll(request.container ?? '', request.window).startUs : 0;
  const prerollUs = offsetUs - seekUs;
  const windowUs = request.window && request.window.endUs - request.window.startUs;
  const { progress } = options;
  const assembler = new FrameAssembler(frameBytes(request), offsetUs, (frame) => {
    if (progress && windowUs) progress(Math.min(1, (frame.atUs - offsetUs) / windowUs));
    return onFrame(frame);
  });
  const result = await runFfmpeg(
    host,
    {
      inputs: [
        {
          path: request.path,
          ...(windowUs !== undefined && { seekUs, durationUs: prerollUs + windowUs }),
          options: [...(request.keyframesOnly ? ['-skip_frame', 'nokey'] : []), ...(request.decoderOptions ?? []), '-an', '-sn'],
        },
      ],
      graph: `[0:${request.video.index}]${[...windowOnly(prerollUs, windowUs), ...frameFilters(request)].join(',')}[frames]`,
      outputs: [{ to: 'pipe:1', options: rawOutputOptions('frames', request.pixelFormat) }],
    },
    {
      onStdoutChunk: (chunk) => assembler.bytes(chunk),
      onLogLine: (line) => assembler.logLine(line),
      isReport: isFrameReport,
    },
  );
  return { ...result, frames: assembler.count };
}

/** The output options of a raw video pad sent to `pipe:1` without duplicating or dropping frames. */
export function rawOutputOptions(pad: string, pixelFormat: RawPixelFormat): string[] {
  return ['-map', `[${pad}]`, '-fps_mode', 'passthrough', '-pix_fmt', pixelFormat, '-f', 'rawvideo'];
}

/** The filters that bring decoded frames to the asked pictures and report each one's time to the log. */
export function frameFilters(request: Pick<FrameRequest, 'video' | 'width' | 'height' | 'pixelFormat' | 'rate' | 'scaling'>): string[] {
  const flags = request.scaling ?? 'fast_bilinear';
  return [
    ...deinterlace(request.video),
    // A grid that begins at the window's start: a first frame a little later is shown from the start on.
    ...(request.rate === 'every' ? [] : [`fps=fps=${request.rate}:start_time=0`]),
    `scale=${request.width}:${request.height}:flags=${flags}`,
    'setsar=1',
    `format=${request.pixelFormat}`,
    // Raw video carries no times, and a VFR file's cannot be counted out: the filter's report brings them.
    'showinfo=checksum=0',
  ];
}

/** The input's own limit counts from the first frame that comes, which may be later than the seek: the end needs to be said as a time. */
function windowOnly(prerollUs: number, windowUs: number | undefined): string[] {
  if (windowUs === undefined) return [];
  const start = secondsText(prerollUs);
  return [`trim=start=${start}:end=${secondsText(prerollUs + windowUs)}`, ...(prerollUs === 0 ? [] : [`setpts=PTS-${start}/TB`])];
}

/** Bytes of one picture. */
export function frameBytes(request: Pick<FrameRequest, 'width' | 'height' | 'pixelFormat'>): number {
  return (request.width * request.height * bitsPerPixel[request.pixelFormat]) / 8;
}

/** showinfo's lines, which are not messages to a person. */
export function isFrameReport(line: string): boolean {
  return line.startsWith('[Parsed_showinfo_');
}

/** How long a frame waits for its report. It was written first; only a report garbled by another thread's message never comes. */
const reportPatienceMs = 2_000;

/** Puts the bytes of a raw video pipe and the times of `showinfo` together into frames. */
export class FrameAssembler {
  /** Frames handed over. */
  count = 0;
  readonly #frameBytes: number;
  readonly #offsetUs: number;
  readonly #onFrame;
  readonly #timesUs = new Map<number, number>();
  readonly #partial: Buffer;
  #filled = 0;
  #usPerTick = 0;
  #lastUs: number;
  #reported: (() => void) | undefined;

  /** `offsetUs` is the source time that the filters call 0: the input seek. */
  constructor(bytesPerFrame: number, offsetUs: number, onFrame: (frame: RawFrame) => void | Promise<void>) {
    this.#frameBytes = bytesPerFrame;
    this.#offsetUs = offsetUs;
    this.#onFrame = onFrame;
    this.#partial = Buffer.allocUnsafe(bytesPerFrame);
    this.#lastUs = offsetUs;
  }

  logLine(line: string): void {
    if (!isFrameReport(line)) return;
    const base = /\bconfig in time_base: (\d+)\/(\d+)/.exec(line);
    if (base) this.#usPerTick = (1e6 * Number(base[1])) / Number(base[2]);
    const [, number, ticks, text] = /\bn:\s*(\d+)\s+pts:\s*(\S+)\s+pts_time:\s*(\S+)/.exec(line) ?? [];
    // pts_time has six digits, which after some minutes are whole hundredths of a second: ticks are exact.
    const exact = Math.round(Number(ticks) * this.#usPerTick);
    const us = this.#usPerTick > 0 && Number.isFinite(exact) ? exact : usFromSeconds(text);
    if (number === undefined || us === undefined) return;
    this.#timesUs.set(Number(number), Math.max(0, this.#offsetUs + us));
    this.#reported?.();
  }

  async bytes(chunk: Buffer): Promise<void> {
    let at = 0;
    while (at < chunk.length) {
      const taken = Math.min(chunk.length - at, this.#frameBytes - this.#filled);
      chunk.copy(this.#partial, this.#filled, at, at + taken);
      this.#filled += taken;
      at += taken;
      if (this.#filled === this.#frameBytes) {
        this.#filled = 0;
        const index = this.count;
        this.count += 1;
        this.#lastUs = (await this.#timeOf(index)) ?? this.#lastUs;
        await this.#onFrame({ atUs: this.#lastUs, index, pixels: this.#partial });
      }
    }
  }

  /** The report comes through another pipe, which may be read later. */
  async #timeOf(index: number): Promise<number | undefined> {
    const deadlineMs = performance.now() + reportPatienceMs;
    while (!this.#timesUs.has(index) && performance.now() < deadlineMs) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, reportPatienceMs);
        this.#reported = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#reported = undefined;
    const us = this.#timesUs.get(index);
    this.#timesUs.delete(index);
    return us;
  }
}
