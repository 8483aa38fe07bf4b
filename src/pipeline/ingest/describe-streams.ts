import type { z } from 'zod';
import type { audioStream, Source, subtitleStream, videoStream } from '../../artifacts/schemas/source.js';
import { displaySize } from '../../media/display.js';
import type { ProbedStream } from '../../media/probe.js';
import { outputRate, parseRate } from './frame-rate.js';

export type VideoStream = z.infer<typeof videoStream>;
export type AudioStream = z.infer<typeof audioStream>;
export type SubtitleStream = z.infer<typeof subtitleStream>;

const textSubtitles = new Set(['subrip', 'srt', 'ass', 'ssa', 'mov_text', 'webvtt', 'text']);
/** Sample aspect ratios outside this are header damage, not anamorphic film. */
const widestSample = 8;

/** A moving picture that can be decoded: not cover art, not a thumbnail track, not one without a description or of which ffprobe could decode no picture. */
export function isMovingPicture(stream: ProbedStream): boolean {
  const { disposition } = stream;
  const still = ['attached_pic', 'timed_thumbnails', 'still_image'].some((name) => disposition[name] === 1);
  return stream.codec_type === 'video' && isKnownCodec(stream) && !still && stream.pix_fmt !== undefined && (stream.width ?? 0) > 0 && (stream.height ?? 0) > 0;
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
  const { fps, variable } = outputRate(parseRate(stream.avg_frame_rate), parseRate(stream.r_frame_rate), Number(stream.duration) || undefined);
  return {
    index: stream.index,
    codec: stream.codec_name ?? 'unknown',
    ...coded,
    ...displaySize(coded),
    fps,
    variableFrameRate: variable,
    pixelFormat: stream.pix_fmt ?? 'unknown',
    bitDepth: bitDepthOf(stream),
    alpha: /^(yuva|rgba|bgra|argb|abgr|gbrap|ya\d|pal8)/.test(stream.pix_fmt ?? ''),
    colorMatrix: tagged(stream.color_space),
    colorPrimaries: tagged(stream.color_primaries),
    colorTransfer: tagged(stream.color_transfer),
    colorRange: stream.color_range === 'tv' || stream.color_range === 'pc' ? stream.color_range : null,
    dolbyVisionProfile: stream.side_data_list.find(({ dv_profile: profile }) => profile !== undefined)?.dv_profile ?? null,
    hdr: stream.color_transfer === 'smpte2084' ? 'pq' : stream.color_transfer === 'arib-std-b67' ? 'hlg' : null,
    peakNits: peakNits(stream),
    interlaced: isInterlaced(stream),
    fieldOrder: null,
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

/** The first cover picture, if the file carries one that can be decoded. */
export function describeCover(streams: readonly ProbedStream[]): Source['cover'] {
  const cover = streams.find((stream) => stream.disposition['attached_pic'] === 1 && isKnownCodec(stream) && (stream.width ?? 0) > 0 && (stream.height ?? 0) > 0);
  return cover ? { index: cover.index, codec: cover.codec_name ?? 'unknown', width: cover.width ?? 0, height: cover.height ?? 0 } : null;
}

export function describeSubtitle(stream: ProbedStream): SubtitleStream {
  const codec = stream.codec_name ?? 'unknown';
  return { index: stream.index, codec, language: languageOf(stream), text: textSubtitles.has(codec) };
}

/** What ffprobe prints for a colour property that the file states; undefined, `unknown` and `reserved` state nothing. */
function tagged(name: string | undefined): string | null {
  return name === undefined || name === 'unknown' || name === 'reserved' || name === 'unspecified' ? null : name;
}

/** From the container's mastering metadata; zeros there mean unknown. */
function peakNits({ side_data_list: sideData }: ProbedStream): number | null {
  const brightestPixel = sideData.find(({ max_content: nits }) => nits !== undefined)?.max_content ?? 0;
  if (brightestPixel > 0) return brightestPixel;
  const display = parseRate(sideData.find(({ max_luminance: nits }) => nits !== undefined)?.max_luminance);
  return display ? display.num / display.den : null;
}

/** Their containers say nothing of fields, their frames do; the deinterlacer touches only frames that are marked. */
const markedByFrame = new Set(['dvvideo', 'mpeg2video', 'mpeg4', 'vc1', 'wmv3', 'mjpeg']);

function isInterlaced({ field_order: order = 'unknown', codec_name: codec = '' }: ProbedStream): boolean {
  return ['tt', 'bb', 'tb', 'bt'].includes(order) || (order === 'unknown' && markedByFrame.has(codec));
}

/** Bits a sample: from the codec where it says so, else from the name of the pixel format (`yuv420p10le`). */
function bitDepthOf(stream: ProbedStream): number {
  const stated = Number(stream.bits_per_raw_sample);
  if (stated > 0) return stated;
  return Number(/p0?(9|1[0-6])(?:le|be)$/.exec(stream.pix_fmt ?? '')?.[1] ?? 8);
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
