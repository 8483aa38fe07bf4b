import type { DatedLimits, Finding, PublishableClip } from '../publisher.js';
import { captionOf, linkedWords, maxCaptionUnits } from './caption.js';
import type { TikTokOptions } from './options.js';

/** TikTok's media transfer guide and Direct Post reference. */
export const tiktokLimits: DatedLimits = {
  checkedOn: '2026-11-25',
  maxDurationUs: 600_000_000,
  maxSizeBytes: 4 * 2 ** 30,
  minFps: 23,
  maxFps: 60,
  formats: ['vertical', 'square', 'wide'],
};
const minSidePx = 360;
const maxSidePx = 4096;

/** Frame rates such as 22.98 are measured, not chosen. */
const fpsTolerance = 0.05;

/** Everything that can be known without asking TikTok. What the creator may do is asked before the post is begun. */
export function findingsOf(clip: PublishableClip, options: TikTokOptions): Finding[] {
  return [...mediaFindings(clip), ...(options.mode === 'inbox' ? draftFindings(clip, options) : textFindings(clip)), ...settingFindings(clip, options)];
}

function mediaFindings(clip: PublishableClip): Finding[] {
  const { maxDurationUs = Infinity, maxSizeBytes = Infinity, minFps = 0, maxFps = Infinity } = tiktokLimits;
  const findings: Finding[] = [];
  if (clip.durationUs > maxDurationUs) {
    findings.push(refused('duration', `The clip lasts ${Math.round(clip.durationUs / 1e6)} s; TikTok takes at most ${maxDurationUs / 1e6} s`, 'Make it shorter (--max-duration).'));
  }
  if (clip.sizeBytes > maxSizeBytes) findings.push(refused('size', `The clip has ${clip.sizeBytes} bytes; TikTok takes at most 4 GB`, 'Render it smaller or shorter.'));
  if (clip.sizeBytes === 0) findings.push(refused('size', 'The clip is empty', 'Render it again.'));
  if (clip.fps < minFps - fpsTolerance || clip.fps > maxFps + fpsTolerance) {
    findings.push(refused('fps', `The clip has ${clip.fps} frames a second; TikTok takes ${minFps} to ${maxFps}`, 'Use a source with a usual frame rate, or render with another one.'));
  }
  if (Math.min(clip.width, clip.height) < minSidePx || Math.max(clip.width, clip.height) > maxSidePx) {
    findings.push(refused('picture', `The picture is ${clip.width}×${clip.height}; TikTok takes sides of ${minSidePx} to ${maxSidePx} pixels`, 'Render in another size.'));
  }
  return findings;
}

function textFindings(clip: PublishableClip): Finding[] {
  const { text, shortened } = captionOf(clip);
  const findings: Finding[] = [];
  if (text.length > maxCaptionUnits) {
    findings.push(refused('caption.length', `Title and hashtags have ${text.length} UTF-16 units; TikTok takes ${maxCaptionUnits}`, 'Shorten the title or leave hashtags out (snvg review).'));
  } else if (shortened) {
    findings.push(adjusted('caption.length', `Title, description and hashtags together exceed ${maxCaptionUnits} UTF-16 units: the description is shortened`, 'Shorten it yourself to decide what stays (snvg review).'));
  }
  const spaced = clip.hashtags.filter((tag) => /\s/u.test(tag.trim()));
  if (spaced.length > 0) findings.push(adjusted('hashtag.space', `TikTok ends a hashtag at a space: ${spaced.join(', ')} is written as one word`, 'Write hashtags without spaces.'));
  const linked = linkedWords(`${clip.title}\n${clip.description}`);
  if (linked.length > 0) findings.push(adjusted('caption.links', `TikTok makes links of ${linked.join(', ')}`, 'Put a space behind the sign if no hashtag or mention is meant.'));
  return findings;
}

function draftFindings(clip: PublishableClip, options: TikTokOptions): Finding[] {
  const findings: Finding[] = [];
  if (captionOf(clip).text !== '') {
    findings.push(adjusted('inbox.text', 'TikTok takes no text with a draft: its owner pastes it in the app', 'Use --set tiktok.mode=direct to send the text as well.'));
  }
  const ignored = [
    options.privacy !== 'SELF_ONLY' && 'privacy',
    options.disableComment && 'disableComment',
    options.disableDuet && 'disableDuet',
    options.disableStitch && 'disableStitch',
    options.coverAtMs !== undefined && 'coverAtMs',
    options.brandContent && 'brandContent',
    options.brandOrganic && 'brandOrganic',
    options.isAigc && 'isAigc',
  ].filter((name) => name !== false);
  if (ignored.length > 0) {
    findings.push(adjusted('inbox.settings', `TikTok takes no settings with a draft: ${ignored.join(', ')} must be set in the app`, 'Use --set tiktok.mode=direct to send them.'));
  }
  return findings;
}

function settingFindings(clip: PublishableClip, options: TikTokOptions): Finding[] {
  if (options.mode === 'inbox') return [];
  const findings: Finding[] = [];
  if (options.brandContent && options.privacy === 'SELF_ONLY') {
    findings.push(refused('brand.private', 'TikTok does not let branded content be private', 'Choose who may see it (--set tiktok.privacy=PUBLIC_TO_EVERYONE), or leave brandContent out.'));
  }
  if (options.coverAtMs !== undefined && options.coverAtMs * 1000 >= clip.durationUs) {
    findings.push(adjusted('cover.late', `The cover's time of ${options.coverAtMs} ms lies behind the end: TikTok takes the first frame`, 'Choose a time within the clip (tiktok.coverAtMs).'));
  }
  return findings;
}

function refused(rule: string, message: string, remedy: string): Finding {
  return { rule: `tiktok.${rule}`, severity: 'refused', message, remedy };
}

function adjusted(rule: string, message: string, remedy: string): Finding {
  return { rule: `tiktok.${rule}`, severity: 'adjusted', message, remedy };
}
