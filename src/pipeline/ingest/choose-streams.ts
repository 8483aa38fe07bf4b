import type { ProbedStream } from '../../media/probe.js';

/** Dispositions of tracks that accompany a film: not what its people say. */
const sideDispositions = ['comment', 'visual_impaired', 'hearing_impaired', 'karaoke', 'lyrics', 'descriptions'];
const sideTitles = /\b(comment|descri|music|effects?|instrumental|karaoke|score|m&e)/i;

/** The picture to work on: the one marked as default, then the largest, then the first. */
export function chooseVideo(streams: readonly ProbedStream[]): ProbedStream | undefined {
  return best(streams, (stream) => [isDefault(stream), (stream.width ?? 0) * (stream.height ?? 0)]);
}

/**
 * The track people speak on. Not the one with most channels, which ffmpeg would take: that is often an empty surround mix.
 * In order of weight: audible at all, not a commentary, description or music track, marked as default, first.
 */
export function chooseAudio(streams: readonly ProbedStream[], isSilent: (stream: ProbedStream) => boolean): ProbedStream | undefined {
  return best(streams, (stream) => [isSilent(stream) ? 0 : 1, isSideTrack(stream) ? 0 : 1, isDefault(stream)]);
}

/** `#2 Speech (eng), 2 channels`: a track as a person may recognise it. */
export function trackLabel(stream: ProbedStream): string {
  const { title, language } = stream.tags;
  const channels = stream.channels === undefined ? '' : `, ${stream.channels} channel${stream.channels === 1 ? '' : 's'}`;
  return `#${stream.index}${title ? ` ${title}` : ''}${language && language !== 'und' ? ` (${language})` : ''}${channels}`;
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
