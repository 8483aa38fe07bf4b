import { countDevice } from '../../text/rhetoric.js';
import { hashtagOf, keyPhrases } from '../../text/key-phrases.js';
import { displayWidth, shorten } from '../../text/shorten.js';
import type { Background } from './score/background.js';
import type { Line } from './talk.js';

export interface Description {
  title: string;
  description: string;
  hashtags: string[];
}

/** Columns; a full-width letter takes two. */
const titleColumns = 60;
/** A whole sentence is better than a shortened one, up to this. */
const wholeTitleColumns = 70;
const descriptionColumns = 220;
const hashtagCount = 4;

/** Leading words that lean on what came before or only fill: a title does without them. */
const leads: Readonly<Record<string, RegExp>> = {
  en: /^(?:(?:and|so|but|or|well|now|okay|ok|yes|yeah|no|right|honestly|exactly|also|then|sorry|thank you|um|uh)\b[\s,.!…]*)+(?=\p{L})/iu,
  ja: /^(?:(?:でも|そして|しかし|では|それで|だから|ですから|また|まず|はい|えーと|えっと|あの|さて|じゃあ)[、，\s]*)+/u,
  de: /^(?:(?:und|aber|also|ja|nein|nun|denn|äh)\b[\s,.!…]*)+/iu,
  fr: /^(?:(?:et|mais|donc|alors|oui|non|euh|bon)\b[\s,.!…]*)+/iu,
  es: /^(?:(?:y|pero|entonces|pues|bueno|sí|no)\b[\s,.!…]*)+/iu,
  it: /^(?:(?:e|ma|allora|quindi|sì|no|beh)\b[\s,.!…]*)+/iu,
  pt: /^(?:(?:e|mas|então|pois|bem|sim|não)\b[\s,.!…]*)+/iu,
};

/**
 * Title, description and hashtags of a clip, each taken from its own words: the title is one of its sentences (or the
 * beginning of one), never a promise that the clip does not hold. Unicode NFC.
 */
export function describe(lines: readonly Line[], background: Background): Description {
  const best = lines.map((line, at) => ({ line, points: titlePoints(line, at, lines.length) })).reduce((top, next) => (next.points > top.points ? next : top)).line;
  const title = titleOf(best);
  return { title, description: descriptionOf(lines, best), hashtags: hashtagsOf(lines, background) };
}

function titlePoints(line: Line, at: number, count: number): number {
  const { text, language } = line;
  const columns = displayWidth(titleOf(line, Number.POSITIVE_INFINITY));
  return (
    (line.question ? (at === 0 ? 5 : 2) : 0) +
    (at === 0 ? 2 : 0) +
    (at >= Math.ceil(count * 0.7) ? -1 : 0) +
    Math.min(4, countDevice('strong', text, language) + 2 * countDevice('contrast', text, language) + countDevice('numbers', text, language)) +
    Math.min(3, line.content.length) +
    (columns <= wholeTitleColumns ? 3 : -2) +
    (columns < 16 ? -4 : 0) -
    (line.opening?.kind === 'hard' ? 2 : line.opening?.kind === 'soft' ? 3 : 0) -
    3 * line.fillers -
    (line.retake ? 12 : 0) -
    (line.fragment.start || line.fragment.end ? 4 : 0) -
    4 * countDevice('housekeeping', text, language)
  );
}

function titleOf(line: Line, columns = titleColumns): string {
  const text = line.text.normalize('NFC').replaceAll(/\s+/gu, ' ').trim();
  const lead = leads[line.language]?.exec(text)?.[0] ?? '';
  const bare = (lead.length < text.length / 2 ? text.slice(lead.length) : text).replace(/(?<!\.)[.。．,、;；]+$/u, '');
  const whole = paired(bare);
  const title = displayWidth(whole) <= wholeTitleColumns ? whole : shorten(whole, columns, line.language);
  return title.slice(0, 1).toLocaleUpperCase(line.language) + title.slice(1);
}

/** The text without its quotation marks when a quotation begins or ends outside it. */
function paired(text: string): string {
  const count = (pattern: RegExp): number => [...text.matchAll(pattern)].length;
  const whole = count(/"/gu) % 2 === 0 && count(/[“„«「『]/gu) === count(/[”»」』]/gu);
  return whole ? text : text.replaceAll(/["“”«»„「」『』]/gu, '');
}

/** The best sentence that is not the title, with the one after it where both fit. */
function descriptionOf(lines: readonly Line[], title: Line): string {
  const useful = lines.filter((line) => line !== title && line.retake === null && line.content.length > 0 && countDevice('housekeeping', line.text, line.language) === 0);
  if (useful.length === 0) return tidy(title.text, title.language);
  const best = useful.reduce((top, next) => (tellingPoints(next) > tellingPoints(top) && displayWidth(next.text) <= descriptionColumns ? next : top));
  const follows = useful.find((line) => line.index === best.index + 1);
  const gap = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u.test(best.text) ? '' : ' ';
  const pair = follows ? best.text + gap + follows.text : best.text;
  return tidy(displayWidth(pair) <= descriptionColumns ? pair : best.text, best.language);
}

/** NFC, whole quotations, and an ellipsis where the sentence goes on. */
function tidy(text: string, language: string): string {
  return shorten(paired(text.normalize('NFC')).replace(/[,;:、，；：]$/u, '…'), descriptionColumns, language);
}

function tellingPoints({ text, language, content, opening, fragment }: Line): number {
  return content.length + countDevice('strong', text, language) + countDevice('numbers', text, language) - (opening ? 3 : 0) - (fragment.start ? 4 : 0);
}

function hashtagsOf(lines: readonly Line[], background: Background): string[] {
  const { language } = lines[0]!;
  const text = lines
    .filter((line) => line.retake === null && countDevice('housekeeping', line.text, line.language) === 0)
    .map((line) => line.text)
    .join(' ');
  const phrases = keyPhrases(text, language, (stem) => (background.rarity.get(stem) ?? background.meanRarity) ** 0.5, 2 * hashtagCount);
  const top = phrases[0]?.weight ?? 0;
  const tags = phrases.filter((phrase) => phrase.weight >= 0.4 * top).map(hashtagOf);
  return [...new Set(tags.filter((tag) => tag !== null))].slice(0, hashtagCount);
}
