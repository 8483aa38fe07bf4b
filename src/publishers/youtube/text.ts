import type { Finding, PublishableClip } from '../publisher.js';
import type { YoutubeOptions } from './options.js';
import { shorten } from './shorten.js';

/** https://developers.google.com/youtube/v3/docs/videos, checked 2026-11-25. */
const maxTitleUnits = 100;
const maxDescriptionBytes = 5000;
const maxTagUnits = 500;
/** Beyond it YouTube heeds none of them (support.google.com/youtube/answer/6390658). */
const maxHashtags = 60;

/** The clip's text as YouTube takes it, and what had to be changed for that. */
export interface YoutubeText {
  title: string;
  description: string;
  tags: string[];
  findings: Finding[];
}

/**
 * "Characters" of a title are not defined by YouTube's pages. UTF-16 units are the strictest reading: whatever counts code points or
 * what people see as one letter counts no more.
 */
const titleUnits = (text: string): number => text.length;
const utf8Bytes = (text: string): number => Buffer.byteLength(text);

/** Between tags a comma counts, and around one with a space in it two quotation marks. */
export function tagUnits(tags: readonly string[]): number {
  return tags.reduce((sum, tag) => sum + tag.length + (/\s/u.test(tag) ? 2 : 0), Math.max(0, tags.length - 1));
}

/** Fits title, description and tags to YouTube's rules. */
export function youtubeText(clip: Pick<PublishableClip, 'title' | 'description' | 'hashtags'>, options: Pick<YoutubeOptions, 'tags'>): YoutubeText {
  const findings: Finding[] = [];
  const adjusted = (rule: string, message: string, remedy: string): void => void findings.push({ rule, severity: 'adjusted', message, remedy });

  const oneLine = wellFormed(clip.title).replace(/\s+/gu, ' ').trim();
  const plainTitle = withoutBrackets(oneLine);
  const title = shorten(plainTitle, maxTitleUnits, titleUnits);
  if (title === '') findings.push({ rule: 'youtube.title.empty', severity: 'refused', message: 'The title is empty', remedy: 'Give the clip a title in snvg review.' });
  if (plainTitle !== oneLine) adjusted('youtube.title.characters', 'YouTube takes no < and > in a title: they become ‹ and ›', 'Write the title without them.');
  if (title !== plainTitle) adjusted('youtube.title.length', `The title has ${titleUnits(plainTitle)} characters and YouTube takes ${maxTitleUnits}: it becomes “${title}”`, 'Write a shorter title in snvg review.');

  const written = wellFormed(clip.description).trim();
  const plainDescription = withoutBrackets(written);
  if (plainDescription !== written) adjusted('youtube.description.characters', 'YouTube takes no < and > in a description: they become ‹ and ›', 'Write the description without them.');
  const hashtags = unique(clip.hashtags.map(hashtag)).filter((tag) => tag !== '#');
  if (hashtags.length > maxHashtags) adjusted('youtube.hashtags.count', `YouTube heeds no hashtag when there are more than ${maxHashtags}: the first ${maxHashtags} are sent`, 'Use fewer hashtags.');
  const { description, shortened } = joined(plainDescription, hashtags.slice(0, maxHashtags));
  if (shortened) adjusted('youtube.description.length', `The description with its hashtags has ${utf8Bytes([plainDescription, ...hashtags].join('\n'))} bytes and YouTube takes ${maxDescriptionBytes}: it is shortened`, 'Write a shorter description in snvg review.');

  const wanted = unique([...options.tags.map(plainTag), ...hashtags.map((tag) => plainTag(tag.slice(1)))]).filter((tag) => tag !== '');
  const tags = fittingTags(wanted);
  if (tags.length < wanted.length) adjusted('youtube.tags.length', `The tags have ${tagUnits(wanted)} characters and YouTube takes ${maxTagUnits}: the first ${tags.length} of ${wanted.length} are sent`, 'Name fewer tags in platforms.youtube.tags.');
  return { title, description, tags, findings };
}

/** Half of a surrogate pair cannot be sent as UTF-8; control characters but the line end cannot be shown. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD').replace(/\r\n?/gu, '\n').replace(/[^\P{Cc}\n\t]/gu, '');
}

function withoutBrackets(text: string): string {
  return text.replaceAll('<', '‹').replaceAll('>', '›');
}

function hashtag(text: string): string {
  return `#${withoutBrackets(wellFormed(text)).replace(/^#+/u, '').replace(/\s+/gu, '')}`;
}

/** A comma would make two of it. */
function plainTag(text: string): string {
  return withoutBrackets(wellFormed(text)).replace(/[,"\s]+/gu, ' ').trim();
}

function unique(texts: readonly string[]): string[] {
  const seen = new Set<string>();
  return texts.filter((text) => {
    const folded = text.toLocaleLowerCase('en');
    return !seen.has(folded) && seen.add(folded);
  });
}

/** The hashtags stand at the end and are what is kept; one is never cut. */
function joined(text: string, hashtags: readonly string[]): { description: string; shortened: boolean } {
  const kept = [...hashtags];
  while (utf8Bytes(kept.join(' ')) > maxDescriptionBytes) kept.pop();
  const tail = kept.join(' ');
  const gap = text === '' || tail === '' ? '' : '\n\n';
  const head = shorten(text, maxDescriptionBytes - utf8Bytes(gap + tail), utf8Bytes);
  return { description: head === '' ? tail : head + gap + tail, shortened: head !== text || kept.length < hashtags.length };
}

function fittingTags(tags: readonly string[]): string[] {
  const kept: string[] = [];
  for (const tag of tags) {
    if (tagUnits([...kept, tag]) <= maxTagUnits) kept.push(tag);
  }
  return kept;
}
