import { stat } from 'node:fs/promises';
import { z } from 'zod';
import type { Source } from '../../artifacts/schemas/source.js';
import { SnvgError } from '../../errors.js';
import { shownName } from '../../media/ffmpeg.js';
import { isEncryptedMp4 } from '../../media/mp4-encryption.js';
import { type ProbedFile, type ProbedStream, probeFile } from '../../media/probe.js';
import { defineOperation, type FileRef, type StageContext } from '../stage.js';
import { chooseTrack } from './audio-track.js';
import { chooseVideo } from './choose-streams.js';
import { describeAudio, describeCover, describeSubtitle, describeVideo, isAudible, isMovingPicture, type VideoStream } from './describe-streams.js';
import { requireShownColours } from './dolby-vision.js';
import { outputRate } from './frame-rate.js';
import { mayHideFields, seenFieldOrder } from './interlace.js';
import { measureDuration } from './measure-duration.js';
import { steadyRate } from './measure-rate.js';
import { requireLength, requireMixableSound, requireModestDescription, requireModestPicture, requireModestSize, requireSubstance } from './source-limits.js';

const params = z.object({
  /** The shortest clip wanted: a shorter source is refused. */
  minLengthUs: z.int().positive(),
  /** Number of a stream or language code of the audio track to work on; null: choose. */
  audioTrack: z.string().nullable(),
  /** What is spoken, as a code, where a person said so. */
  language: z.string().nullable(),
});
type Context = StageContext<z.infer<typeof params>>;

/** `original`: what `file` is a copy of; the description is then the copy's, under the original's name and fingerprint. */
type Inputs = { file: FileRef; original?: FileRef | undefined };

/** Describes a source from its headers and the packets at its end; decodes nothing but a few seconds of sound to tell tracks apart, and of a picture that may hide fields. */
export const probeOperation = defineOperation({
  id: 'ingest.probe',
  stage: 'ingest',
  version: 9,
  params,
  outputs: { source: 'source' },
  tools: ['ffmpeg'],
  slots: 1,
  run: async (inputs: Inputs, ctx: Context) => ({ source: await ctx.putJson('source', await describe(inputs, ctx)) }),
});

async function describe({ file, original = file }: Inputs, ctx: Context): Promise<Source> {
  const { path } = file;
  const name = shownName(original.path);
  requireModestSize(name, file.sizeBytes);
  if ((await stat(path)).size !== file.sizeBytes) {
    throw new SnvgError('MEDIA_UNREADABLE', `${name} is still changing: its size is no longer what it was a moment ago`, 'Wait until it is completely written, then run again.');
  }
  const probed = await probeFile(ctx, path);
  requireModestDescription(name, probed);
  const pictures = probed.streams.filter(isMovingPicture);
  const tracks = probed.streams.filter(isAudible);
  const picture = chooseVideo(pictures);
  if (!picture && tracks.length === 0) throw nothingToShow(name, probed);
  if (await isEncryptedMp4(path)) {
    throw new SnvgError('MEDIA_UNSUPPORTED', `${name} is encrypted (copy protection): its picture and sound cannot be decoded`, 'Give a copy without protection, if you have a right to one.');
  }
  const stated = picture ? describeVideo(picture) : null;
  if (stated) requireModestPicture(name, stated, picture?.avg_frame_rate);
  if (stated) requireShownColours(name, stated);
  const length = await measureDuration(ctx, path, name, probed, [picture, ...tracks].flatMap((stream) => stream?.index ?? []));
  const { formatStartUs, durationUs } = length;
  requireSubstance(name, durationUs, file.sizeBytes);
  requireLength(name, durationUs, ctx.params.minLengthUs);
  if (length.corrected) {
    ctx.notice({ code: 'DURATION_CORRECTED', severity: 'info', message: `${name} states no or a wrong length; reading it gave ${(durationUs / 1e6).toFixed(1)} s`, remedy: 'Nothing to do; a copy made with ffmpeg -c copy states the right one.' });
  }
  const container = probed.format.format_name;
  const video = stated && (await lookAt(ctx, { path, container, formatStartUs, durationUs, clockJumps: length.clockJumps }, stated, picture?.field_order));
  const audio = await chooseTrack(ctx, { path, name, tracks, durationUs }, ctx.params);
  if (audio) requireMixableSound(name, audio);
  saySkipped(ctx, name, probed, { pictures, tracks });
  if (picture && pictures.length > 1) {
    ctx.notice({ code: 'VIDEO_TRACK_CHOSEN', severity: 'info', message: `${name} has ${pictures.length} picture tracks; #${picture.index} (${picture.width}×${picture.height}) is used`, remedy: 'To use another, copy it into a file of its own with ffmpeg -map.' });
  }
  const subtitles = probed.streams.filter(({ codec_type: type }) => type === 'subtitle').map(describeSubtitle);
  return {
    schemaVersion: 1,
    sha256: original.sha256,
    sizeBytes: original.sizeBytes,
    container,
    formatStartUs,
    durationUs,
    unreliable: length.clockJumps ? 'clock' : null,
    video,
    audio: audio ? describeAudio(audio) : null,
    cover: describeCover(probed.streams),
    audioTracks: tracks.map(describeAudio),
    subtitles,
    captions: subtitles.filter(({ text }) => text).map(({ index }) => ({ kind: 'cues', origin: 'track', name: `stream ${index}`, streamIndex: index })),
  };
}

/** What the header does not say, or not rightly: whether the rate really varies, and whether the picture has fields. */
async function lookAt(
  ctx: Context,
  source: { path: string; container: string; formatStartUs: number; durationUs: number; clockJumps: boolean },
  stated: VideoStream,
  fieldOrder: string | undefined,
): Promise<VideoStream> {
  // Of a source whose clock jumps, the copy will be looked at.
  if (source.clockJumps) return stated;
  const steady = stated.variableFrameRate ? await steadyRate(ctx, source, stated.index) : undefined;
  const video = steady ? { ...stated, fps: outputRate(steady, steady).fps, variableFrameRate: false } : stated;
  if (!mayHideFields(video, fieldOrder)) return video;
  const order = await seenFieldOrder(ctx, source, video);
  return order === null ? video : { ...video, interlaced: true, fieldOrder: order };
}

/** A track without a description, or of a codec this ffmpeg does not know, is left out; where none is left of its kind, that is said. */
function saySkipped(ctx: Context, name: string, probed: ProbedFile, usable: { pictures: readonly ProbedStream[]; tracks: readonly ProbedStream[] }): void {
  const kinds = [['audio', 'sound', usable.tracks], ['video', 'picture', usable.pictures]] as const;
  for (const [type, what, left] of kinds) {
    const broken = probed.streams.filter(({ codec_type: of, disposition }) => of === type && disposition['attached_pic'] !== 1 && disposition['still_image'] !== 1 && disposition['timed_thumbnails'] !== 1);
    if (left.length > 0 || broken.length === 0) continue;
    const list = broken.map(({ index, codec_name: codec }) => `#${index}${codec === undefined ? '' : ` (${codec})`}`).join(', ');
    ctx.notice({ code: 'TRACK_UNREADABLE', severity: 'degraded', message: `The ${what} of ${name} cannot be decoded and is left out: ${list}`, remedy: 'If it plays elsewhere, convert it to MP4 first, or use a fuller ffmpeg.' });
  }
}

function nothingToShow(name: string, probed: ProbedFile): SnvgError {
  const cover = probed.streams.some(({ disposition }) => disposition['attached_pic'] === 1);
  const what = cover ? 'holds a still picture alone' : 'holds neither a picture nor a sound that ffmpeg can decode';
  return new SnvgError('MEDIA_UNSUPPORTED', `${name} ${what}`, 'Give a film or a recording; check that it plays elsewhere, or convert it to MP4.');
}
