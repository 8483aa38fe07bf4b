import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type MediaHost, runFfmpeg } from '../../../media/ffmpeg.js';
import { pictureGraph, type PictureGraphRequest } from './picture-graph.js';

/** Names in the scratch folder of what one run leaves there. */
export const pictureFiles = { clip: 'clip.mp4', thumbs: 'meant.gray', before: 'before.yuv', cover: 'cover.jpg' } as const;

/** Holds a line for each decoded frame of piece `n`: its time in µs after the seek. */
export function timesFile(n: number): string {
  return `times${n}.txt`;
}

export interface PictureRequest extends PictureGraphRequest {
  /** Absolute path of the encoded sound, copied as it is. */
  soundPath: string;
  crf: number;
  preset: string;
  threads: number;
}

/**
 * The one ffmpeg process of a clip: decodes each piece once, frames it, burns captions in, encodes, adds the sound. Beside the clip it
 * writes the cover and, for verification, small copies of the frames and the caption box before captions: the source is not read again.
 * Two runs of the same ffmpeg build write the same bytes.
 *
 * @throws {SnvgError} as runFfmpeg
 */
export async function renderPicture(host: MediaHost, request: PictureRequest, progress: (fraction: number) => void): Promise<void> {
  const { timeline, threads, excerpts } = request;
  const { num, den } = timeline.fps;
  const bitexact = ['-map_metadata', '-1', '-map_chapters', '-1', '-fflags', '+bitexact', '-flags:v', '+bitexact'];
  const video = [
    '-c:v', 'libx264', '-preset', request.preset, '-crf', String(request.crf), '-pix_fmt', 'yuv420p', '-threads', String(threads),
    // A keyframe every two seconds: what platforms ask for, and players seek by.
    '-g', String(Math.round((2 * num) / den)),
    '-r', `${num}/${den}`, '-video_track_timescale', String(timescale(num)),
    '-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709', '-color_range', 'tv',
  ];
  await runFfmpeg(
    host,
    {
      inputs: [...excerpts.map(({ input }) => ({ ...input, options: [...(input.options ?? []), '-threads', String(threads)] })), { path: request.soundPath }],
      graph: pictureGraph(request),
      outputs: [
        { to: pictureFiles.clip, options: ['-map', '[picture]', '-map', `${excerpts.length}:a`, ...video, '-c:a', 'copy', ...bitexact, '-movflags', '+faststart'] },
        { to: pictureFiles.thumbs, options: ['-map', '[thumbs]', '-fps_mode', 'passthrough', '-f', 'rawvideo'] },
        { to: pictureFiles.cover, options: ['-map', '[cover]', '-frames:v', '1', '-c:v', 'mjpeg', '-q:v', '3', ...bitexact, '-update', '1', '-f', 'image2'] },
        ...excerpts.map((_, n) => ({ to: timesFile(n), options: ['-map', `[times${n}]`, '-fps_mode', 'passthrough', '-enc_time_base', '1:1000000', '-f', 'framecrc'] })),
        ...(request.probe ? [{ to: pictureFiles.before, options: ['-map', '[before]', '-fps_mode', 'passthrough', '-f', 'rawvideo'] }] : []),
      ],
    },
    { expectedUs: timeline.durationUs, progress },
  );
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
