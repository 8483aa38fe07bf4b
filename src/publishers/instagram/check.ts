import type { Finding, PublishableClip } from '../publisher.js';
import { captionFor, countHashtags, countMentions, wholeCaption } from './caption.js';
import { captionLimits, hashtagsThatCount, maxBitsPerSecond, maxWidth, reelLimits } from './limits.js';
import type { InstagramOptions } from './options.js';

/** What Instagram would refuse or change. The codec, the place of the index and the sound are snvg's own making, and always within its rules. */
export function checkReel(clip: PublishableClip, options: InstagramOptions): Finding[] {
  return [...film(clip, options), ...text(clip)];
}

function film(clip: PublishableClip, options: InstagramOptions): Finding[] {
  const findings: Finding[] = [];
  const refuse = (rule: string, message: string, remedy: string): void => void findings.push({ rule: `instagram.${rule}`, severity: 'refused', message, remedy });
  const { durationUs, sizeBytes, fps, width } = clip;
  const { minDurationUs, maxDurationUs, maxSizeBytes, minFps, maxFps } = reelLimits;
  if (durationUs < minDurationUs) refuse('duration', `The clip lasts ${seconds(durationUs)}; a Reel lasts at least ${seconds(minDurationUs)}`, 'Make it longer: snvg process --min-length 3.');
  if (durationUs > maxDurationUs) refuse('duration', `The clip lasts ${seconds(durationUs)}; a Reel lasts at most 15 minutes`, 'Make it shorter: snvg process --max-length 900.');
  if (sizeBytes > maxSizeBytes) refuse('size', `The clip has ${megabytes(sizeBytes)}; a Reel has at most ${megabytes(maxSizeBytes)}`, 'Make it shorter, or smaller: snvg process --crf 24.');
  if (fps < minFps || fps > maxFps) refuse('fps', `The clip has ${fps} frames a second; a Reel has ${minFps} to ${maxFps}`, 'Record or convert the source at 24 to 60 frames a second.');
  if (width > maxWidth) refuse('width', `The picture is ${width} wide; a Reel is at most ${maxWidth} wide`, 'Render it smaller, or publish the vertical format.');
  const bitsPerSecond = durationUs > 0 ? (sizeBytes * 8) / (durationUs / 1_000_000) : 0;
  if (bitsPerSecond > maxBitsPerSecond) refuse('bitrate', `The clip takes ${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s; a Reel takes at most ${maxBitsPerSecond / 1e6}`, 'Make it smaller: snvg process --crf 24.');
  if (options.thumbOffsetMs !== undefined && options.thumbOffsetMs * 1000 >= durationUs) {
    refuse('thumb-offset', `The cover is to come from ${options.thumbOffsetMs} ms, but the clip ends at ${Math.round(durationUs / 1000)} ms`, 'Set instagram.thumbOffsetMs to a time inside the clip, or leave it out.');
  }
  return findings;
}

function text(clip: PublishableClip): Finding[] {
  const findings: Finding[] = [];
  const { maxUnits, maxHashtags, maxMentions } = captionLimits;
  const whole = wholeCaption(clip);
  const own = `${clip.title}\n${clip.description}`;
  const mentions = countMentions(whole);
  if (mentions > maxMentions) findings.push({ rule: 'instagram.mentions', severity: 'refused', message: `The text mentions ${mentions} accounts; Instagram takes ${maxMentions}`, remedy: 'Take some mentions out: snvg review.' });
  const inText = countHashtags(own);
  const hashtags = countHashtags(whole);
  if (inText > maxHashtags) {
    findings.push({ rule: 'instagram.hashtags', severity: 'refused', message: `Title and description hold ${inText} hashtags; Instagram takes ${maxHashtags}`, remedy: 'Take some hashtags out: snvg review.' });
  } else if (hashtags > maxHashtags) {
    findings.push({ rule: 'instagram.hashtags', severity: 'adjusted', message: `The text holds ${hashtags} hashtags; Instagram takes ${maxHashtags}, so the last ones are left out`, remedy: 'Keep the ones that matter: snvg review.' });
  } else if (hashtags > hashtagsThatCount) {
    findings.push({ rule: 'instagram.hashtags.shown', severity: 'adjusted', message: `The text holds ${hashtags} hashtags; Instagram has announced that it counts ${hashtagsThatCount}`, remedy: `Keep the ${hashtagsThatCount} that matter: snvg review.` });
  }
  if (whole.length > maxUnits) {
    const kept = captionFor(clip).length;
    findings.push({ rule: 'instagram.caption', severity: 'adjusted', message: `The text has ${whole.length} characters; Instagram takes ${maxUnits}, so it is shortened to ${kept}`, remedy: 'Shorten the description yourself to decide what goes: snvg review.' });
  }
  return findings;
}

function seconds(us: number): string {
  return `${Math.round(us / 100_000) / 10} s`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
