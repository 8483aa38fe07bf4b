import type { Camera } from '../../../artifacts/schemas/clip.js';
import type { videoStream } from '../../../artifacts/schemas/source.js';
import type { PixelBox } from '../../../captions/safe-area.js';
import { toDisplaySize } from '../../../media/display.js';
import { type ClipTimeline, secondsText } from '../../../media/timeline.js';
import type { z } from 'zod';
import type { Excerpt } from '../excerpt.js';
import { cameraFilters } from './camera-filters.js';

/** Small grey pictures of every frame, for comparing what was meant with what was written. */
export const thumbnail = { width: 48, height: 48, pixelFormat: 'gray' } as const;

/** What is looked at around the captions: these frames, cut to this box. */
export interface CaptionProbe {
  frames: readonly number[];
  box: PixelBox;
}

export interface PictureGraphRequest {
  /** Input `n` is piece `n` of the timeline. */
  excerpts: readonly Excerpt[];
  video: z.infer<typeof videoStream>;
  timeline: ClipTimeline;
  camera: Camera;
  width: number;
  height: number;
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
 * The whole picture of a clip in one graph.
 * Pads: `times<n>` (of each piece, the frames that were decoded), `picture` (to encode), `thumbs` (small, before captions), `cover`, and with a probe `before` (the caption box before captions).
 */
export function pictureGraph(request: PictureGraphRequest): string {
  const { excerpts, video, timeline, camera, width, height, probe } = request;
  const { num, den } = timeline.fps;
  const deep = video.hdr !== null;
  const hold = video.variableFrameRate ? -1 : Math.ceil((longestHoldSeconds * num) / den);
  const pieces = timeline.pieces.map(({ frames }, n) => {
    const filters = [
      ...(video.interlaced ? ['bwdif=mode=send_frame:deint=interlaced'] : []),
      `fps=${num}/${den}:start_time=${secondsText(excerpts[n]?.prerollUs ?? 0)}`,
      `tpad=stop=${hold}:stop_mode=clone`,
      `trim=end_frame=${frames}`,
      'setpts=PTS-STARTPTS',
      ...toDisplaySize(video),
    ];
    // The corner of every decoded frame, for its time alone.
    return `[${n}:${video.index}]split=2[decoded${n}][corner${n}];[corner${n}]crop=2:2:0:0[times${n}];[decoded${n}]${filters.join(',')}[piece${n}]`;
  });
  const joined = timeline.pieces.map((_, n) => `[piece${n}]`).join('');
  const join = timeline.pieces.length === 1 ? [] : [`${joined}concat=n=${timeline.pieces.length}:v=1:a=0[joined]`];
  const whole = timeline.pieces.length === 1 ? 'piece0' : 'joined';
  const picture = { width: video.displayWidth, height: video.displayHeight };
  const colours = [...(deep ? [toneMap] : []), 'format=yuv420p', `settb=${den}/${num}`, 'setpts=N'];
  const outs = ['burn', 'small', 'still', ...(probe ? ['look'] : [])];
  return [
    ...pieces,
    ...join,
    cameraFilters(camera, timeline, picture, { width, height }, { from: whole, to: 'framed', deep }),
    `[framed]${colours.join(',')},split=${outs.length}${outs.map((out) => `[${out}]`).join('')}`,
    `[burn]${request.captions ? 'ass=captions.ass:fontsdir=fonts' : 'null'}[picture]`,
    `[small]${thumbnailFilters(request.thumbnailRows)}[thumbs]`,
    `[still]select='eq(n,${request.coverFrame})',scale=out_range=pc,format=yuvj420p[cover]`,
    ...(probe ? [`[look]${probeFilters(probe)}[before]`] : []),
  ].join(';');
}

/** PQ or HLG to BT.709: linear light at 100 cd/m² white, BT.709 primaries, the Hable curve. */
const toneMap =
  'zscale=transfer=linear:npl=100,format=gbrpf32le,zscale=primaries=bt709,tonemap=tonemap=hable:desat=0,zscale=transfer=bt709:matrix=bt709:range=tv';

export function thumbnailFilters(rows: number): string {
  return `crop=iw:${rows}:0:0,scale=${thumbnail.width}:${thumbnail.height}:flags=fast_bilinear,format=${thumbnail.pixelFormat}`;
}

export function probeFilters({ frames, box }: CaptionProbe): string {
  const chosen = frames.map((frame) => `eq(n,${frame})`).join('+');
  // A scaler of its own: left to negotiation, the conversion may land in front of a split and cost every frame.
  return `select='${chosen}',crop=${box.width}:${box.height}:${box.x}:${box.y},scale,format=yuv444p`;
}
