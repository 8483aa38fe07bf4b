const ellipsis = '…';
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * The longest beginning of `text` that still fits with an ellipsis behind it. It ends at a word where that costs less than half, never
 * inside a letter with its marks or inside an emoji, and never inside a link. Unchanged when it fits.
 * `size` must not shrink as text grows.
 */
export function shorten(text: string, limit: number, size: (text: string) => number): string {
  if (size(text) <= limit) return text;
  const ends = Array.from(graphemes.segment(text), ({ index, segment }) => index + segment.length);
  let fitting = 0;
  for (let low = 0, high = ends.length; low < high; ) {
    const middle = (low + high) >> 1;
    const end = ends[middle] as number;
    if (size(text.slice(0, end) + ellipsis) <= limit) {
      fitting = end;
      low = middle + 1;
    } else high = middle;
  }
  const cut = wordEnd(text, fitting);
  const kept = text.slice(0, cut).replace(/[\s,;:–—-]+$/u, '');
  return kept === '' ? '' : kept + ellipsis;
}

/** Where the last whole word before `end` ends; `end` itself when the text has no such place near. */
function wordEnd(text: string, end: number): number {
  if (/\s/u.test(text[end] ?? ' ')) return end;
  const start = text.slice(0, end).search(/\S+$/u);
  if (start === -1) return end;
  const isLink = /^(?:https?:\/\/|www\.)/iu.test(text.slice(start));
  return start > 0 && (isLink || start >= end / 2) ? start : end;
}
