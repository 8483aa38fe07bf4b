import type { z } from 'zod';
import type { audioStream, subtitleStream, videoStream } from '../../artifacts/schemas/source.js';
import { displaySize } from '../../media/display.js';
import type { ProbedStream } from '../../media/probe.js';
import { outputRate, parseRate } from './frame-rate.js';

export type VideoStream = z.infer<typeof videoStream>;
export type AudioStream = z.infer<typeof audioStream>;
export type SubtitleStream = z.infer<typeof subtitleStream>;

const textSubtitles = new Set(['subrip', 'srt', 'ass', 'ssa', 'mov_text', 'webvtt', 'text']);
/** Sample aspect ratios outside this are header damage, not anamorphic film. */
const widestSample = 8;

/** A moving picture that can be decoded: not cover art, not a thumbnail track, not a track without a description. */
export function isMovingPicture(stream: ProbedStream): boolean {
  const { disposition } = stream;
  const still = ['attached_pic', 'timed_thumbnails', 'still_image'].some((name) => disposition[name] === 1);
  return stream.codec_type === 'video' && isKnownCodec(stream) && !still && (stream.width ?? 0) > 0 && (stream.height ?? 0) > 0;
}

export function isAudible(stream: ProbedStream): boolean {
  return stream.codec_type === 'audio' && isKnownCodec(stream) && (stream.channels ?? 0) > 0 && Number(stream.sample_rate) > 0;
}

function isKnownCodec(stream: ProbedStream): boolean {
  return stream.codec_name !== undefined && stream.codec_name !== 'unknown' && stream.codec_name !== 'none';
}

/** What later stages need to know of a picture stream; only for those that `isMovingPicture` accepts. */
export function describeVideo(stream: ProbedStream): VideoStream {
  const coded = {
    codedWidth: stream.width ?? 0,
    codedHeight: stream.height ?? 0,
    rotationDegrees: stream.side_data_list.find(({ rotation }) => rotation !== undefined)?.rotation ?? 0,
    sampleAspectRatio: sampleAspectRatio(stream.sample_aspect_ratio),
  };
  const { fps, variable } = outputRate(parseRate(stream.avg_frame_rate), parseRate(stream.r_frame_rate));
  return {
    index: stream.index,
    codec: stream.codec_name ?? 'unknown',
    ...coded,
    ...displaySize(coded),
    fps,
    variableFrameRate: variable,
    pixelFormat: stream.pix_fmt ?? 'unknown',
    colorTransfer: stream.color_transfer ?? null,
    hdr: stream.color_transfer === 'smpte2084' ? 'pq' : stream.color_transfer === 'arib-std-b67' ? 'hlg' : null,
    interlaced: ['tt', 'bb', 'tb', 'bt'].includes(stream.field_order ?? ''),
  };
}

export function describeAudio(stream: ProbedStream): AudioStream {
  return {
    index: stream.index,
    codec: stream.codec_name ?? 'unknown',
    sampleRate: Number(stream.sample_rate),
    channels: stream.channels ?? 0,
    channelLayout: stream.channel_layout ?? null,
    language: languageOf(stream),
    title: stream.tags['title'] ?? null,
  };
}

export function describeSubtitle(stream: ProbedStream): SubtitleStream {
  const codec = stream.codec_name ?? 'unknown';
  return { index: stream.index, codec, language: languageOf(stream), text: textSubtitles.has(codec) };
}

function languageOf(stream: ProbedStream): string | null {
  const language = stream.tags['language'];
  return language === undefined || language === 'und' ? null : language;
}

function sampleAspectRatio(text: string | undefined): { num: number; den: number } {
  const ratio = parseRate(text);
  if (!ratio || ratio.num / ratio.den > widestSample || ratio.den / ratio.num > widestSample) return { num: 1, den: 1 };
  return ratio;
}
