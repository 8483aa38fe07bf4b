import type { DatedLimits, Finding, PublishableClip } from '../publisher.js';
import type { YoutubeOptions } from './options.js';
import { youtubeText } from './text.js';

const minuteUs = 60_000_000;
const shortMaxUs = 3 * minuteUs;
/** Without a verified phone number (support.google.com/youtube/answer/71673). */
const unverifiedMaxUs = 15 * minuteUs;

export const youtubeLimits = {
  checkedOn: '2026-11-25',
  maxDurationUs: 12 * 60 * minuteUs,
  maxSizeBytes: 256 * 1024 ** 3,
  formats: ['vertical', 'square', 'wide'],
} as const satisfies DatedLimits;

/** Square or upright and at most three minutes: YouTube shows it as a Short. */
function isShort(clip: Pick<PublishableClip, 'width' | 'height' | 'durationUs'>): boolean {
  return clip.height >= clip.width && clip.durationUs <= shortMaxUs;
}

/** Where people find a video. */
export function videoUrl(videoId: string, clip: Pick<PublishableClip, 'width' | 'height' | 'durationUs'>): string {
  return isShort(clip) ? `https://youtube.com/shorts/${videoId}` : `https://www.youtube.com/watch?v=${videoId}`;
}

/** The language of text and speech: as set, or as heard. */
export function languageOf(clip: Pick<PublishableClip, 'language'>, options: Pick<YoutubeOptions, 'language'>): string | undefined {
  return options.language ?? clip.language ?? undefined;
}

/** The platform's time is used only for what becomes public by itself: YouTube knows no other schedule. */
export function schedulesNatively(options: Pick<YoutubeOptions, 'nativeSchedule' | 'privacy'>): boolean {
  return options.nativeSchedule && options.privacy === 'public';
}

/** What YouTube would refuse or change of a clip. */
export function checkClip(clip: PublishableClip, options: YoutubeOptions): Finding[] {
  const { findings } = youtubeText(clip, options);
  const add = (severity: Finding['severity'], rule: string, message: string, remedy: string): void => void findings.push({ rule: `youtube.${rule}`, severity, message, remedy });

  if (clip.sizeBytes === 0) add('refused', 'size', 'The film is empty', 'Render the clip again.');
  if (clip.sizeBytes > youtubeLimits.maxSizeBytes) add('refused', 'size', 'The film is larger than the 256 GB that YouTube takes', 'Render it with a lower bit rate.');
  if (clip.durationUs > youtubeLimits.maxDurationUs) add('refused', 'duration', 'The film is longer than the 12 hours that YouTube takes', 'Make a shorter clip.');
  else if (clip.durationUs > unverifiedMaxUs) add('adjusted', 'duration', 'YouTube removes films longer than 15 minutes from channels that are not verified', 'Verify the channel once at https://www.youtube.com/verify');
  if (clip.durationUs > shortMaxUs) add('adjusted', 'shorts.length', 'Longer than 3 minutes: YouTube shows it as an ordinary video, not as a Short', 'Make a shorter clip to have a Short.');
  else if (clip.height < clip.width) add('adjusted', 'shorts.shape', 'Wider than high: YouTube shows it as an ordinary video, not as a Short', 'Publish the vertical or square format to have a Short.');

  if (options.madeForKids === undefined) add('adjusted', 'kids.unstated', 'It is not stated whether the film is made for kids: sent as “no”', 'State it: platforms.youtube.madeForKids (the law asks it of you, not of YouTube).');
  if (options.captions !== 'picture') {
    if (clip.captions === null) add('adjusted', 'captions.missing', 'The clip has no caption files: no caption track is sent', 'Render with --captions, or set platforms.youtube.captions to picture.');
    else if (languageOf(clip, options) === undefined) add('adjusted', 'captions.language', 'The language of the captions is not known: no caption track is sent', 'Set platforms.youtube.language.');
  }
  if (options.nativeSchedule && options.privacy !== 'public') add('adjusted', 'schedule.privacy', `YouTube’s own schedule makes films public, and privacy is ${options.privacy}: snvg keeps the time itself`, 'Set platforms.youtube.privacy to public, or leave nativeSchedule off.');
  return findings;
}
