import { z } from 'zod';
import type { Word } from '../../../artifacts/schemas/speech.js';
import { SnvgError } from '../../../errors.js';
import { orderWords } from '../order-words.js';
import { parseShallowJson } from './caption-text.js';
import { isSpaced } from '../recogniser/languages.js';

const seconds = z.number().nonnegative();
/** Characters: a sentence where a language has no spaces; no word of any. */
const longestWord = 1_000;
const wordText = z.string().max(longestWord);
/** One word under the names that recognisers give its parts. WhisperX leaves times out where it could not align. */
const listedWord = z
  .object({ text: wordText.optional(), word: wordText.optional(), start: seconds.nullish(), end: seconds.nullish(), probability: z.number().nullish(), score: z.number().nullish(), confidence: z.number().nullish() })
  .refine((word) => (word.text ?? word.word) !== undefined, { error: 'has neither "text" nor "word"' });

/**
 * A word list: `{language?, words: [{text, start, end, confidence?}]}`, or the output of whisper and whisperX,
 * `{language?, segments: [{words: [{word, start, end, probability?}]}]}`. Times in seconds from the start of the source.
 */
const wordsFile = z.object({
  words: z.array(listedWord).optional(),
  segments: z.array(z.object({ words: z.array(listedWord) })).optional(),
});

type ListedWord = z.infer<typeof listedWord>;

/** Times may reach a little past the end: containers round. */
const slackUs = 2_000_000;

/**
 * Reads a word list.
 *
 * @param name what to call the file in an error
 * @param language decides whether words are spaced
 * @throws {SnvgError} CAPTIONS_INVALID when it is not such a list, is empty, or its times do not fit the source
 */
export function parseWordsFile(text: string, name: string, durationUs: number, language: string): Word[] {
  const parsed = wordsFile.safeParse(parseJson(text, name));
  if (!parsed.success) throw invalid(name, describeIssue(parsed.error));
  const { words: listed = [], segments = [] } = parsed.data;
  const all = [...listed, ...segments.flatMap((segment) => segment.words)];
  if (all.length === 0) throw invalid(name, 'it holds no words');
  const words = joinFragments(timed(all, name), isSpaced(language));
  const last = words.at(-1);
  if (last && last.endUs > durationUs + slackUs) {
    throw invalid(name, `its last word is at ${(last.endUs / 1e6).toFixed(1)}, the source is ${(durationUs / 1e6).toFixed(1)} s long (times are in seconds)`);
  }
  return orderWords(words);
}

function parseJson(text: string, name: string): unknown {
  const value = parseShallowJson(text);
  if (value === undefined) throw invalid(name, 'it is not JSON, or nested as no word list is');
  return value;
}

interface TimedText {
  /** With the spaces the file has. */
  text: string;
  startUs: number;
  endUs: number;
  confidence: number;
}

/** Checks the times and fills in missing ones: evenly between the neighbours that have some. */
function timed(listed: readonly ListedWord[], name: string): TimedText[] {
  const result: TimedText[] = [];
  for (let i = 0; i < listed.length; ) {
    const word = listed[i] as ListedWord;
    if (word.start != null && word.end != null) {
      if (word.end < word.start) throw invalid(name, `word ${i + 1} ("${textOf(word).trim()}") ends before it starts`);
      result.push({ text: textOf(word), startUs: Math.round(word.start * 1e6), endUs: Math.round(word.end * 1e6), confidence: confidenceOf(word) });
      i++;
      continue;
    }
    let next = i;
    while (next < listed.length && (listed[next]?.start == null || listed[next]?.end == null)) next++;
    const fromUs = result.at(-1)?.endUs;
    const toUs = listed[next]?.start == null ? undefined : Math.round((listed[next]?.start ?? 0) * 1e6);
    if (fromUs === undefined && toUs === undefined) throw invalid(name, 'no word has a start and an end');
    const count = next - i;
    const startUs = fromUs ?? Math.max(0, (toUs ?? 0) - count * 300_000);
    const endUs = Math.max(startUs, toUs ?? startUs + count * 300_000);
    for (let k = 0; k < count; k++) {
      const untimed = listed[i + k] as ListedWord;
      result.push({ text: textOf(untimed), startUs: Math.round(startUs + ((endUs - startUs) * k) / count), endUs: Math.round(startUs + ((endUs - startUs) * (k + 1)) / count), confidence: confidenceOf(untimed) });
    }
    i = next;
  }
  return result;
}

/**
 * Words as snvg keeps them. Some tools mark a new word by a leading space, others give bare words; in both, punctuation
 * and pieces such as "-Kanal." or "'s" belong to the word before.
 */
function joinFragments(pieces: readonly TimedText[], spaced: boolean): Word[] {
  const marksSpaces = pieces.slice(1).some(({ text }) => /^\s/u.test(text));
  const words: Word[] = [];
  for (const piece of pieces) {
    const text = piece.text.trim();
    if (text === '') continue;
    const last = words.at(-1);
    const bare = !/[\p{L}\p{N}]/u.test(text) && !/^[\p{Ps}\p{Pi}¿¡]/u.test(text);
    const fragment = spaced && (marksSpaces ? !/^\s/u.test(piece.text) : /^[-'’]\p{L}/u.test(text));
    if (last && (bare || fragment) && last.text.length + text.length <= longestWord) {
      last.text += text;
      last.endUs = Math.max(last.endUs, piece.endUs);
      last.confidence = Math.min(last.confidence, piece.confidence);
    } else words.push({ text, spaceBefore: spaced && words.length > 0, startUs: piece.startUs, endUs: piece.endUs, confidence: piece.confidence });
  }
  return words;
}

function textOf(word: ListedWord): string {
  return word.text ?? word.word ?? '';
}

function confidenceOf(word: ListedWord): number {
  return Math.min(1, Math.max(0, word.probability ?? word.score ?? word.confidence ?? 1));
}

function describeIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue ? `${issue.path.join('.') || 'the file'}: ${issue.message}` : 'it is not a word list';
}

function invalid(name: string, reason: string): SnvgError {
  return new SnvgError('CAPTIONS_INVALID', `${name} is not a usable word list: ${reason}`, 'Correct it (docs/captions.md shows the form), or rename it to have the sound recognised.');
}
