import { z } from 'zod';
import { rational, us } from './common.js';

export const videoStream = z.object({
  /** ffmpeg's absolute stream index. */
  index: z.int().nonnegative(),
  codec: z.string(),
  /** Coded size; frames reach filters already rotated. */
  codedWidth: z.int().positive(),
  codedHeight: z.int().positive(),
  /** What a viewer sees: after rotation and sample aspect ratio, even numbers. */
  displayWidth: z.int().positive(),
  displayHeight: z.int().positive(),
  rotationDegrees: z.number(),
  sampleAspectRatio: rational,
  /** The output frame grid: the average rate, snapped to a common exact rate, at most 60. */
  fps: rational,
  variableFrameRate: z.boolean(),
  pixelFormat: z.string(),
  bitDepth: z.int().positive(),
  alpha: z.boolean(),
  /** As tagged, in ffmpeg's names (`bt709`, `smpte170m`, `bt2020nc` …); null where the file says nothing. */
  colorMatrix: z.string().nullable(),
  colorPrimaries: z.string().nullable(),
  colorTransfer: z.string().nullable(),
  colorRange: z.enum(['tv', 'pc']).nullable(),
  hdr: z.enum(['pq', 'hlg']).nullable(),
  /** Brightest light in cd/m² that the container states: of the content, else of the display it was graded on. */
  peakNits: z.number().positive().nullable(),
  /** Dolby Vision profile, where the file has one (5 has no base layer that other decoders show rightly). */
  dolbyVisionProfile: z.int().nonnegative().nullable(),
  /** Some frames are, or may be, two fields; each of them is marked. */
  interlaced: z.boolean(),
  /** Which field comes first, as seen in the picture where the header does not say; null: as each frame states. */
  fieldOrder: z.enum(['tff', 'bff']).nullable(),
});

export const audioStream = z.object({
  index: z.int().nonnegative(),
  codec: z.string(),
  sampleRate: z.int().positive(),
  channels: z.int().positive(),
  channelLayout: z.string().nullable(),
  language: z.string().nullable(),
  title: z.string().nullable(),
});

export const subtitleStream = z.object({
  index: z.int().nonnegative(),
  codec: z.string(),
  language: z.string().nullable(),
  /** Text (srt, mov_text, webvtt, ass), as opposed to bitmaps. */
  text: z.boolean(),
});

/** A still picture inside the file: cover art. */
const coverPicture = z.object({ index: z.int().nonnegative(), codec: z.string(), width: z.int().positive(), height: z.int().positive() });

/** A text track inside the source; used in place of recognition only with --use-captions. */
const captionTrack = z.object({
  kind: z.literal('cues'),
  origin: z.literal('track'),
  /** `stream <index>` */
  name: z.string(),
  streamIndex: z.int().nonnegative(),
});

/**
 * The probed source: all a later stage needs to know about it except its bytes. Nothing here depends on the file's name or place,
 * so that moving it, or laying captions beside it, makes no work anew.
 */
export const source = z.object({
  schemaVersion: z.literal(1),
  /** Content hash of the file. */
  sha256: z.string(),
  sizeBytes: z.int().nonnegative(),
  container: z.string(),
  /** ffprobe's format.start_time: filters count from here. May be negative. */
  formatStartUs: z.int(),
  durationUs: us,
  /** Why times in the file cannot be relied on: the later stages work on a copy in a clean container. Null for most files, and for such a copy. */
  unreliable: z.enum(['clock']).nullable(),
  /** Null: sound alone. At least one of `video` and `audio` is there. */
  video: videoStream.nullable(),
  /** Null: pictures alone. */
  audio: audioStream.nullable(),
  cover: coverPicture.nullable(),
  audioTracks: z.array(audioStream),
  subtitles: z.array(subtitleStream),
  /** Inside the file; what lies beside it is no part of it, and for the stage that reads it to find. */
  captions: z.array(captionTrack),
});
export type Source = z.infer<typeof source>;

/** The grid of clips that show a still picture: what every screen and platform takes. */
const stillRate = { num: 30, den: 1 } as const;

/** The frame grid that clips of a source are on: that of its picture, or 30 frames a second for sound alone. */
export function clipRate({ video }: { video: { fps: z.infer<typeof rational> } | null }): z.infer<typeof rational> {
  return video ? video.fps : stillRate;
}
