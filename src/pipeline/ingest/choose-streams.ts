import type { ProbedStream } from '../../media/probe.js';

/** Dispositions of tracks that accompany a film: not what its people say. */
const sideDispositions = ['comment', 'visual_impaired', 'hearing_impaired', 'karaoke', 'lyrics', 'descriptions'];
const sideTitles = /\b(comment|descri|music|effects?|instrumental|karaoke|score|m&e)/i;

/** The picture to work on: not a track for the side (sign language, another angle) where there is another, the one marked as default, the largest, the first. */
export function chooseVideo(streams: readonly ProbedStream[]): ProbedStream | undefined {
  return best(streams, (stream) => [isSideTrack(stream) ? 0 : 1, isDefault(stream), (stream.width ?? 0) * (stream.height ?? 0)]);
}

/**
 * The track people speak on. Not the one with most channels, which ffmpeg would take: that is often an empty surround mix.
 * In order of weight: audible at all, not known to be in another language than the one asked for, not a commentary, description
 * or music track, known to be in that language, marked as default, first.
 *
 * @param language a code such as `en` or `eng`, or undefined where any will do
 */
export function chooseAudio(streams: readonly ProbedStream[], isSilent: (stream: ProbedStream) => boolean, language?: string): ProbedStream | undefined {
  return best(streams, (stream) => {
    const spoken = languageOf(stream);
    const matches = language !== undefined && spoken !== undefined && sameLanguage(spoken, language);
    const foreign = language !== undefined && spoken !== undefined && !matches;
    return [isSilent(stream) ? 0 : 1, foreign ? 0 : 1, isSideTrack(stream) ? 0 : 1, matches ? 1 : 0, isDefault(stream)];
  });
}

/** The tracks that `wanted` names: ffprobe's number of a stream, or a language code. */
export function namedTracks(streams: readonly ProbedStream[], wanted: string): ProbedStream[] {
  if (/^\d+$/.test(wanted)) return streams.filter(({ index }) => index === Number(wanted));
  return streams.filter((stream) => {
    const spoken = languageOf(stream);
    return spoken !== undefined && sameLanguage(spoken, wanted);
  });
}

/** `#2 Speech (eng), 2 channels`: a track as a person may recognise it. */
export function trackLabel(stream: ProbedStream): string {
  const { title } = stream.tags;
  const language = languageOf(stream);
  const channels = stream.channels === undefined ? '' : `, ${stream.channels} channel${stream.channels === 1 ? '' : 's'}`;
  return `#${stream.index}${title ? ` ${title}` : ''}${language ? ` (${language})` : ''}${channels}`;
}

function languageOf(stream: ProbedStream): string | undefined {
  const { language } = stream.tags;
  return language === undefined || language === 'und' || language === '' ? undefined : language;
}

/** Whether two codes name one language: `en`, `eng` and `en-GB` do, `ger` and `deu` too. */
function sameLanguage(a: string, b: string): boolean {
  return baseLanguage(a) === baseLanguage(b);
}

function baseLanguage(code: string): string {
  try {
    return new Intl.Locale(code).language;
  } catch {
    return code.toLowerCase();
  }
}

function isDefault(stream: ProbedStream): number {
  return stream.disposition['default'] === 1 ? 1 : 0;
}

function isSideTrack(stream: ProbedStream): boolean {
  return sideDispositions.some((name) => stream.disposition[name] === 1) || sideTitles.test(stream.tags['title'] ?? '');
}

/** The item whose worth is largest, compared part by part; among equals the first. */
function best<T>(items: readonly T[], worth: (item: T) => readonly number[]): T | undefined {
  const isBetter = (a: T, b: T): boolean => {
    const worthOfB = worth(b);
    const index = worth(a).findIndex((part, at) => part !== worthOfB[at]);
    return index >= 0 && (worth(a)[index] ?? 0) > (worthOfB[index] ?? 0);
  };
  return items.reduce<T | undefined>((found, item) => (found === undefined || isBetter(item, found) ? item : found), undefined);
}
