import type { Finding, PublishableClip } from '../publisher.js';
import { limits, usualMaxDurationUs } from './limits.js';
import { xOptions } from './options.js';
import { hasTrack } from './subtitles.js';
import { composeText } from './text.js';
import { cashtagsIn, isPostable, maxWeight, weightOf } from './weight.js';

/** What X would refuse, and what is changed for it, before anything is sent. */
export function checkForX(clip: PublishableClip, given: unknown): Finding[] {
  const options = xOptions.parse(given);
  const findings = [...checkVideo(clip, options.premium), ...checkText(clip, options.text)];
  if (options.subtitles && !hasTrack(clip, options)) {
    findings.push({ rule: 'x.subtitles.none', severity: 'adjusted', message: `It goes without subtitles: ${clip.captions === null ? 'the clip has none' : 'their language is not known, or has no code of two letters'}`, remedy: 'Render with captions and name the language.' });
  }
  return findings;
}

function checkVideo(clip: PublishableClip, premium: boolean): Finding[] {
  const findings: Finding[] = [];
  const { minDurationUs = 0, maxDurationUs = Infinity, maxSizeBytes = Infinity, maxFps = Infinity } = limits;
  if (clip.sizeBytes === 0) findings.push(refused('x.size.empty', 'The video is empty', 'Render the clip again.'));
  if (clip.sizeBytes > maxSizeBytes) findings.push(refused('x.size.max', `The video has ${megabytes(clip.sizeBytes)} MB; X takes ${megabytes(maxSizeBytes)} MB`, 'Render it shorter or with a lower quality.'));
  if (clip.durationUs < minDurationUs) findings.push(refused('x.duration.min', `The video is ${clip.durationUs / 1_000_000} s long; X takes none below ${minDurationUs / 1_000_000} s`, 'Choose a longer moment.'));
  const longestUs = premium ? maxDurationUs : usualMaxDurationUs;
  if (clip.durationUs > longestUs) {
    findings.push(refused('x.duration.max', `The video is longer than ${longestUs / 60_000_000} minutes`, premium ? 'Choose a shorter moment.' : 'Choose a shorter moment, or say that the account has Premium: --set x.premium=true'));
  }
  if (clip.fps > maxFps) findings.push(refused('x.fps.max', `The video has ${clip.fps} frames a second; X takes ${maxFps}`, 'Render it with fewer frames a second.'));
  const ratio = clip.width / clip.height;
  if (ratio > 3 || ratio < 1 / 3) findings.push(refused('x.shape', `The video is ${clip.width} × ${clip.height}; X takes shapes between 1:3 and 3:1`, 'Render it in another format.'));
  return findings;
}

function checkText(clip: PublishableClip, template: string): Finding[] {
  const { text, adjusted } = composeText(clip, template);
  if (!isPostable(text) && text !== '') {
    return [{ rule: 'x.text.length', severity: 'refused', message: `The text weighs ${weightOf(text)} of ${maxWeight} even without title and description`, remedy: 'Shorten x.text.' }];
  }
  const findings: Finding[] = adjusted.map((what) => ({
    rule: `x.text.${what.replaceAll(' ', '-')}`,
    severity: 'adjusted',
    message: `To fit ${maxWeight} of X's characters: ${what}`,
    remedy: 'Write a shorter text for X, or leave it so.',
  }));
  if (cashtagsIn(text).length > 1) findings.push({ rule: 'x.text.cashtags', severity: 'refused', message: "X's interface takes one cashtag in a post", remedy: 'Leave one of the words that begin with $.' });
  return findings;
}

function refused(rule: string, message: string, remedy: string): Finding {
  return { rule, severity: 'refused', message, remedy };
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1_000_000);
}
