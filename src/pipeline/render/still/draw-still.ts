import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { PixelBox } from '../../../captions/safe-area.js';
import { type MediaHost, runFfmpeg } from '../../../media/ffmpeg.js';
import type { ClipTimeline } from '../../../media/timeline.js';
import { finishGraph, type FinishRequest } from '../picture/picture-graph.js';
import { clipOutputs } from '../picture/render-picture.js';
import { barScale, drawBars, frameLevels } from './sound-bars.js';

export interface StillRequest extends FinishRequest {
  /** Absolute path of the backdrop (PNG, as large as the format). */
  backdropPath: string;
  /** Absolute path of the encoded sound, copied as it is. */
  soundPath: string;
  timeline: ClipTimeline;
  bars: PixelBox;
  /** `#rrggbb` */
  barColor: string;
  crf: number;
  preset: string;
  threads: number;
}

/** Enough to see how loud speech is. */
const sampleRate = 16_000;
const barsFile = 'bars.gray';

/**
 * The picture of a clip whose source has none: the backdrop, bars that move with the clip's own sound, and captions. Leaves the same
 * files as `renderPicture`, without those about how a source was decoded.
 *
 * @throws {SnvgError} as runFfmpeg
 */
export async function drawStill(host: MediaHost, request: StillRequest, progress: (fraction: number) => void): Promise<void> {
  const { timeline, bars, backdropPath, soundPath } = request;
  const rate = `${timeline.fps.num}/${timeline.fps.den}`;
  await writeBars(host, request);
  const size = `${bars.width / barScale}x${bars.height / barScale}`;
  await runFfmpeg(
    host,
    {
      inputs: [
        { path: backdropPath, rawFormat: 'png_pipe', options: ['-framerate', rate] },
        { path: soundPath },
        { path: join(host.scratchDir, barsFile), rawFormat: 'rawvideo', options: ['-pixel_format', 'gray', '-video_size', size, '-framerate', rate] },
      ],
      graph: stillGraph(request),
      outputs: clipOutputs(request),
    },
    { expectedUs: timeline.durationUs, progress },
  );
}

function stillGraph(request: StillRequest): string {
  const { timeline, bars, barColor } = request;
  const { num, den } = timeline.fps;
  const onGrid = `trim=end_frame=${timeline.frames},settb=${den}/${num},setpts=N`;
  return [
    `[0:v]scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,loop=loop=-1:size=1:start=0,${onGrid}[backdrop]`,
    `[2:v]scale=iw*${barScale}:ih*${barScale}:flags=neighbor,format=gray,${onGrid}[opacity]`,
    `color=c=0x${barColor.slice(1)}:s=${bars.width}x${bars.height}:r=${num}/${den},format=gbrp,scale=out_color_matrix=bt709:out_range=tv,format=yuv444p,${onGrid}[color]`,
    '[color][opacity]alphamerge[bars]',
    `[backdrop][bars]overlay=${bars.x}:${bars.y}:eof_action=repeat:format=yuv420,format=yuv420p,${onGrid}[frames]`,
    finishGraph('frames', request),
  ].join(';');
}

/** Draws every frame's bars from the sound that viewers will hear. */
async function writeBars(host: MediaHost, { soundPath, timeline, bars }: StillRequest): Promise<void> {
  const chunks: Buffer[] = [];
  await runFfmpeg(
    host,
    {
      inputs: [{ path: soundPath, options: ['-threads', '1'] }],
      graph: `[0:a]aformat=channel_layouts=mono,aresample=${sampleRate},aformat=sample_fmts=s16[samples]`,
      outputs: [{ to: 'pipe:1', options: ['-map', '[samples]', '-f', 's16le'] }],
    },
    { onStdoutChunk: (chunk) => void chunks.push(Buffer.from(chunk)) },
  );
  const bytes = Buffer.concat(chunks);
  const samples = new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 2 * Math.floor(bytes.length / 2)));
  const levels = frameLevels(samples, sampleRate, timeline.fps, timeline.frames);
  const file = await open(join(host.scratchDir, barsFile), 'w');
  try {
    for (let frame = 0; frame < timeline.frames; frame += 1) await file.write(drawBars(levels, frame, bars));
  } finally {
    await file.close();
  }
}
