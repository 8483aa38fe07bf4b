import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bt709, lutFile, planColour, taggedBt709 } from '../../../media/colour.js';
import { type FfmpegJob, type MediaHost, type MediaInput, runFfmpeg } from '../../../media/ffmpeg.js';
import type { Reading } from '../readings.js';
import { finishGraph, type FinishRequest, type FramingRequest, readingGraph } from './picture-graph.js';

/** Names in the scratch folder of what one run leaves there. */
export const pictureFiles = { clip: 'clip.mp4', thumbs: 'meant.gray', before: 'before.yuv', cover: 'cover.jpg' } as const;

/** Holds a line for each decoded frame of reading `n`: its source time in µs. */
export function timesFile(n: number): string {
  return `times${n}.txt`;
}

export interface PictureRequest extends FramingRequest, FinishRequest {
  /** In playing order, together all pieces of the timeline. */
  readings: readonly [Reading, ...Reading[]];
  /** Absolute path of the encoded sound, copied as it is. */
  soundPath: string;
  crf: number;
  preset: string;
  threads: number;
}

/**
 * Decodes each reading once, frames it, burns captions in, encodes, adds the sound. Beside the clip it writes the cover and, for
 * verification, small copies of the frames and the caption box before captions: the source is not read again.
 *
 * One reading is one ffmpeg from file to file. Several are decoded one after the other, each by an ffmpeg of its own, and their finished
 * frames handed through a pipe to the one that encodes: however many pieces a clip has, two decoders' worth of memory is enough.
 * Two runs of the same ffmpeg build write the same bytes.
 *
 * @throws {SnvgError} as runFfmpeg
 */
export async function renderPicture(host: MediaHost, request: PictureRequest, progress: (fraction: number) => void): Promise<void> {
  const { timeline, readings, width, height } = request;
  const [reading, ...more] = readings;
  const { lut } = planColour(request.video);
  if (lut) await writeFile(join(host.scratchDir, lutFile), lut());
  const watched = { expectedUs: timeline.durationUs, progress };
  if (more.length === 0) {
    const graph = `${readingGraph(reading, request)};${finishGraph('frames', request)}`;
    const outputs = [...clipOutputs(request), timesOutput(0)];
    await runFfmpeg(host, { inputs: [sourceInput(reading, request), { path: request.soundPath, sourceTimes: true }], graph, outputs }, watched);
    return;
  }
  const { num, den } = timeline.fps;
  const piped: MediaInput = { path: 'pipe:0', rawFormat: 'rawvideo', options: ['-pix_fmt', 'yuv420p', '-s', `${width}x${height}`, '-r', `${num}/${den}`] };
  // Raw pictures carry no tags: these are what the frames were made to.
  const graph = `[0:v]${taggedBt709}[frames];${finishGraph('frames', request)}`;
  await runFfmpeg(
    host,
    { inputs: [piped, { path: request.soundPath }], graph, outputs: clipOutputs(request) },
    {
      ...watched,
      feed: async (write) => {
        for (const [n, part] of readings.entries()) await runFfmpeg(host, framesJob(part, n, request), { onStdoutChunk: write });
      },
    },
  );
}

/** Sends the finished frames of a reading to stdout. */
function framesJob(reading: Reading, n: number, request: PictureRequest): FfmpegJob {
  return {
    inputs: [sourceInput(reading, request)],
    graph: readingGraph(reading, request),
    outputs: [{ to: 'pipe:1', options: ['-map', '[frames]', '-fps_mode', 'passthrough', '-pix_fmt', 'yuv420p', '-f', 'rawvideo'] }, timesOutput(n)],
  };
}

function sourceInput({ path, seekUs, endUs }: Reading, { threads }: PictureRequest): MediaInput {
  return { path, seekUs, untilUs: endUs, sourceTimes: true, options: ['-threads', String(threads)] };
}

function timesOutput(n: number): FfmpegJob['outputs'][number] {
  return { to: timesFile(n), options: ['-map', '[times]', '-fps_mode', 'passthrough', '-enc_time_base', '1:1000000', '-f', 'framecrc'] };
}

/** The files every clip's picture run leaves, from the pads of `finishGraph` and the sound of input 1, which is copied. */
export function clipOutputs(request: Pick<PictureRequest, 'timeline' | 'probe' | 'crf' | 'preset' | 'threads'>): FfmpegJob['outputs'] {
  const { num, den } = request.timeline.fps;
  const bitexact = ['-map_metadata', '-1', '-map_chapters', '-1', '-fflags', '+bitexact', '-flags:v', '+bitexact'];
  const video = [
    '-c:v', 'libx264', '-preset', request.preset, '-crf', String(request.crf), '-pix_fmt', 'yuv420p', '-threads', String(request.threads),
    // A keyframe every two seconds: what platforms ask for, and players seek by.
    '-g', String(Math.round((2 * num) / den)),
    '-r', `${num}/${den}`, '-video_track_timescale', String(timescale(num)),
    '-color_primaries', bt709.colorPrimaries, '-color_trc', bt709.colorTransfer, '-colorspace', bt709.colorMatrix, '-color_range', bt709.colorRange,
  ];
  return [
    { to: pictureFiles.clip, options: ['-map', '[picture]', '-map', '1:a', ...video, '-c:a', 'copy', ...bitexact, '-movflags', '+faststart'] },
    { to: pictureFiles.thumbs, options: ['-map', '[thumbs]', '-fps_mode', 'passthrough', '-f', 'rawvideo'] },
    { to: pictureFiles.cover, options: ['-map', '[cover]', '-frames:v', '1', '-c:v', 'mjpeg', '-q:v', '3', ...bitexact, '-update', '1', '-f', 'image2'] },
    ...(request.probe ? [{ to: pictureFiles.before, options: ['-map', '[before]', '-fps_mode', 'passthrough', '-f', 'rawvideo'] }] : []),
  ];
}

/**
 * Replaces the clip's sound by another file of the scratch folder; the picture is copied.
 *
 * @throws {SnvgError} as runFfmpeg
 */
export async function remux(host: MediaHost, soundFile: string): Promise<void> {
  const path = join(host.scratchDir, pictureFiles.clip);
  await runFfmpeg(host, {
    inputs: [{ path }, { path: join(host.scratchDir, soundFile) }],
    outputs: [{ to: 'remuxed.mp4', options: ['-map', '0:v', '-map', '1:a', '-c', 'copy', '-map_metadata', '-1', '-fflags', '+bitexact', '-movflags', '+faststart'] }],
  });
  await rename(join(host.scratchDir, 'remuxed.mp4'), path);
}

/** A track time scale in which every frame of the rate has a whole number. */
function timescale(num: number): number {
  return num >= 1000 ? num : num * 512;
}
