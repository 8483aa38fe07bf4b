import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SnvgError } from '../../../errors.js';
import { type MediaInput, runFfmpeg } from '../../../media/ffmpeg.js';
import { defineOperation, type FileRef, type StageContext } from '../../stage.js';
import { type Format, outputFormats } from '../formats.js';
import { calmBackdrop } from './calm-backdrop.js';
import { readPictureSize } from './picture-size.js';
import { stillLayout, type StillLayout } from './still-layout.js';

const params = z.object({
  format: z.enum(Object.keys(outputFormats) as [Format, ...Format[]]),
  /** The first row captions may reach. */
  captionTop: z.int().positive(),
  /** The cover inside the source; null when there is none, or another picture is given. */
  art: z.object({ index: z.int().nonnegative(), width: z.int().positive(), height: z.int().positive() }).nullable(),
});
type Params = z.infer<typeof params>;

interface Inputs {
  file: FileRef;
  /** A person's own picture. */
  cover: FileRef | undefined;
  [name: string]: FileRef | undefined;
}

interface CoverPicture {
  input: MediaInput;
  streamIndex: number;
  width: number;
  height: number;
}

/** Covers inside sources beyond this are not decoded. */
const mostSide = 8192;
const pictureFile = 'backdrop.png';
/** The blurred copy is made at this share of the size: a wide blur at a small cost. */
const blurShare = 0.1;

/**
 * Draws what a clip of a recording without picture shows behind its bars and captions, once for each format: the cover, whole and
 * sharp, over its own blurred and darkened copy; without one a calm gradient.
 *
 * @throws {SnvgError} COVER_INVALID when a picture that was given cannot be decoded
 */
export const backdropOperation = defineOperation<Params, Inputs, { backdrop: 'backdrop'; picture: 'backdrop.png' }>({
  id: 'render.backdrop',
  stage: 'render',
  version: 1,
  params,
  outputs: { backdrop: 'backdrop', picture: 'backdrop.png' },
  tools: ['ffmpeg'],
  slots: 1,
  async run({ file, cover }, ctx) {
    const { art } = ctx.params;
    const layout = cover ? await drawGiven(ctx, cover) : art ? await drawArt(ctx, file, art) : await drawCalm(ctx, file.sha256);
    return { backdrop: await ctx.putJson('backdrop', { schemaVersion: 1, bars: layout.bars }), picture: await ctx.putFile('backdrop.png', join(ctx.scratchDir, pictureFile)) };
  },
});

async function drawGiven(ctx: StageContext<Params>, cover: FileRef): Promise<StillLayout> {
  const { demuxer, width, height } = await readPictureSize(cover.path);
  try {
    return await drawCover(ctx, { input: { path: cover.path, rawFormat: demuxer, options: ['-max_pixels', String(mostSide * mostSide)] }, streamIndex: 0, width, height });
  } catch (error) {
    if (!(error instanceof SnvgError) || (error.code !== 'MEDIA_UNREADABLE' && error.code !== 'TOOL_FAILED')) throw error;
    throw new SnvgError('COVER_INVALID', `The cover picture cannot be decoded: ${error.message}`, 'Open it in an image editor and save it anew as PNG or JPEG.', { cause: error });
  }
}

/** A damaged cover inside the source is no reason to make no clip. */
async function drawArt(ctx: StageContext<Params>, file: FileRef, art: NonNullable<Params['art']>): Promise<StillLayout> {
  try {
    if (Math.max(art.width, art.height) > mostSide) throw new SnvgError('MEDIA_TOO_LARGE', `it is ${art.width}×${art.height}`, 'Give a smaller one.');
    return await drawCover(ctx, { input: { path: file.path, options: ['-an', '-sn', '-max_pixels', String(mostSide * mostSide)] }, streamIndex: art.index, width: art.width, height: art.height });
  } catch (error) {
    if (!(error instanceof SnvgError) || !['MEDIA_UNREADABLE', 'MEDIA_TOO_LARGE', 'TOOL_FAILED'].includes(error.code)) throw error;
    ctx.notice({ code: 'COVER_UNREADABLE', severity: 'degraded', message: `The cover inside the source cannot be shown: ${error.message}`, remedy: 'Give a picture of your own with --cover.' });
    return drawCalm(ctx, file.sha256);
  }
}

async function drawCover(ctx: StageContext<Params>, cover: CoverPicture): Promise<StillLayout> {
  const { format, captionTop } = ctx.params;
  const { width, height } = outputFormats[format];
  const layout = stillLayout({ width, height }, captionTop, cover);
  const front = layout.cover ?? { x: 0, y: 0, width, height };
  const small = { width: 2 * Math.ceil((width * blurShare) / 2), height: 2 * Math.ceil((height * blurShare) / 2) };
  const graph = [
    // Whatever the picture is stored as, red, green and blue from here on; of a transparent one, the blurred copy shows through.
    `[0:${cover.streamIndex}]trim=end_frame=1,format=rgba,split=2[a][b]`,
    `[a]format=rgb24,scale=${small.width}:${small.height}:force_original_aspect_ratio=increase:flags=area,crop=${small.width}:${small.height},gblur=sigma=6,lutrgb=r=val*0.5+8:g=val*0.5+8:b=val*0.5+8,scale=${width}:${height}:flags=bicubic,setsar=1[back]`,
    // Whole whatever the header said about its shape.
    `[b]scale=${front.width}:${front.height}:force_original_aspect_ratio=decrease:flags=lanczos,setsar=1[front]`,
    `[back][front]overlay='${front.x}+(${front.width}-w)/2':'${front.y}+(${front.height}-h)/2':format=rgb,format=rgb24[picture]`,
  ].join(';');
  await runFfmpeg(ctx, { inputs: [cover.input], graph, outputs: [pictureOutput] });
  return layout;
}

async function drawCalm(ctx: StageContext<Params>, sha256: string): Promise<StillLayout> {
  const { format, captionTop } = ctx.params;
  const { width, height } = outputFormats[format];
  const layout = stillLayout({ width, height }, captionTop, null);
  const light = { x: layout.bars.x + layout.bars.width / 2, y: layout.bars.y + layout.bars.height / 2 };
  await writeFile(join(ctx.scratchDir, 'calm.rgb'), calmBackdrop(width, height, sha256, light));
  const input = { path: join(ctx.scratchDir, 'calm.rgb'), rawFormat: 'rawvideo', options: ['-pixel_format', 'rgb24', '-video_size', `${width}x${height}`] };
  await runFfmpeg(ctx, { inputs: [input], graph: '[0:v]null[picture]', outputs: [pictureOutput] });
  return layout;
}

const pictureOutput = { to: pictureFile, options: ['-map', '[picture]', '-frames:v', '1', '-c:v', 'png', '-map_metadata', '-1', '-fflags', '+bitexact', '-update', '1', '-f', 'image2'] };
