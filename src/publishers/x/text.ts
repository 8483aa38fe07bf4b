import type { PublishableClip } from '../publisher.js';
import { maxWeight, weightOf } from './weight.js';

/** A post's text and what had to be left out for it. */
export interface ComposedText {
  text: string;
  /** Parts that were shortened or dropped, in words for people. */
  adjusted: ('description shortened' | 'description left out' | 'hashtags left out' | 'title shortened')[];
}

type Parts = { title: string; description: string; hashtags: readonly string[] };

const words = new Intl.Segmenter('en', { granularity: 'word' });
const characters = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * Fills the template and makes it fit: first the description gets shorter at a word, then it goes; then hashtags go from the last;
 * then the title gets shorter. The result may still be too long when the template's own words are.
 */
export function composeText(clip: Pick<PublishableClip, 'title' | 'description' | 'hashtags'>, template: string): ComposedText {
  const parts: Parts = { title: clean(clip.title), description: clean(clip.description), hashtags: clip.hashtags.map(clean).filter((tag) => tag !== '') };
  const whole = fill(template, parts);
  if (fits(whole)) return { text: whole, adjusted: [] };
  const description = longest(parts.description, (shorter) => fits(fill(template, { ...parts, description: shorter })));
  if (description !== '') return { text: fill(template, { ...parts, description }), adjusted: ['description shortened'] };
  const adjusted: ComposedText['adjusted'] = parts.description === '' || !template.includes('{description}') ? [] : ['description left out'];
  const bare = { ...parts, description: '' };
  for (let kept = parts.hashtags.length; kept >= 0; kept -= 1) {
    const text = fill(template, { ...bare, hashtags: parts.hashtags.slice(0, kept) });
    if (fits(text)) return { text, adjusted: kept === parts.hashtags.length ? adjusted : [...adjusted, 'hashtags left out'] };
  }
  if (parts.hashtags.length > 0 && template.includes('{hashtags}')) adjusted.push('hashtags left out');
  const title = longest(parts.title, (shorter) => fits(fill(template, { title: shorter, description: '', hashtags: [] })));
  return { text: fill(template, { title, description: '', hashtags: [] }), adjusted: [...adjusted, 'title shortened'] };
}

/** Empty parts take their empty lines with them. */
function fill(template: string, parts: Parts): string {
  const values: Record<string, string> = { title: parts.title, description: parts.description, hashtags: parts.hashtags.join(' ') };
  return template
    .replace(/\{(title|description|hashtags)\}/g, (_, name: string) => values[name] ?? '')
    .normalize('NFC')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

function fits(text: string): boolean {
  return weightOf(text) <= maxWeight;
}

/** Without characters that X refuses (byte order marks, non-characters) and other control characters than line ends. */
function clean(text: string): string {
  return text
    .replace(/\r\n?|\u2028|\u2029/g, '\n')
    .replace(/\t/g, ' ')
    .replace(/(?!\n)\p{Cc}|[\uFEFF\uFFFE\uFFFF]/gu, '')
    .replace(/\p{Surrogate}/gu, '')
    .normalize('NFC')
    .trim();
}

/**
 * The longest beginning that passes, cut at a word, with an ellipsis; within a word only when not even one word passes. Empty when
 * nothing does.
 */
function longest(text: string, passes: (shorter: string) => boolean): string {
  const atWord = longestCut(text, wordEnds(text), passes);
  if (atWord !== '') return atWord;
  const ends = [...characters.segment(text.slice(0, 10 * maxWeight))].slice(0, maxWeight).map(({ index, segment }) => index + segment.length);
  return longestCut(text, ends, passes);
}

/** By halves: what follows a beginning never makes it lighter, as no cut lies within an address. */
function longestCut(text: string, cuts: readonly number[], passes: (shorter: string) => boolean): string {
  const shortened = (count: number): string => `${text.slice(0, cuts[count - 1]).replace(/[\s\p{Pd}\p{Po}]+$/u, '')}…`;
  let fitting = 0;
  let tooMany = cuts.length + 1;
  while (tooMany - fitting > 1) {
    const middle = Math.floor((fitting + tooMany) / 2);
    if (passes(shortened(middle))) fitting = middle;
    else tooMany = middle;
  }
  const best = fitting === 0 ? '' : shortened(fitting);
  return best === '…' ? '' : best;
}

/** Ends of words, but none within an address, which would then lead elsewhere. */
function wordEnds(text: string): number[] {
  const addresses = [...text.matchAll(/\S*[./:]\S+/g)].map((match) => ({ start: match.index, end: match.index + match[0].length }));
  const ends = [...words.segment(text)].filter(({ isWordLike }) => isWordLike).map(({ index, segment }) => index + segment.length);
  const outside = ends.filter((end) => !addresses.some((address) => end > address.start && end < address.end));
  return [...new Set([...outside, ...addresses.map(({ end }) => end)])].toSorted((first, second) => first - second);
}
