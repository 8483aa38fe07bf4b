import { stat } from 'node:fs/promises';
import { z } from 'zod';
import type { Source } from '../../artifacts/schemas/source.js';
import { SnvgError } from '../../errors.js';
import { shownName } from '../../media/ffmpeg.js';
import { type ProbedFile, type ProbedStream, probeFile } from '../../media/probe.js';
import { defineOperation, type FileRef, type StageContext } from '../stage.js';
import { chooseAudio, chooseVideo, trackLabel } from './choose-streams.js';
import { describeAudio, describeCover, describeSubtitle, describeVideo, isAudible, isMovingPicture } from './describe-streams.js';
import { measureDuration } from './measure-duration.js';
import { silentTracks } from './track-levels.js';

const params = z.object({
  /** The shortest clip wanted: a shorter source is refused. */
  minLengthUs: z.int().positive(),
});
type Context = StageContext<z.infer<typeof params>>;

/** More than any camera, editor or broadcast recorder writes; headers beyond them are hostile or damaged. */
const limits = { streams: 100, side: 8192, durationUs: 24 * 3600 * 1e6 };

/** The shortest clip that can be asked for at all. */
export const shortestClipUs = 3_000_000;

/** Describes a source from its headers and the packets at its end; decodes nothing but a few seconds of sound to tell tracks apart. */
export const probeOperation = defineOperation({
  id: 'ingest.probe',
  stage: 'ingest',
  version: 3,
  params,
  outputs: { source: 'source' },
  tools: ['ffmpeg'],
  slots: 1,
  run: async ({ file }: { file: FileRef }, ctx: Context) => ({ source: await ctx.putJson('source', await describe(file, ctx)) }),
});

async function describe(file: FileRef, ctx: Context): Promise<Source> {
  const { path } = file;
  const name = shownName(path);
  if ((await stat(path)).size !== file.sizeBytes) {
    throw new SnvgError('MEDIA_UNREADABLE', `${name} is still changing: its size is no longer what it was a moment ago`, 'Wait until it is completely written, then run again.');
  }
  const probed = await probeFile(ctx, path);
  if (probed.streams.length > limits.streams) {
    throw new SnvgError('MEDIA_UNSUPPORTED', `${name} has ${probed.streams.length} streams, more than the ${limits.streams} that are looked at`, 'Copy the ones you want into a new file: ffmpeg -i <file> -map 0:v:0 -map 0:a:0 -c copy out.mkv');
  }
  const pictures = probed.streams.filter(isMovingPicture);
  const tracks = probed.streams.filter(isAudible);
  const picture = chooseVideo(pictures);
  if (!picture && tracks.length === 0) throw nothingToShow(name, probed);
  const video = picture ? describeVideo(picture) : null;
  if (video && Math.max(video.codedWidth, video.codedHeight, video.displayWidth, video.displayHeight) > limits.side) {
    throw new SnvgError('MEDIA_TOO_LARGE', `${name} is ${video.displayWidth}×${video.displayHeight}: larger than ${limits.side} pixels on a side`, 'Scale it down first: ffmpeg -i <file> -vf scale=3840:-2 out.mp4');
  }
  const { formatStartUs, durationUs, corrected } = await measureDuration(ctx, path, probed, [picture, ...tracks].flatMap((stream) => stream?.index ?? []));
  if (durationUs > limits.durationUs) {
    throw new SnvgError('MEDIA_TOO_LARGE', `${name} is ${Math.round(durationUs / 3.6e9)} hours long, more than 24`, 'Split it and give the parts.');
  }
  requireLength(name, durationUs, ctx.params.minLengthUs);
  if (corrected) {
    ctx.notice({ code: 'DURATION_CORRECTED', severity: 'info', message: `${name} states no or a wrong length; reading it gave ${(durationUs / 1e6).toFixed(1)} s`, remedy: 'Nothing to do; a copy made with ffmpeg -c copy states the right one.' });
  }
  const audio = await chooseTrack(file, ctx, tracks, durationUs);
  if (picture && pictures.length > 1) {
    ctx.notice({ code: 'VIDEO_TRACK_CHOSEN', severity: 'info', message: `${name} has ${pictures.length} picture tracks; #${picture.index} (${picture.width}×${picture.height}) is used`, remedy: 'To use another, copy it into a file of its own with ffmpeg -map.' });
  }
  const subtitles = probed.streams.filter(({ codec_type: type }) => type === 'subtitle').map(describeSubtitle);
  return {
    schemaVersion: 1,
    sha256: file.sha256,
    sizeBytes: file.sizeBytes,
    container: probed.format.format_name,
    formatStartUs,
    durationUs,
    video,
    audio: audio ? describeAudio(audio) : null,
    cover: describeCover(probed.streams),
    audioTracks: tracks.map(describeAudio),
    subtitles,
    captions: subtitles.filter(({ text }) => text).map(({ index }) => ({ kind: 'cues', origin: 'track', name: `stream ${index}`, streamIndex: index })),
  };
}

/** @throws {SnvgError} MEDIA_TOO_SHORT when no clip of the wanted length can come of it, however it is cut */
function requireLength(name: string, durationUs: number, neededUs: number): void {
  if (durationUs >= neededUs) return;
  const remedy =
    durationUs < shortestClipUs
      ? `Give a source of at least ${seconds(shortestClipUs)}.`
      : `Give a longer source, or ask for shorter clips: --min-length ${Math.floor(durationUs / 1e6)}`;
  throw new SnvgError('MEDIA_TOO_SHORT', `${name} is ${seconds(durationUs)} long, shorter than the shortest clip asked for (${seconds(neededUs)})`, remedy);
}

function seconds(us: number): string {
  return `${Number((us / 1e6).toFixed(1))} s`;
}

async function chooseTrack(file: FileRef, ctx: StageContext<unknown>, tracks: readonly ProbedStream[], durationUs: number): Promise<ProbedStream | undefined> {
  if (tracks.length < 2) return tracks[0];
  const indices = tracks.map(({ index }) => index);
  const silent = await silentTracks(ctx, file.path, indices, durationUs);
  const chosen = chooseAudio(tracks, ({ index }) => silent.has(index));
  if (!chosen) throw new RangeError('no audio track to choose from');
  const others = tracks.filter((track) => track !== chosen).map((track) => trackLabel(track) + (silent.has(track.index) ? ', silent' : ''));
  ctx.notice({
    code: 'AUDIO_TRACK_CHOSEN',
    severity: 'info',
    message: `${shownName(file.path)} has ${tracks.length} audio tracks; ${trackLabel(chosen)} is used, not ${others.join('; ')}`,
    remedy: 'To use another, copy it into a file of its own: ffmpeg -i <file> -map 0:v:0 -map 0:<number> -c copy out.mkv',
  });
  return chosen;
}

function nothingToShow(name: string, probed: ProbedFile): SnvgError {
  const cover = probed.streams.some(({ disposition }) => disposition['attached_pic'] === 1);
  const what = cover ? 'holds a still picture alone' : 'holds neither a picture nor a sound that ffmpeg can decode';
  return new SnvgError('MEDIA_UNSUPPORTED', `${name} ${what}`, 'Give a film or a recording; check that it plays elsewhere, or convert it to MP4.');
}
