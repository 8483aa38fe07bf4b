import type { Camera } from '../../../artifacts/schemas/clip.js';
import type { videoStream } from '../../../artifacts/schemas/source.js';
import type { PixelBox } from '../../../captions/safe-area.js';
import { planColour, taggedBt709 } from '../../../media/colour.js';
import { deinterlace } from '../../../media/deinterlace.js';
import { uprightSize } from '../../../media/display.js';
import { ClipTimeline, nearestFrame, secondsText } from '../../../media/timeline.js';
import type { z } from 'zod';
import type { Reading } from '../readings.js';
import { cameraFilters, stepExpression } from './camera-filters.js';
import { cameraWithin } from './camera-within.js';

/** Small grey pictures of every frame, for comparing what was meant with what was written. */
export const thumbnail = { width: 48, height: 48, pixelFormat: 'gray' } as const;

/** What is looked at around the captions: these frames, cut to this box. */
export interface CaptionProbe {
  frames: readonly number[];
  box: PixelBox;
}

/** How the source's picture becomes the clip's. */
export interface FramingRequest {
  video: z.infer<typeof videoStream>;
  timeline: ClipTimeline;
  camera: Camera;
  width: number;
  height: number;
}

/** What is made of the clip's frames. */
export interface FinishRequest {
  /** Rows from the top that captions never touch. */
  thumbnailRows: number;
  /** Burns in `captions.ass` of the working directory with the fonts in `fonts`. */
  captions: boolean;
  probe: CaptionProbe | undefined;
  coverFrame: number;
}

/** Seconds by which the last frame may be drawn out when the source's picture ends before its sound. */
const longestHoldSeconds = 1;

/**
 * From the source to frames of the clip, for one reading: input 0 with times of the source.
 * Pads: `times` (every frame that was decoded), `frames` (the clip's, in its size, 8 bits, BT.709, counted from 0).
 */
export function readingGraph(reading: Reading, request: FramingRequest): string {
  const { video, timeline, camera, width, height } = request;
  const { fps } = timeline;
  const { pieces } = reading;
  const colour = planColour(video);
  const hold = video.variableFrameRate ? -1 : Math.ceil((longestHoldSeconds * fps.num) / fps.den);
  const [first] = pieces;
  const last = pieces.at(-1) ?? first;
  const firstFrame = nearestFrame(first.startUs, fps);
  const own = new ClipTimeline(pieces, fps);
  const filters = [
    ...deinterlace(video),
    // Frame n of what comes out is frame firstFrame + n of the source's grid.
    `fps=${fps.num}/${fps.den}:start_time=${secondsText(first.startUs)}`,
    `tpad=stop=${hold}:stop_mode=clone`,
    `trim=end_frame=${nearestFrame(last.startUs, fps) + last.frames - firstFrame}`,
    ...(pieces.length > 1 ? [`select='${chosenFrames(reading, firstFrame, fps)}'`] : []),
    'setpts=N',
    ...colour.prepare,
  ];
  const picture = { stored: uprightSize(video), display: { width: video.displayWidth, height: video.displayHeight }, target: { width, height }, colour };
  return [
    `[0:${video.index}]trim=end=${secondsText(reading.endUs)},split=2[decoded][corner]`,
    // The corner of every decoded frame, for its time alone; the coarsest chroma has one sample for four pixels.
    '[corner]crop=4:4:0:0[times]',
    `[decoded]${filters.join(',')}[whole]`,
    cameraFilters(cameraWithin(camera, first.firstFrame, own), own, picture, { from: 'whole', to: 'framed' }),
    `[framed]${taggedBt709},settb=${fps.den}/${fps.num},setpts=N[frames]`,
  ].join(';');
}

/** 1 for the frames of the grid, counted from `firstFrame`, that lie in a piece, else 0. */
function chosenFrames({ pieces }: Reading, firstFrame: number, fps: ClipTimeline['fps']): string {
  const steps = pieces.flatMap(({ startUs, frames }) => {
    const start = nearestFrame(startUs, fps) - firstFrame;
    return [{ frame: start, value: 1 }, { frame: start + frames, value: 0 }];
  });
  return stepExpression(steps);
}

/**
 * From the clip's frames to what is written of them.
 * Pads: `picture` (to encode), `thumbs` (small, before captions), `cover`, and with a probe `before` (the caption box before captions).
 *
 * @param from the pad that the clip's frames come from
 */
export function finishGraph(from: string, request: FinishRequest): string {
  const { probe } = request;
  const outs = ['burn', 'small', 'still', ...(probe ? ['look'] : [])];
  return [
    `[${from}]split=${outs.length}${outs.map((out) => `[${out}]`).join('')}`,
    `[burn]${request.captions ? 'ass=captions.ass:fontsdir=fonts' : 'null'}[picture]`,
    `[small]${thumbnailFilters(request.thumbnailRows)}[thumbs]`,
    `[still]select='eq(n,${request.coverFrame})',${asJpeg}[cover]`,
    ...(probe ? [`[look]${probeFilters(probe)}[before]`] : []),
  ].join(';');
}

/** A JPEG carries no tags: JFIF means BT.601 in full range. */
const asJpeg = 'scale=in_range=tv:in_color_matrix=bt709:out_range=pc:out_color_matrix=bt601:flags=accurate_rnd+full_chroma_int+full_chroma_inp,format=yuvj420p';

export function thumbnailFilters(rows: number): string {
  return `crop=iw:${rows}:0:0,scale=${thumbnail.width}:${thumbnail.height}:flags=fast_bilinear,format=${thumbnail.pixelFormat}`;
}

export function probeFilters({ frames, box }: CaptionProbe): string {
  const chosen = frames.map((frame) => `eq(n,${frame})`).join('+');
  // A scaler of its own: left to negotiation, the conversion may land in front of a split and cost every frame.
  return `select='${chosen}',crop=${box.width}:${box.height}:${box.x}:${box.y},scale,format=yuv444p`;
}
