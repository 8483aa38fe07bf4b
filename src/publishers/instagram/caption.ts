import type { PublishableClip } from '../publisher.js';
import { captionLimits } from './limits.js';

/** Letters, marks, digits, underscores and pictures carry a hashtag on; anything else ends it. */
const hashtag = /[#＃][\p{L}\p{M}\p{N}_\p{Extended_Pictographic}]+/gu;
/** Not the middle of an e-mail address. */
const mention = /(?<![\p{L}\p{N}_.])@[A-Za-z0-9._]+/gu;

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });

export function countHashtags(text: string): number {
  return text.match(hashtag)?.length ?? 0;
}

export function countMentions(text: string): number {
  return text.match(mention)?.length ?? 0;
}

type Words = Pick<PublishableClip, 'title' | 'description' | 'hashtags'>;

/** The whole text a clip brings: title, description, hashtags, apart by empty lines. */
export function wholeCaption(words: Words): string {
  return joined(words.title, words.description, words.hashtags);
}

/**
 * The text as it is sent: hashtags beyond the limit are left out, then the description is shortened, and only when title and hashtags
 * alone are too long do they lose their ends. Counted in UTF-16 units; never cut inside a character as people see it.
 */
export function captionFor(words: Words): string {
  const { maxUnits, maxHashtags } = captionLimits;
  let tags = words.hashtags.slice(0, Math.max(0, maxHashtags - countHashtags(joined(words.title, words.description, []))));
  while (tags.length > 0 && joined(words.title, '', tags).length > maxUnits) tags = tags.slice(0, -1);
  const rest = joined(words.title, '', tags);
  if (rest.length > maxUnits) return shortened(words.title, maxUnits);
  const room = maxUnits - rest.length - (rest === '' ? 0 : 2);
  return joined(words.title, shortened(words.description, room), tags);
}

function joined(title: string, description: string, tags: readonly string[]): string {
  return [title.trim(), description.trim(), tags.join(' ')].filter((part) => part !== '').join('\n\n');
}

/** At most `room` UTF-16 units, with an ellipsis where something is missing, preferably after a whole word. */
function shortened(text: string, room: number): string {
  const whole = text.trim();
  if (whole.length <= room) return whole;
  let end = 0;
  let lastGap = 0;
  for (const { segment, index } of graphemes.segment(whole)) {
    if (index + segment.length > room - 1) break;
    end = index + segment.length;
    if (/^\s+$/u.test(segment)) lastGap = index;
  }
  // A cut back to the last gap only where that costs little: some scripts have no gaps.
  const cut = whole.slice(0, lastGap > end * 0.8 ? lastGap : end).trimEnd();
  return cut === '' ? '' : `${withoutOpenTag(cut, whole)}…`;
}

/** A hashtag that the cut went through would be another hashtag. */
function withoutOpenTag(cut: string, whole: string): string {
  const open = /[#＃@][\p{L}\p{M}\p{N}_.\p{Extended_Pictographic}]*$/u.exec(cut);
  const goesOn = /^[\p{L}\p{M}\p{N}_.\p{Extended_Pictographic}]/u.test(whole.slice(cut.length));
  return open && goesOn ? cut.slice(0, open.index).trimEnd() : cut;
}
