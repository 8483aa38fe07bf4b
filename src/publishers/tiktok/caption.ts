import type { PublishableClip } from '../publisher.js';

/** UTF-16 code units (Direct Post reference, checked 2026-11-25): an emoji of a family counts eleven. */
export const maxCaptionUnits = 2200;

/** A post's one text, and what had to be changed for it. */
export interface Caption {
  text: string;
  /** The description was shortened to make room. */
  shortened: boolean;
}

/**
 * Title, description and hashtags in one text, the description shortened between two characters as people see them when it does not
 * fit. Title and hashtags are never cut: when these alone are too long, so is the caption.
 */
export function captionOf(clip: Pick<PublishableClip, 'title' | 'description' | 'hashtags'>): Caption {
  const tags = clip.hashtags.map(hashtag).filter((tag) => tag !== '').join(' ');
  const title = clip.title.trim();
  const description = clip.description.trim();
  const join = (middle: string): string => [title, middle, tags].filter((part) => part !== '').join('\n\n');
  const whole = join(description);
  if (whole.length <= maxCaptionUnits || description === '') return { text: whole, shortened: false };
  const around = join('').length + (title !== '' || tags !== '' ? 2 : 0);
  return { text: join(shorten(description, maxCaptionUnits - around)), shortened: true };
}

/** TikTok ends a hashtag at the first space: words are drawn together. Nothing is left of a tag that is all signs. */
function hashtag(text: string): string {
  const word = text.replace(/^#+/, '').replace(/\s+/gu, '');
  return word === '' ? '' : `#${word}`;
}

function shorten(text: string, units: number): string {
  let kept = '';
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)) {
    if (kept.length + segment.length + 1 > units) break;
    kept += segment;
  }
  const trimmed = kept.trimEnd();
  return trimmed === '' ? '' : `${trimmed}…`;
}

/** Words in what people wrote as prose that TikTok makes links of: #hashtags and @mentions. */
export function linkedWords(text: string): string[] {
  return [...text.matchAll(/(?<=^|\s)[#@][\p{L}\p{M}\p{N}_.]+/gu)].map(([word]) => word.replace(/\.+$/, '')).filter((word) => word.length > 1);
}
