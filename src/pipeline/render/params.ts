import { z } from 'zod';
import { channelRepair } from '../../artifacts/schemas/analysis.js';
import { range } from '../../artifacts/schemas/common.js';
import { audioStream, videoStream } from '../../artifacts/schemas/source.js';
import { outputFormats, type Format } from './formats.js';

/** How clips look and sound, as a person asks for it. */
export interface RenderStyle {
  captions: boolean;
  /** `#rrggbb` */
  captionColor: string;
  captionHighlight: string;
  /** Pixels of an em on a 1920 high picture. */
  captionSizePx: number;
  captionUppercase: boolean;
  crf: number;
  preset: string;
  /** Integrated loudness, LUFS. */
  loudnessLufs: number;
}

const color = z.string().regex(/^#[0-9a-fA-F]{6}$/);

/** What a caption looks like; absent from the parameters when captions are off, so that their colour then changes nothing. */
const captionLook = z.object({ color, highlight: color, sizePx: z.int().positive(), uppercase: z.boolean() });
export type CaptionLook = z.infer<typeof captionLook>;

/**
 * Everything about a clip that is not its inputs. Titles and file names are not here, and of the source only the streams:
 * what changes no pixel and no sample must not make a clip anew.
 */
export const clipParams = z.object({
  format: z.enum(Object.keys(outputFormats) as [Format, ...Format[]]),
  ranges: z.array(range).min(1),
  /** ffprobe's name of the source's container: how it can be seeked. */
  container: z.string(),
  video: videoStream,
  /** Null: the clip gets a silent track. */
  audio: audioStream.nullable(),
  repair: channelRepair,
  captions: captionLook.nullable(),
  crf: z.int(),
  preset: z.string(),
  loudnessLufs: z.number(),
  /** x264's output depends on the number of its threads. */
  threads: z.int().positive(),
});
export type ClipParams = z.infer<typeof clipParams>;

/** Everything about a clip of sound alone that is not its inputs. */
export const stillParams = clipParams.omit({ video: true }).extend({
  audio: audioStream,
  /** `#rrggbb` of the bars that move with the sound. */
  barColor: color,
});
export type StillParams = z.infer<typeof stillParams>;

export const cuesParams = z.object({ ranges: z.array(range).min(1), fps: videoStream.shape.fps });
export type CuesParams = z.infer<typeof cuesParams>;
